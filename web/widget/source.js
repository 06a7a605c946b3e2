/**
 * What stands behind a citation: its quote while its number is pointed at, its section beside the answer.
 *
 * @typedef {import("./api.js").Citation} Citation
 * @typedef {import("./api.js").Place} Place
 * @typedef {import("./api.js").Section} Section
 * @typedef {import("./api.js").Service} Service
 * @typedef {import("./texts.js").Texts} Texts
 */

import { Trouble } from "./api.js";
import { blocks } from "./blocks.js";
import { button, element, iconButton, link } from "./dom.js";
import { cited, placeName } from "./turn.js";

const LEAVE_MS = 200;
const GAP = 6;

/** A section of the material, opened at its quote. */
export class SourcePanel {
  /** @param {Service} service @param {Texts} texts */
  constructor(service, texts) {
    this.#service = service;
    this.#texts = texts;
    this.#title = element("h3", { id: "source-title", tabindex: "-1" });
    const close = iconButton("close", "close", texts.closeSource, () => this.close());
    this.#body = element("div", { class: "section", tabindex: "0", role: "group", "aria-labelledby": "source-title" });
    this.node.append(element("header", {}, this.#title, close), this.#body);
  }

  node = element("aside", { class: "source", "aria-labelledby": "source-title", hidden: "" });
  #service;
  #texts;
  #title;
  #body;
  /** @type {HTMLElement | null} */
  #opener = null;
  #loading = new AbortController();

  get isOpen() {
    return !this.node.hidden;
  }

  /** @param {Place} place @param {string} label @param {HTMLElement} opener that focus goes back to */
  async open(place, label, opener) {
    this.#loading.abort();
    const { signal } = (this.#loading = new AbortController());
    this.#opener?.removeAttribute("aria-current");
    this.#opener = opener;
    opener.setAttribute("aria-current", "true");
    this.#title.textContent = label;
    this.#body.replaceChildren(element("p", { role: "status" }, this.#texts.loading));
    this.node.hidden = false;
    this.#title.focus({ preventScroll: true });
    try {
      this.#show(await this.#service.section(place, signal), place.url);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Trouble)) throw error;
      this.#fail(error, () => void this.open(place, label, opener));
    }
  }

  close() {
    if (!this.isOpen) return;
    this.#loading.abort();
    this.node.hidden = true;
    this.#opener?.removeAttribute("aria-current");
    // What was opened from may have been shown anew meanwhile.
    if (this.#opener?.isConnected) this.#opener.focus();
    else /** @type {HTMLElement | null} */ (/** @type {ShadowRoot} */ (this.node.getRootNode()).querySelector("textarea"))?.focus();
    this.#opener = null;
  }

  /** @param {Section} section @param {string} url where the quote stands in the version that was cited */
  #show(section, url) {
    const texts = this.#texts;
    const names = [section.document_title, ...section.heading_path];
    const path = element("p", { class: "path", lang: section.language, dir: "auto" }, [...new Set(names)].join(" › "));
    const heading = placeName(section.heading_path.slice(-1), section.document_title);
    const look = { texts, after: () => null, placeOf: () => heading };
    const text = element("div", { class: "text", lang: section.language }, element("h4", { dir: "auto" }, heading));
    text.append(blocks(section.sentences, look));
    const note = (/** @type {string} */ said) => element("p", { class: "notice" }, said);
    const opened = link(section.is_current ? url : section.url, { class: "document" }, texts.openDocument);
    opened.append(element("span", { class: "hidden" }, ` ${texts.newTab}`));
    this.#body.replaceChildren(
      path,
      ...(section.is_current ? [] : [note(texts.sourceChanged)]),
      text,
      ...(section.sentences.length === 0 ? [note(texts.sectionIsEmpty)] : []),
      ...(section.more_before || section.more_after ? [note(texts.more)] : []),
      element("p", {}, opened),
    );
    const quote = text.querySelector("mark");
    this.#body.scrollTop = 0;
    if (quote) this.#body.scrollTop = quote.getBoundingClientRect().top - this.#body.getBoundingClientRect().top - this.#body.clientHeight / 4;
  }

  /** @param {Trouble} trouble @param {() => void} again */
  #fail(trouble, again) {
    const { sourceGone, sourceFailed, retry } = this.#texts;
    const said = element("p", { class: "notice", role: "alert" }, trouble.status === 404 ? sourceGone : sourceFailed);
    this.#body.replaceChildren(said, ...(trouble.passes ? [button("quiet", again, retry)] : []));
  }
}

/**
 * The quote of the citation that is pointed at or has the focus (WCAG 1.4.13: it can be pointed at itself, and Escape
 * puts it away).
 */
export class Tip {
  /** @param {HTMLElement} around what it is placed in @param {() => string} language of the quotes */
  constructor(around, language) {
    this.#around = around;
    this.#language = language;
    around.append(this.node);
    around.addEventListener("pointerover", (event) => this.#over(event.target));
    around.addEventListener("focusin", (event) => this.#over(event.target));
    around.addEventListener("focusout", () => this.hide());
    around.addEventListener("pointerleave", () => this.#leave());
  }

  node = element("div", { class: "tip", role: "tooltip", id: "tip", hidden: "" });
  #around;
  #language;
  /** @type {Element | null} */
  #chip = null;
  #leaving = 0;

  get isShown() {
    return !this.node.hidden;
  }

  hide() {
    clearTimeout(this.#leaving);
    this.node.hidden = true;
    this.#chip?.removeAttribute("aria-describedby");
    this.#chip = null;
  }

  /** @param {EventTarget | null} target */
  #over(target) {
    const chip = target instanceof Element ? target.closest(".chip") : null;
    const citation = chip ? cited.get(chip) : undefined;
    if (chip && citation) this.#show(chip, citation);
    else if (target instanceof Node && this.node.contains(target)) clearTimeout(this.#leaving);
    else this.#leave();
  }

  #leave() {
    clearTimeout(this.#leaving);
    if (this.isShown) this.#leaving = window.setTimeout(() => this.hide(), LEAVE_MS);
  }

  /** @param {Element} chip @param {Citation} citation */
  #show(chip, citation) {
    clearTimeout(this.#leaving);
    if (this.#chip === chip) return;
    this.hide();
    this.#chip = chip;
    const path = placeName(citation.heading_path, citation.document_title);
    this.node.lang = this.#language();
    this.node.replaceChildren(element("blockquote", { dir: "auto" }, citation.shown || citation.quote), element("p", { class: "path" }, path));
    this.node.hidden = false;
    chip.setAttribute("aria-describedby", "tip");
    this.#place(chip.getBoundingClientRect());
  }

  /** Above the chip, or below it where there is no room, within what it is placed in. @param {DOMRect} chip */
  #place(chip) {
    const around = this.#around.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.node;
    const left = Math.max(GAP, Math.min(chip.left - around.left - width / 2, around.width - width - GAP));
    const above = chip.top - around.top - height - GAP;
    this.node.style.left = `${left}px`;
    this.node.style.top = `${above >= 0 ? above : chip.bottom - around.top + GAP}px`;
  }
}
