/**
 * The views within an LMS, one address each, with the tabs that a teacher has. No other page is loaded for another view:
 * what the frame keeps of the launch would not come along.
 *
 * @typedef {import("./api.js").Session} Session
 * @typedef {import("./texts.js").Texts} Texts
 * @typedef {{api: Api, session: Session, texts: Texts, main: HTMLElement, go: (view: string) => void}} Place
 */

import { element } from "../widget/dom.js";
import { Api, Trouble } from "./api.js";
import { choose } from "./choose.js";
import { course } from "./course.js";
import { documents } from "./documents.js";
import { gaps } from "./gaps.js";
import { link } from "./link.js";
import { textsOf } from "./texts.js";
import { inPlace } from "./troubles.js";

/** @type {Record<string, (place: Place) => Promise<void>>} */
const VIEWS = { course, choose, documents, gaps, link };
const TABS = /** @type {const} */ (["course", "gaps", "documents", "choose"]);
const FOR_ALL = "course";

const texts = textsOf(document.documentElement.lang);
const tabs = /** @type {HTMLElement} */ (document.querySelector("#tabs"));
const api = new Api();

/** @param {string} address relative to that of this view */
function go(address) {
  history.pushState(history.state, "", address);
  const shown = show();
  // The focus stood in what is gone.
  if (document.activeElement === document.body) shown.focus();
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
    main.replaceChildren(inPlace(texts, error, () => void show()));
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
  const shown = element("a", { href }, texts[name]);
  shown.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(href);
  });
  return shown;
}

addEventListener("popstate", () => show());
show();
