/**
 * One question and its answer, as it stands.
 *
 * @typedef {import("./api.js").Answer} Answer
 * @typedef {import("./api.js").Citation} Citation
 * @typedef {import("./api.js").Place} Place
 * @typedef {import("./api.js").RelatedSection} RelatedSection
 * @typedef {import("./api.js").Sentence} Sentence
 * @typedef {import("./api.js").Trouble} Trouble
 * @typedef {import("./conversation.js").Asked} Asked
 * @typedef {import("./texts.js").Texts} Texts
 * @typedef {Pick<import("./api.js").Course, "language" | "url">} KnownCourse
 * @typedef {{texts: Texts, course: () => KnownCourse, open: (place: Place, label: string, opener: HTMLElement) => void,
 *   again: (asked: Asked) => void, ask: (question: string) => void,
 *   rate: (id: string, rating: "up" | "down" | "missing", reason: string) => Promise<void>}} Acts
 */

import { blocks } from "./blocks.js";
import { button, copy, element, icon, iconButton, link, unbroken } from "./dom.js";

/** The citation that each chip stands for. @type {WeakMap<Element, Citation>} */
export const cited = new WeakMap();

/** @param {Asked} asked @param {Acts} acts */
export function turnNode(asked, acts) {
  const turn = element("article", { class: "turn" });
  showTurn(turn, asked, acts);
  return turn;
}

/** @param {HTMLElement} turn @param {Asked} asked @param {Acts} acts */
export function showTurn(turn, asked, acts) {
  const { texts } = acts;
  const { trouble } = asked;
  const waiting = asked.state === "asking" && trouble ? waitingFor(trouble, texts) : "";
  if (waiting && turn.dataset["waiting"] === waiting) return countDown(turn, trouble);
  turn.dataset["waiting"] = waiting;
  const question = element("h3", { class: "asked" }, element("span", { class: "hidden" }, `${texts.you} `), element("bdi", {}, asked.question));
  /** @type {Node[]} */
  const parts = [question, ...readAs(asked, acts)];
  if (asked.progress?.status === "answered") parts.push(answerNode(asked, acts));
  else if (asked.answer) parts.push(refusalNode(asked.answer, acts));
  parts.push(...stateNodes(asked, acts));
  turn.dataset["state"] = asked.state;
  turn.setAttribute("aria-busy", `${asked.state === "asking"}`);
  turn.replaceChildren(...parts);
  countDown(turn, trouble);
}

/** Seen alone: a screen reader is told once why it takes so long, not every second. @param {HTMLElement} turn @param {Trouble | null} trouble */
function countDown(turn, trouble) {
  const place = turn.querySelector(".seconds");
  if (place && trouble?.seconds) place.textContent = ` (${trouble.seconds}\u00a0s)`;
}

/** What a screen reader is told of a finished turn. @param {Asked} asked @param {Texts} texts */
export function spoken(asked, texts) {
  if (asked.state === "stopped") return texts.stopped;
  if (!asked.answer) return "";
  const said = asked.sentences.length > 0 ? asked.sentences.map((sentence) => sentence.text).join(" ") : asked.answer.answer;
  return `${titleOf(asked.answer, texts) ?? texts.answer}. ${said}`;
}

/** "Concepts › Conteneur Docker", or the document's title above its first heading. @param {string[]} path @param {string} title */
export const placeName = (path, title) => (path.length > 0 ? path.join(" › ") : title);

/** @param {Asked} asked @param {Acts} acts */
function readAs({ question, progress }, { texts }) {
  if (!progress) return [];
  const { correction, standalone_question: standalone } = progress;
  const said = [];
  if (correction) said.push(texts.correctedTo(correction.to));
  // Leaving a greeting out is no news.
  if (!(correction?.to ?? question).includes(standalone)) said.push(texts.readAs(standalone));
  return said.map((text) => element("p", { class: "read-as" }, unbroken(text)));
}

