/**
 * The views within an LMS, one address each, with the tabs that a teacher has. No other page is loaded for another view:
 * what the frame keeps of the launch would not come along.
 *
 * @typedef {import("../api.js").Session} Session
 * @typedef {import("../texts.js").Texts} Texts
 * @typedef {{api: Api, session: Session, texts: Texts, main: HTMLElement, go: (view: string) => void}} ViewContext
 *   what a view is given: it fills `main`; `go` leads to another one
 */

import { element } from "../../widget/dom.js";
import { Api, Trouble } from "../api.js";
import { textsOf } from "../texts.js";
import { troubleMessage } from "../trouble-messages.js";
import { assistant } from "./assistant.js";
import { courseChoice } from "./course-choice.js";
import { linkForm } from "./deep-link/link-form.js";
import { documentList } from "./documents/document-list.js";
import { gaps } from "./gaps.js";

/** By the last part of their addresses. @type {Record<string, (context: ViewContext) => Promise<void>>} */
const VIEWS = { course: assistant, choose: courseChoice, documents: documentList, gaps, link: linkForm };
const TABS = /** @type {const} */ (["course", "gaps", "documents", "choose"]);
const FOR_ALL = "course";

const texts = textsOf(document.documentElement.lang);
const tabs = /** @type {HTMLElement} */ (document.querySelector("#tabs"));
const api = new Api();

/** @param {string} address relative to that of this view */
function go(address) {
  history.pushState(history.state, "", address);
  const main = show();
  // The focus stood in what is gone.
  if (document.activeElement === document.body) main.focus();
}

/** Show the view of this address, in a new element: what another one has yet to show goes nowhere. */
function show() {
  const main = element("main", { id: "view", tabindex: "-1" });
  document.querySelector("#view")?.replaceWith(main);
  void fill(main);
  return main;
}

/** @param {HTMLElement} main */
async function fill(main) {
  const view = location.pathname.split("/").at(-1) ?? "";
  main.replaceChildren(element("p", { class: "message", role: "status" }, texts.loading));
  try {
    const session = await api.session();
    if (!main.isConnected) return;
    const isTeacher = session.role !== "student";
    if (!isTeacher && view !== FOR_ALL) throw new Trouble(403, "");
    showTabs(isTeacher && view !== "link", view);
    main.replaceChildren();
    const next = (/** @type {string} */ name) => main.isConnected && go(`${name}${location.search}`);
    await VIEWS[view]?.({ api, session, texts, main, go: next });
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    main.replaceChildren(troubleMessage(texts, error, () => void show()));
  }
}

/** @param {boolean} isShown @param {string} view */
function showTabs(isShown, view) {
  if (!tabs.hasChildNodes()) {
    tabs.setAttribute("aria-label", texts.tabs);
    const language = new URLSearchParams({ lang: document.documentElement.lang });
    tabs.append(...TABS.map((name) => tab(name, `${name}?${language}`)));
  }
  for (const [at, name] of TABS.entries()) {
    if (name === view) tabs.children[at]?.setAttribute("aria-current", "page");
    else tabs.children[at]?.removeAttribute("aria-current");
  }
  tabs.hidden = !isShown;
  tabs.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** @param {typeof TABS[number]} name @param {string} href */
function tab(name, href) {
  const node = element("a", { href }, texts[name]);
  node.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(href);
  });
  return node;
}

addEventListener("popstate", () => show());
show();
