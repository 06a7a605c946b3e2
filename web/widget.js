/**
 * `<repere-chat course="docker" lang="fr"></repere-chat>`: a course assistant in any page, by this one script.
 *
 * Attributes: `course`; `lang` of the interface (else that of the page); `mode`: `button` (the usual one: a button that
 * opens a panel), `inline`, or `page`; `theme`: `light` or `dark`, else the reader's own; `question`: asked at once;
 * `token` of a session that the page has already.
 */

import { Trouble } from "./widget/api.js";
import { Conversation } from "./widget/conversation.js";
import { button, element, icon, iconButton } from "./widget/dom.js";
import { SourcePanel, Tip } from "./widget/source.js";
import { styles } from "./widget/style.js";
import { textsOf } from "./widget/texts.js";
import { failure, showTurn, spoken, turnNode, waitingFor } from "./widget/turn.js";

/**
 * @typedef {import("./widget/conversation.js").Asked} Asked
 */

const LONGEST = 2000;
const isNarrow = () => matchMedia("(max-width: 640px)").matches;

class RepereChat extends HTMLElement {
  #texts = textsOf("");
  #root = this.attachShadow({ mode: "open" });
  #ended = new AbortController();
  /** @type {Conversation | null} */
  #conversation = null;
  /** @type {SourcePanel | null} */
  #source = null;
  /** @type {Tip | null} */
  #tip = null;
  /** @type {WeakMap<Asked, HTMLElement>} */
  #nodes = new WeakMap();
  /** As far as it is known. @type {import("./widget/turn.js").KnownCourse} */
  #course = { language: "fr", url: "" };
  #isBegun = false;

  #launcher = element("button", { type: "button", class: "launcher", "aria-expanded": "false" });
  /** @type {HTMLElement} */
  #panel = element("div");
  #title = element("h2", { id: "title" });
  #afresh = element("button");
  #log = element("div", { class: "log", tabindex: "0", role: "group", "aria-labelledby": "title" });
  #welcome = element("div", { class: "welcome" });
  #suggestions = element("div", { class: "suggestions" });
  #turns = element("div", { class: "turns" });
  #field = element("textarea");
  #send = element("button");
  #live = element("p", { class: "hidden", role: "status", "aria-live": "polite" });