/** @param {Asked} asked @param {Acts} acts */
function answerNode(asked, acts) {
  const { texts } = acts;
  const byNumber = new Map(asked.citations.map((citation) => [citation.number, citation]));
  const first = (/** @type {Sentence} */ sentence) => byNumber.get(sentence.citations?.[0] ?? 0);
  const chips = (/** @type {Sentence} */ sentence) => {
    const nodes = document.createDocumentFragment();
    for (const number of sentence.citations ?? []) {
      const citation = byNumber.get(number);
      if (citation) nodes.append("\u2060", chip(citation, acts));
    }
    return nodes;
  };
  const placeOf = (/** @type {Sentence} */ sentence) => {
    const citation = first(sentence);
    return citation ? placeName(citation.heading_path, citation.document_title) : "";
  };
  const attributes = { class: "text", lang: asked.answer?.language ?? acts.course().language };
  return element("div", attributes, blocks(asked.sentences, { texts, after: chips, placeOf }));
}

/** @param {Citation} citation @param {Acts} acts */
function chip(citation, { texts, open }) {
  const label = texts.source(citation.number, placeName(citation.heading_path, citation.document_title));
  const node = button("chip", () => open(citation, label, node), `${citation.number}`);
  node.setAttribute("aria-label", label);
  cited.set(node, citation);
  return node;
}

/** @param {Answer} answer @param {Texts} texts */
function titleOf(answer, texts) {
  if (answer.status === "not_in_material") return texts.notInMaterial;
  return answer.status === "section_empty" ? texts.sectionEmpty : null;
}

/** @param {Answer} answer @param {Acts} acts */
function refusalNode(answer, acts) {
  const { texts } = acts;
  const title = titleOf(answer, texts);
  const said = element("p", { lang: answer.language, dir: "auto" }, unbroken(answer.answer));
  if (!title) return element("div", { class: "text" }, said);
  const card = element("div", { class: "refusal" }, element("h4", {}, icon("none"), title), said);
  if (answer.related_sections.length > 0) {
    const list = element("ul", {}, ...answer.related_sections.map((section) => relatedItem(section, answer, acts)));
    card.append(element("h5", {}, texts.sectionsToRead), list);
  }
  const told = element("p", { role: "status" });
  const say = async () => {
    told.textContent = await acts.rate(answer.id, "missing", "").then(() => texts.missingSaid, () => texts.feedbackFailed);
  };
  card.append(button("quiet", say, texts.missing), told);
  return card;
}

/** A link that opens the section here, or in a new tab where that is asked for. @param {RelatedSection} section @param {Answer} answer @param {Acts} acts */
function relatedItem(section, answer, { texts, open }) {
  const place = placeName(section.heading_path, section.document_id);
  const node = link(section.url, { lang: answer.language }, place);
  node.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(section, place, node);
  });
  return element("li", {}, node, ...(section.is_empty ? [` ${texts.empty}`] : []));
}

/** @param {Asked} asked @param {Acts} acts @returns {Node[]} */
function stateNodes(asked, acts) {
  const { texts } = acts;
  if (asked.state === "asking") {
    return asked.trouble
      ? [element("p", { class: "notice", role: "alert" }, waitingFor(asked.trouble, texts), seconds())]
      : [element("p", { class: "waiting" }, element("span", {}, texts.searching))];
  }
  if (asked.state === "stopped") return [element("p", { class: "notice" }, texts.stopped), retry(asked, acts)];
  if (asked.state === "failed") {
    const trouble = element("p", { class: "notice trouble", role: "alert" }, failure(asked.trouble?.status ?? 0, texts));
    return asked.trouble?.passes === false ? [trouble] : [trouble, retry(asked, acts)];
  }
  return [...outdated(asked, acts), ...actions(asked, acts)];
}

const seconds = () => element("span", { class: "seconds", "aria-hidden": "true" });

/** @param {Trouble} trouble @param {Texts} texts */
export function waitingFor(trouble, texts) {
  if (!navigator.onLine) return texts.offline;
  if (trouble.status === 429) return texts.limited;
  return trouble.status === 503 ? texts.starting : texts.unreachable;
}

/** @param {number} status @param {Texts} texts */
export function failure(status, texts) {
  /** @type {Record<number, string>} */
  const said = { 401: texts.forbidden, 403: texts.forbidden, 404: texts.noCourse, 413: texts.tooLong, 422: texts.tooLong };
  return said[status] ?? (status === 0 || status >= 500 ? texts.gaveUp : texts.failed);
}

