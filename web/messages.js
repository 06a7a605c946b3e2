/**
 * What the page says, in French and in English.
 *
 * French typography: a no-break space stands before ? ! : ; and inside « ».
 */

/** @param {number} n @param {string} one @param {string} many */
const count = (n, one, many) => `${n.toLocaleString("fr")}\u00a0${n < 2 ? one : many}`;

/** @param {number} n @param {string} one @param {string} many */
const countEnglish = (n, one, many) => `${n.toLocaleString("en")}\u00a0${n === 1 ? one : many}`;

const fr = {
  /** Texts of the static markup, by the value of `data-text`. @type {Record<string, string>} */
  markup: {
    skip: "Aller à la question",
    heading: "Une question sur le cours\u00a0?",
    course: "Cours",
    question: "Votre question",
    placeholder: "Par exemple\u00a0: à quoi sert cette notion\u00a0?",
    keys: "Entrée pour envoyer, Maj\u00a0+\u00a0Entrée pour aller à la ligne",
    send: "Demander",
    afresh: "Nouvelle conversation",
    promise:
      "Repère répond avec les mots du cours et montre, pour chaque phrase, l’endroit exact d’où elle vient. Quand le cours ne répond pas, il le dit.",
    suggestions: "Pour commencer",
    newTab: "S’ouvre dans un nouvel onglet",
  },
  /** @param {string} title @param {number} documents @param {number} sections */
  courseLine: (title, documents, sections) =>
    `${title} · ${count(documents, "document", "documents")}, ${count(sections, "section", "sections")}`,
  /** @param {number} left */
  charactersLeft: (left) => count(left, "caractère restant", "caractères restants"),
  answer: "Réponse",
  searching: "Recherche dans le cours…",
  starting: "Repère démarre…",
  startingDetail: "La réponse viendra d’elle-même, il n’y a rien à faire.",
  notInMaterial: "Le cours n’en parle pas",
  sectionEmpty: "Section encore vide",
  sectionsToRead: "Sections à lire",
  empty: "(vide)",
  /** @param {string} question */
  resultsFor: (question) => `Résultats pour «\u00a0${question}\u00a0»`,
  /** @param {string} question */
  understoodAs: (question) => `Question comprise\u00a0: «\u00a0${question}\u00a0»`,
  goOn: "Posez une question, ou la suite de la précédente",
  sources: "Sources",
  /** @param {number} number @param {string} place */
  source: (number, place) => `Source ${number}\u00a0: ${place}`,
  open: "Ouvrir à cet endroit",
  /** @param {number} number @param {string} place */
  openSource: (number, place) => `Ouvrir à cet endroit, source ${number}\u00a0: ${place}`,
  /** @param {number} start @param {number} end */
  lines: (start, end) => (start === end ? `ligne\u00a0${start}` : `lignes\u00a0${start}–${end}`),
  /** @param {number} page */
  page: (page) => `page\u00a0${page}`,
  retry: "Réessayer",
  failed: "La question n’a pas pu être traitée",
  refused: "Écrivez au moins un mot, et pas plus de 2\u00a0000 caractères.",
  /** @param {number} status */
  unexpected: (status) => `Le service a répondu par une erreur (${status}). Réessayez dans un instant.`,
  offline: "Repère est injoignable",
  offlineDetail: "Vérifiez votre connexion, puis réessayez.",
  notReady: "Repère n’a pas fini de démarrer",
  notReadyDetail: "C’est plus long que d’habitude. Réessayez dans quelques minutes.",
  noCourse: "Aucun cours n’est ouvert ici",
  noCourseDetail: "Si vous veniez d’un lien, demandez à votre enseignant de vérifier l’accès.",
  unknownCourse: "Ce cours n’est pas ouvert ici",
  /** @param {string} course */
  unknownCourseDetail: (course) =>
    `Le lien suivi désigne le cours «\u00a0${course}\u00a0», qui n’existe pas ou ne vous est pas ouvert.`,
};

/** @typedef {typeof fr} Messages */

/** @type {Messages} */
const en = {
  markup: {
    skip: "Skip to the question",
    heading: "A question about the course?",
    course: "Course",
    question: "Your question",
    placeholder: "For example: what is this notion for?",
    keys: "Enter to send, Shift\u00a0+\u00a0Enter for a new line",
    send: "Ask",
    afresh: "New conversation",
    promise:
      "Repère answers in the words of the course and shows, for every sentence, the exact place it comes from. When the course does not answer, it says so.",
    suggestions: "To begin with",
    newTab: "Opens in a new tab",
  },
  courseLine: (title, documents, sections) =>
    `${title} · ${countEnglish(documents, "document", "documents")}, ${countEnglish(sections, "section", "sections")}`,
  charactersLeft: (left) => countEnglish(left, "character left", "characters left"),
  answer: "Answer",
  searching: "Searching the course…",
  starting: "Repère is starting…",
  startingDetail: "The answer will come by itself, there is nothing to do.",
  notInMaterial: "The course does not cover this",
  sectionEmpty: "Section still empty",
  sectionsToRead: "Sections to read",
  empty: "(empty)",
  resultsFor: (question) => `Results for “${question}”`,
  understoodAs: (question) => `Understood as: “${question}”`,
  goOn: "Ask a question, or go on from the last one",
  sources: "Sources",
  source: (number, place) => `Source ${number}: ${place}`,
  open: "Open at this place",
  openSource: (number, place) => `Open at this place, source ${number}: ${place}`,
  lines: (start, end) => (start === end ? `line\u00a0${start}` : `lines\u00a0${start}–${end}`),
  page: (page) => `page\u00a0${page}`,
  retry: "Try again",
  failed: "The question could not be handled",
  refused: "Write at least a word, and no more than 2,000 characters.",
  unexpected: (status) => `The service answered with an error (${status}). Try again in a moment.`,
  offline: "Repère cannot be reached",
  offlineDetail: "Check your connection, then try again.",
  notReady: "Repère has not finished starting",
  notReadyDetail: "This is longer than usual. Try again in a few minutes.",
  noCourse: "No course is open here",
  noCourseDetail: "If you followed a link, ask your teacher to check the access.",
  unknownCourse: "This course is not open here",
  unknownCourseDetail: (course) =>
    `The link names the course “${course}”, which does not exist or is not open to you.`,
};

/** The first catalogue the reader's browser asks for; French when it asks for neither. */
export const language =
  navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag === "fr" || tag === "en") ?? "fr";

export const messages = language === "en" ? en : fr;