  connectedCallback() {
    this.#ended = new AbortController();
    this.#texts = textsOf(this.lang || this.closest("[lang]")?.getAttribute("lang") || "");
    this.#root.adoptedStyleSheets = [styles()];
    this.#conversation = new Conversation(this.getAttribute("course") ?? "", this.id, (asked) => this.#changed(asked), this.getAttribute("token"));
    this.#source = new SourcePanel(this.#conversation.service, this.#texts);
    this.#isBegun = false;
    this.#build();
    if (this.#mode !== "button") void this.#begin();
    else if (this.#conversation.isOpen && !isNarrow()) this.#show();
  }

  disconnectedCallback() {
    this.#ended.abort();
    this.#conversation?.leave();
  }

  /** Open the panel and put the focus into the question. */
  open() {
    this.#show();
    this.#field.focus();
  }

  /** Put the panel away; focus goes back to the button. */
  close() {
    if (this.#panel instanceof HTMLDialogElement) this.#panel.close();
  }

  get #mode() {
    const mode = this.getAttribute("mode");
    return mode === "inline" || mode === "page" ? mode : "button";
  }

  #build() {
    const texts = this.#texts;
    const isButton = this.#mode === "button";
    this.#panel = isButton
      ? element("dialog", { class: "panel", "aria-labelledby": "title" })
      : element("section", { class: `panel ${this.#mode}`, "aria-labelledby": "title" });
    this.#panel.lang = texts.language;
    this.#title.textContent = texts.panel;
    this.#afresh = iconButton("afresh", "afresh", texts.afresh, () => this.#beginAfresh());
    const header = element("header", {}, this.#title, this.#afresh);
    if (isButton) header.append(iconButton("close", "close", texts.close, () => this.close()));
    this.#welcome.replaceChildren(element("p", { class: "lead" }, texts.welcome("")), element("p", {}, texts.promise), this.#suggestions);
    this.#suggestions.hidden = true;
    this.#log.replaceChildren(this.#welcome, this.#turns);
    const column = element("div", { class: "column" }, this.#log, this.#form());
    const body = element("div", { class: "body" }, column);
    if (this.#source) body.append(this.#source.node);
    this.#panel.append(header, body, this.#live);
    this.#tip = new Tip(column, () => this.#course.language);
    this.#root.replaceChildren(this.#panel);
    if (isButton) {
      this.#launcher.replaceChildren(icon("ask"), texts.launch);
      this.#launcher.lang = texts.language;
      this.#launcher.hidden = false;
      this.#launcher.onclick = () => this.open();
      this.#panel.addEventListener("close", () => this.#closed());
      this.#root.prepend(this.#launcher);
    }
    this.#panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) this.#back(event);
    });
    addEventListener("keydown", ({ key }) => key === "Escape" && this.#tip?.hide(), { signal: this.#ended.signal });
    // The gesture that goes back on a phone.
    this.#panel.addEventListener("cancel", (event) => this.#back(event));
    this.#changed(null);
  }

  #form() {
    const texts = this.#texts;
    this.#field = element("textarea", {
      id: "question", rows: "1", maxlength: `${LONGEST}`, enterkeyhint: "send", autocomplete: "off",
      "aria-label": texts.question, "aria-describedby": "keys",
    });
    this.#send = element("button", { class: "send" });
    const form = element("form", { class: "ask" }, this.#field, this.#send);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("input", () => this.#grow());
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#ask(this.#field.value);
    });
    return element("div", { class: "foot" }, form, element("p", { class: "keys", id: "keys" }, texts.keys));
  }

  #show() {
    const panel = this.#panel;
    if (!(panel instanceof HTMLDialogElement) || panel.open) return;
    // On a phone it covers the page, which is then out of reach.
    if (isNarrow()) panel.showModal();
    else panel.open = true;
    this.#launcher.hidden = true;
    if (this.#conversation) this.#conversation.isOpen = true;
    void this.#begin();
  }

  #closed() {
    this.#launcher.hidden = false;
    this.#launcher.focus();
    if (this.#conversation) this.#conversation.isOpen = false;
  }

  /** One thing at a time: the quote, the source, the panel. @param {Event} event */
  #back(event) {
    if (this.#tip?.isShown) this.#tip.hide();
    else if (this.#source?.isOpen) this.#source.close();
    else if (this.#mode === "button") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** The course and what was asked before; tried again until the service answers. */
  async #begin() {
    const conversation = this.#conversation;
    if (this.#isBegun || !conversation) return;
    this.#isBegun = true;
    const { signal } = this.#ended;
    const asked = this.getAttribute("question")?.trim();
    const notice = element("p", { class: "notice", role: "status" });
    this.#welcome.append(notice);
    const told = (/** @type {Trouble | null} */ trouble) => {
      notice.hidden = !trouble;
      notice.textContent = trouble && waitingFor(trouble, this.#texts);
    };
    told(null);
    try {
      const course = await conversation.begin(signal, told);
      told(null);
      this.#course = course;
      this.#title.textContent = course.title;
      this.#title.lang = course.language;
      this.#welcome.firstElementChild?.replaceChildren(this.#texts.welcome(course.title));
      this.#showSuggestions(course.suggestions, course.language);
      if (asked) {
        conversation.beginAfresh();
        conversation.ask(asked.slice(0, LONGEST));
      } else await conversation.restore(signal, told);
      notice.remove();
    } catch (error) {
      this.#isBegun = false;
      if (signal.aborted) return;
      if (!(error instanceof Trouble)) throw error;
      notice.replaceWith(element("p", { class: "notice trouble", role: "alert" }, failure(error.status, this.#texts)));
    }
  }

  /** @param {string[]} questions @param {string} language */
  #showSuggestions(questions, language) {
    const title = element("h3", { id: "suggestions" }, this.#texts.suggestions);
    const buttons = questions.map((question) => button("quiet suggestion", () => this.#ask(question), question));
    for (const node of buttons) node.lang = language;
    this.#suggestions.replaceChildren(title, ...buttons);
    this.#suggestions.hidden = questions.length === 0;
  }

  #submit() {
    if (this.#conversation?.asking && this.#field.value.trim() === "") this.#conversation.asking.stop.abort();
    else this.#ask(this.#field.value);
  }

  /** @param {string} text */
  #ask(text) {
    const question = text.trim();
    if (question === "") return this.#field.focus();
    this.#field.value = "";
    this.#grow();
    this.#source?.close();
    this.#field.focus();
    this.#conversation?.ask(question);
  }

  #beginAfresh() {
    this.#source?.close();
    this.#conversation?.beginAfresh();
    this.#live.textContent = "";
    this.#field.focus();
  }

  /** The field is as high as its text, where the browser does not see to it. */
  #grow() {
    const field = this.#field;
    if (!CSS.supports("field-sizing", "content")) {
      field.style.height = "auto";
      field.style.height = `${field.scrollHeight}px`;
    }
    this.#showSend(this.#conversation?.asking != null && field.value.trim() === "");
  }

  /** @param {boolean} stops whether it stops the answer on its way */
  #showSend(stops) {
    const name = stops ? this.#texts.stop : this.#texts.send;
    if (this.#send.getAttribute("aria-label") === name) return;
    this.#send.setAttribute("aria-label", name);
    this.#send.title = name;
    this.#send.replaceChildren(icon(stops ? "stop" : "send"));
  }

  /** @param {Asked | null} asked */
  #changed(asked) {
    const conversation = this.#conversation;
    if (!conversation) return;
    const acts = this.#acts(conversation);
    if (asked === null) this.#turns.replaceChildren(...conversation.turns.map((turn) => this.#node(turn, acts)));
    else this.#update(asked, acts);
    const hasTurns = conversation.turns.length > 0;
    this.#welcome.hidden = hasTurns;
    this.#afresh.hidden = !hasTurns;
    this.#field.placeholder = hasTurns ? this.#texts.goOn : this.#texts.placeholder;
    this.#grow();
    if (asked === null) this.#log.scrollTop = this.#log.scrollHeight;
  }

  /** @param {Asked} asked @param {import("./widget/turn.js").Acts} acts */
  #update(asked, acts) {
    const node = this.#nodes.get(asked);
    const isNew = !node?.isConnected;
    if (node && !isNew) this.#showAgain(node, asked, acts);
    else this.#turns.append(this.#node(asked, acts));
    if (isNew) this.#log.scrollTop = this.#nodes.get(asked)?.offsetTop ?? 0;
    if (asked.state === "done" || asked.state === "stopped") this.#live.textContent = spoken(asked, this.#texts);
    this.#live.lang = asked.state === "done" ? this.#course.language : this.#texts.language;
  }

  /** Without losing the focus that stands in it. @param {HTMLElement} node @param {Asked} asked @param {import("./widget/turn.js").Acts} acts */
  #showAgain(node, asked, acts) {
    const focused = this.#root.activeElement;
    const chips = () => [...node.querySelectorAll("button.chip")];
    const at = focused ? chips().indexOf(focused) : -1;
    showTurn(node, asked, acts);
    if (!focused || focused.isConnected) return;
    const next = chips()[at];
    (next instanceof HTMLElement ? next : this.#field).focus();
  }

  /** @param {Asked} asked @param {import("./widget/turn.js").Acts} acts */
  #node(asked, acts) {
    const node = turnNode(asked, acts);
    this.#nodes.set(asked, node);
    return node;
  }

  /** @param {Conversation} conversation @returns {import("./widget/turn.js").Acts} */
  #acts(conversation) {
    return {
      texts: this.#texts,
      course: () => this.#course,
      open: (place, label, opener) => {
        this.#tip?.hide();
        void this.#source?.open(place, label, opener);
      },
      again: (asked) => conversation.again(asked),
      ask: (question) => this.#ask(question),
      rate: (id, rating, reason) => conversation.service.rate(id, rating, reason, this.#ended.signal),
    };
  }
}

if (!customElements.get("repere-chat")) customElements.define("repere-chat", RepereChat);