/** @param {Asked} asked @param {Acts} acts */
function retry(asked, { texts, again }) {
  return button("quiet", () => again(asked), texts.retry);
}

/** An answer that was read again and whose documents have changed since. @param {Asked} asked @param {Acts} acts */
function outdated(asked, { texts, ask }) {
  if (!asked.cited.some((citation) => citation.document_changed)) return [];
  return [element("p", { class: "notice" }, texts.answerOutdated), button("quiet", () => ask(asked.question), texts.askAgain)];
}

/** @param {Asked} asked @param {Acts} acts @returns {Node[]} */
function actions(asked, acts) {
  const { answer } = asked;
  const { texts } = acts;
  if (!answer || answer.status === "small_talk") return [];
  const bar = element("div", { class: "actions" });
  const { url } = acts.course();
  // Where not everybody may open the course's page, it is no place to send anybody.
  if (url) bar.append(link(`${url}?${new URLSearchParams({ q: answer.standalone_question })}`, { class: "quiet", "aria-label": texts.sameQuestion, title: texts.sameQuestion }, icon("link")));
  if (answer.status !== "answered") return [bar];
  const copying = iconButton("", "copy", texts.copyAnswer, async () => {
    const said = await copy(withReferences(answer, texts), bar).then(() => texts.copied, () => texts.copyFailed);
    copying.replaceChildren(icon(said === texts.copied ? "done" : "copy"));
    copying.setAttribute("aria-label", said);
    setTimeout(() => {
      copying.replaceChildren(icon("copy"));
      copying.setAttribute("aria-label", texts.copyAnswer);
    }, 2000);
  });
  bar.prepend(copying);
  bar.append(...opinion(answer, acts));
  return [bar];
}

/** @param {Answer} answer @param {Acts} acts @returns {Node[]} */
function opinion(answer, acts) {
  const { texts } = acts;
  const place = element("div", { class: "opinion" });
  const told = element("p", { role: "status" });
  /** @param {"up" | "down"} rating @param {HTMLElement} pressed */
  const give = async (rating, pressed) => {
    if (!(await send(rating, ""))) return place.replaceChildren();
    for (const thumb of thumbs) thumb.setAttribute("aria-pressed", `${thumb === pressed}`);
    place.replaceChildren(reasonForm(rating, pressed));
  };
  const thumbs = [
    iconButton("thumb", "up", texts.up, () => void give("up", /** @type {HTMLElement} */ (thumbs[0]))),
    iconButton("thumb", "down", texts.down, () => void give("down", /** @type {HTMLElement} */ (thumbs[1]))),
  ];
  for (const thumb of thumbs) thumb.setAttribute("aria-pressed", "false");
  /** @param {"up" | "down"} rating @param {string} reason */
  const send = (rating, reason) =>
    acts.rate(answer.id, rating, reason).then(
      () => ((told.textContent = texts.thanks), true),
      () => ((told.textContent = texts.feedbackFailed), false),
    );
  /** @param {"up" | "down"} rating @param {HTMLElement} pressed */
  const reasonForm = (rating, pressed) => {
    const field = element("input", { type: "text", maxlength: "1000", "aria-label": texts.why, placeholder: texts.why });
    const form = element("form", {}, field, element("button", { class: "quiet" }, texts.send));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!(await send(rating, field.value.trim()))) return;
      form.remove();
      pressed.focus();
    });
    return form;
  };
  return [...thumbs, told, place];
}

/** The answer as text, its numbers explained below it. @param {Answer} answer @param {Texts} texts */
function withReferences(answer, texts) {
  const references = answer.citations.map((citation) => {
    const place = [citation.document_title, ...citation.heading_path].join(" › ");
    return `[${citation.number}] ${place}\n    « ${citation.quote.replace(/\s+/g, " ")} »\n    ${citation.url}`;
  });
  return [answer.question, answer.answer, `${texts.sources}\n${references.join("\n")}`].join("\n\n");
}
