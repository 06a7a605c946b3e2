/**
 * Sentences as the material sets them: paragraphs, nested lists, tables and code, for answers and for sources.
 *
 * @typedef {import("./api.js").Sentence} Sentence
 * @typedef {import("./api.js").Span} Span
 * @typedef {import("./texts.js").Texts} Texts
 * @typedef {{texts: Texts, after: (sentence: Sentence) => Node | null, placeOf: (sentence: Sentence) => string}} Look
 *   `after`: what stands behind a sentence; sentences of another `placeOf` begin a block of their own
 */

import { button, copy, element, link, unbroken } from "./dom.js";

/** @type {Record<string, "strong" | "em" | "code" | "s">} */
const TAGS = { strong: "strong", emphasis: "em", code: "code", strikethrough: "s" };

/** @param {Sentence[]} sentences @param {Look} look */
export function blocks(sentences, look) {
  const nodes = document.createDocumentFragment();
  for (let i = 0; i < sentences.length; ) {
    const run = runFrom(sentences, i, look);
    nodes.append(blockOf(run, look));
    i += run.length;
  }
  return nodes;
}

/** The sentences from `first` on that share a paragraph, list, table or block of code. @param {Sentence[]} sentences @param {number} first @param {Look} look */
function runFrom(sentences, first, look) {
  const { kind, group } = /** @type {Sentence} */ (sentences[first]);
  const place = look.placeOf(/** @type {Sentence} */ (sentences[first]));
  let last = first;
  const belongs = (/** @type {Sentence | undefined} */ other) =>
    other !== undefined && other.group === group && (other.kind === kind || isItem(other)) && look.placeOf(other) === place;
  while (belongs(sentences[last + 1])) last += 1;
  return sentences.slice(first, last + 1);
}

/** Code may stand in an item of a list. @param {Sentence} sentence */
const isItem = (sentence) => sentence.kind === "list" || sentence.continues === true;

/** @param {Sentence[]} run @param {Look} look @returns {Node} */
function blockOf(run, look) {
  if (run.some((sentence) => sentence.kind === "list")) return listOf(run, look);
  const kind = run[0]?.kind;
  if (kind === "table") return tableOf(run, look);
  if (kind === "code") {
    const nodes = document.createDocumentFragment();
    for (const sentence of run) nodes.append(codeOf(sentence, look));
    return nodes;
  }
  const paragraph = element("p", { dir: "auto" });
  for (const sentence of run) addSentence(paragraph, sentence, look);
  return paragraph;
}

/** @param {HTMLElement} node @param {Sentence} sentence @param {Look} look */
function addSentence(node, sentence, look) {
  if (node.hasChildNodes()) node.append(" ");
  node.append(textOf(sentence, sentence.spans ?? []), ...behind(sentence, look));
}

/** @param {Sentence} sentence @param {Look} look */
function behind(sentence, look) {
  const node = look.after(sentence);
  return node ? [node] : [];
}

/** @param {Sentence} sentence @param {Span[]} spans none where nothing is set in another way @returns {Node} */
function textOf(sentence, spans) {
  const nodes = document.createDocumentFragment();
  for (const span of spans.length > 0 ? spans : [{ text: sentence.text }]) nodes.append(spanOf(span));
  if (!sentence.quoted) return nodes;
  return element("mark", {}, nodes);
}

/** @param {Span} span @returns {Node | string} */
function spanOf(span) {
  const marks = span.marks ?? [];
  /** @type {Node | string} */
  let node = marks.includes("code") ? span.text : unbroken(span.text);
  for (const mark of [...marks].reverse()) {
    const tag = TAGS[mark];
    if (tag) node = element(tag, {}, node);
  }
  return span.href ? link(span.href, {}, node) : node;
}

/** @param {Sentence[]} run @param {Look} look */
function listOf(run, look) {
  const top = element("div", { class: "list" });
  /** The open lists, outermost first, and the item of each. @type {{list: HTMLElement, item: HTMLElement}[]} */
  const open = [];
  let shown = -1;
  for (const sentence of run) {
    const level = Math.max(1, sentence.level ?? 1);
    if (sentence.block !== shown && !(sentence.continues && open[level - 1])) {
      open.splice(level);
      const isOrdered = typeof sentence.ordinal === "number";
      let at = open[level - 1];
      if (!at || (at.list instanceof HTMLOListElement) !== isOrdered) {
        open.splice(level - 1);
        const list = element(isOrdered ? "ol" : "ul");
        // A list whose outer items are not shown stands where the innermost open one does.
        (open.at(-1)?.item ?? top).append(list);
        at = { list, item: list };
        open.push(at);
      }
      at.item = element("li", { dir: "auto" });
      if (isOrdered) at.item.setAttribute("value", `${sentence.ordinal}`);
      at.list.append(at.item);
    }
    const item = open[Math.min(level, open.length) - 1]?.item ?? top;
    if (sentence.kind === "code") item.append(codeOf(sentence, look));
    else if (sentence.block !== shown && sentence.continues) addSentence(item.appendChild(element("p")), sentence, look);
    else addSentence(item.lastElementChild instanceof HTMLParagraphElement ? item.lastElementChild : item, sentence, look);
    shown = sentence.block;
  }
  return top;
}

/** @param {Sentence[]} run @param {Look} look */
function tableOf(run, look) {
  const table = element("table");
  for (const sentence of run) {
    const row = element("tr");
    for (const cell of cellsOf(sentence)) {
      const attributes = sentence.is_header ? { scope: "col", dir: "auto" } : { dir: "auto" };
      row.append(element(sentence.is_header ? "th" : "td", attributes, textOf(sentence, cell)));
    }
    row.lastElementChild?.append(...behind(sentence, look));
    table.append(row);
  }
  const name = run[0] ? look.placeOf(run[0]) : "";
  return element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": name || look.texts.answer }, table);
}

/** The spans of each cell, those of an empty one too. @param {Sentence} sentence @returns {Span[][]} */
function cellsOf(sentence) {
  const spans = sentence.spans ?? [];
  if (spans.length === 0) return sentence.text.split(" | ").map((text) => [{ text }]);
  const count = Math.max(...spans.map((span) => span.cell ?? 0)) + 1;
  return Array.from({ length: count }, (_, at) => {
    const own = spans.filter((span) => (span.cell ?? 0) === at);
    return own.length > 0 ? own : [{ text: "" }];
  });
}

/** @param {Sentence} sentence @param {Look} look */
function codeOf(sentence, look) {
  const code = element("code", {}, sentence.quoted ? element("mark", {}, sentence.text) : sentence.text);
  const pre = element("pre", { tabindex: "0" }, code);
  const { texts } = look;
  const copied = button("quiet small", async () => {
    const said = await copy(sentence.text, pre).then(() => texts.copied, () => texts.copyFailed);
    copied.textContent = said;
    setTimeout(() => (copied.textContent = texts.copy), 2000);
  }, texts.copy);
  return element("figure", { class: "code" }, pre, element("figcaption", {}, copied, ...behind(sentence, look)));
}
