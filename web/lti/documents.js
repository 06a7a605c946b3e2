/**
 * The documents of the course: what there is, and adding, replacing and removing one.
 *
 * @typedef {import("./view.js").Place} Place
 * @typedef {{id: string, title: string, url: string}} Document
 */

import { button, element, link } from "../widget/dom.js";
import { Trouble, coursePath } from "./api.js";
import { add, follow } from "./changes.js";
import { inPlace } from "./troubles.js";

/** @param {Place} place */
export async function documents(place) {
  const { session, texts, main, go } = place;
  const { course } = session;
  if (!course) return go("choose");
  const list = element("div");
  const jobs = element("ul", { class: "rows jobs", "aria-live": "polite" });
  const shown = element("article", { class: "page" }, element("h1", {}, texts.documentsTitle));
  const again = () => showList(place, course.id, list, remove);
  const remove = async (/** @type {Document} */ { id, title }) => {
    await follow(place, jobs, `${coursePath(course.id)}/documents/${encodeURIComponent(id)}`, { method: "DELETE" }, title);
    await again();
  };
  if (course.is_managed) {
    const picker = element("input", { type: "file", id: "files", accept: ".md,.markdown,text/markdown", multiple: "" });
    picker.addEventListener("change", () => {
      for (const file of picker.files ?? []) void add(place, course.id, jobs, file, again);
      picker.value = "";
    });
    const label = element("label", { for: "files", class: "pick" }, texts.add);
    shown.append(element("p", {}, texts.documentsDetail), element("div", { class: "picker" }, picker, label), jobs);
  } else shown.append(element("p", {}, texts.documentsElsewhere));
  shown.append(list);
  main.append(shown);
  await again();
}

/**
 * Show what there is, or that it cannot be shown.
 *
 * @param {Place} place @param {string} course @param {HTMLElement} list
 * @param {(document: Document) => Promise<void>} remove
 */
async function showList(place, course, list, remove) {
  const { api, session, texts } = place;
  /** @type {Document[]} */
  let found = [];
  try {
    found = (await api.get(`${coursePath(course)}/documents`)).documents;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    // A course that was never built is none yet.
    if (error.status !== 404) {
      list.replaceChildren(inPlace(texts, error, () => void showList(place, course, list, remove)));
      return;
    }
  }
  const rows = found.map((document) => {
    const { title, url } = document;
    const opened = link(url, {}, title, element("span", { class: "hidden" }, ` ${texts.newTab}`));
    const row = element("li", { class: "document" }, opened);
    if (session.course?.is_managed) {
      const act = button("quiet", () => {
        if (!confirm(texts.removeSure(title))) return;
        act.disabled = true;
        void remove(document).finally(() => (act.disabled = false));
      }, texts.remove, element("span", { class: "hidden" }, ` ${title}`));
      row.append(act);
    }
    return row;
  });
  if (rows.length === 0) rows.push(element("li", { class: "none" }, texts.documentsNone));
  list.replaceChildren(element("ul", { class: "rows" }, ...rows));
}
