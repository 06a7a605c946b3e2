/**
 * An answer as DOM nodes: its sentences with their citation numbers, its sources, or why there are none.
 *
 * @typedef {import("./api.js").Answer} Answer
 * @typedef {import("./api.js").Citation} Citation
 * @typedef {import("./api.js").RelatedSection} RelatedSection
 * @typedef {import("./api.js").Sentence} Sentence
 * @typedef {{kind: string, group: number, place: string, sentences: Sentence[]}} Block
 */

import { messages } from "./messages.js";
import { element, placeOf, sourceLink, unbroken } from "./text.js";

const WORD_JOINER = "\u2060";

/** @param {Answer} answer */
export function answerCard(answer) {
  const lang = answer.language ?? "fr";
  const card = element("article", { class: `card ${answer.status}` });
  /** @type {Partial<Record<Answer["status"], string>>} */
  const titles = { not_in_material: messages.notInMaterial, section_empty: messages.sectionEmpty };
  const title = titles[answer.status];
  card.append(title ? element("h2", {}, title) : element("h2", { class: "hidden" }, messages.answer));
  if (answer.correction) card.append(readAs(messages.resultsFor(answer.correction.to)));
  if (leansOnEarlier(answer)) card.append(readAs(messages.understoodAs(answer.standalone_question)));
  if (answer.status === "answered") {
    const citations = new Map(answer.citations.map((citation) => [citation.number, citation]));
    const text = element("div", { class: "text", lang });
    for (const block of blocks(answer.sentences, citations)) text.append(blockNode(block, citations));
    card.append(text);
  } else {
    card.append(element("p", { class: "said", lang }, unbroken(answer.answer)));
    if (answer.related_sections.length > 0) card.append(relatedList(answer.related_sections));
  }
  return card;
}

/** Whether the question was read with those before it; leaving a greeting out is no news. @param {Answer} answer */
export function leansOnEarlier(answer) {
  const spelt = answer.correction?.to ?? answer.question;
  return !spelt.includes(answer.standalone_question);
}

/** @param {string} text */
function readAs(text) {
  return element("p", { class: "read-as" }, unbroken(text));
}

/** The numbered sources, or nothing. @param {Citation[]} citations @param {string} language of the quotes */
export function sourceList(citations, language) {
  if (citations.length === 0) return document.createDocumentFragment();
  const list = element("ol", { class: "sources" });
  for (const citation of citations) list.append(sourceItem(citation, language));
  const title = element("h2", { id: "sources-title" }, messages.sources);
  return element("section", { "aria-labelledby": "sources-title" }, title, list);
}

/**
 * Sentences grouped as the material groups them: by paragraph, list, table or block of code of one section.
 *
 * @param {Sentence[]} sentences
 * @param {Map<number, Citation>} citations
 * @returns {Block[]}
 */
function blocks(sentences, citations) {
  /** @type {Block[]} */
  const found = [];
  for (const sentence of sentences) {
    const first = citations.get(sentence.citations[0] ?? 0);
    const place = first ? placeOf(first.heading_path, first.document_title) : "";
    const last = found.at(-1);
    if (last && last.place === place && last.kind === sentence.kind && last.group === sentence.group) {
      last.sentences.push(sentence);
    } else {
      found.push({ kind: sentence.kind, group: sentence.group, place, sentences: [sentence] });
    }
  }
  return found;
}

/** @param {Block} block @param {Map<number, Citation>} citations */
function blockNode(block, citations) {
  if (block.kind === "code") return codeNode(block, citations);
  if (block.kind === "list") return listNode(block, citations);
  if (block.kind === "table") return tableNode(block, citations);
  const paragraph = element("p");
  for (const sentence of block.sentences) addSentence(paragraph, sentence, citations);
  return paragraph;
}

/** @param {HTMLElement} node @param {Sentence} sentence @param {Map<number, Citation>} citations */
function addSentence(node, sentence, citations) {
  if (node.hasChildNodes()) node.append(" ");
  node.append(unbroken(sentence.text), references(sentence, citations));
}

/** @param {Block} block @param {Map<number, Citation>} citations */
function codeNode(block, citations) {
  const figure = element("figure", { class: "code" });
  for (const sentence of block.sentences) {
    const code = element("code", {}, sentence.text);
    const pre = element("pre", { tabindex: "0", role: "group", "aria-label": block.place }, code);
    figure.append(pre, element("figcaption", {}, references(sentence, citations)));
  }
  return figure;
}

/** One item for the sentences of each item of the material. @param {Block} block @param {Map<number, Citation>} citations */
function listNode(block, citations) {
  const list = element("ul");
  let item = element("li");
  let shown = -1;
  for (const sentence of block.sentences) {
    if (sentence.block !== shown) list.append((item = element("li")));
    shown = sentence.block;
    addSentence(item, sentence, citations);
  }
  return list;
}

/** Rows of a table; the service parts cells with a bar. @param {Block} block @param {Map<number, Citation>} citations */
function tableNode(block, citations) {
  const table = element("table");
  for (const sentence of block.sentences) {
    const cells = sentence.text.split(" | ").map((cell) => element("td", {}, unbroken(cell)));
    cells.at(-1)?.append(references(sentence, citations));
    table.append(element("tr", {}, ...cells));
  }
  return element("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": block.place }, table);
}

/** The citation numbers of a sentence, never alone at the start of a line. @param {Sentence} sentence @param {Map<number, Citation>} citations */
function references(sentence, citations) {
  const nodes = document.createDocumentFragment();
  for (const number of sentence.citations) {
    const citation = citations.get(number);
    if (!citation) continue;
    const label = messages.source(number, placeOf(citation.heading_path, citation.document_title));
    const link = sourceLink(citation.url, { "aria-label": label, title: label, "data-source": `${number}` }, `${number}`);
    nodes.append(WORD_JOINER, element("sup", {}, link));
  }
  return nodes;
}

/** @param {Citation} citation @param {string} language */
function sourceItem(citation, language) {
  const { number, document_title: title, heading_path: path, page } = citation;
  const item = element("li", { class: "card", id: `source-${number}` });
  const heading = element("p", { class: "place" }, element("span", { class: "document" }, title));
  if (path.length > 0) heading.append(" ", element("span", { class: "path" }, path.join(" › ")));
  const where = messages.lines(citation.line_start, citation.line_end);
  const label = messages.openSource(number, placeOf(path, title));
  item.append(
    element("span", { class: "number", "aria-hidden": "true" }, `${number}`),
    heading,
    element("blockquote", { lang: language }, citation.quote),
    element(
      "p",
      { class: "opening" },
      sourceLink(citation.url, { class: "open", "aria-label": label }, messages.open),
      " ",
      element("span", { class: "where" }, typeof page === "number" ? `${messages.page(page)}, ${where}` : where),
    ),
  );
  return item;
}

/** @param {RelatedSection[]} sections */
function relatedList(sections) {
  const list = element("ul");
  for (const section of sections) {
    const place = placeOf(section.heading_path, section.document_id);
    const item = element("li", {}, sourceLink(section.url, {}, place));
    if (section.is_empty) item.append(" ", element("span", { class: "empty" }, messages.empty));
    list.append(item);
  }
  return element("div", { class: "related" }, element("h3", {}, messages.sectionsToRead), list);
}
