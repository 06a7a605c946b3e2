/**
 * The documents of the course: what there is, and adding, replacing and removing one.
 *
 * @typedef {import("../navigation.js").ViewContext} ViewContext
 * @typedef {{id: string, title: string, url: string}} Document
 */

import { button, element, link } from "../../../widget/dom.js";
import { Trouble, coursePath } from "../../api.js";
import { troubleMessage } from "../../trouble-messages.js";
import { sendChange } from "./job-progress.js";
import { upload } from "./upload.js";

/** @param {ViewContext} context */
export async function documentList(context) {
  const { session, texts, main, go } = context;
  const { course } = session;
  if (!course) return go("choose");
  const list = element("div");
  const jobs = element("ul", { class: "rows jobs", "aria-live": "polite" });
  const page = element("article", { class: "page" }, element("h1", {}, texts.documentsTitle));
  const again = () => showList(context, course.id, list, remove);
  const remove = async (/** @type {Document} */ { id, title }) => {
    await sendChange(context, jobs, `${coursePath(course.id)}/documents/${encodeURIComponent(id)}`, { method: "DELETE" }, title);
    await again();
  };
  if (course.is_managed) {
    const picker = element("input", { type: "file", id: "files", accept: ".md,.markdown,text/markdown", multiple: "" });
    picker.addEventListener("change", () => {
      for (const file of picker.files ?? []) void upload(context, course.id, jobs, file, again);
      picker.value = "";
    });
    const label = element("label", { for: "files", class: "pick" }, texts.add);
    page.append(element("p", {}, texts.documentsDetail), element("div", { class: "picker" }, picker, label), jobs);
  } else page.append(element("p", {}, texts.documentsElsewhere));
  page.append(list);
  main.append(page);
  await again();
}

/**
 * Show what there is, or that it cannot be shown.
 *
 * @param {ViewContext} context @param {string} course @param {HTMLElement} list
 * @param {(document: Document) => Promise<void>} remove
 */
async function showList(context, course, list, remove) {
  const { api, session, texts } = context;
  /** @type {Document[]} */
  let documents = [];
  try {
    documents = (await api.get(`${coursePath(course)}/documents`)).documents;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    // A course that was never built is none yet.
    if (error.status !== 404) {
      list.replaceChildren(troubleMessage(texts, error, () => void showList(context, course, list, remove)));
      return;
    }
  }
  const rows = documents.map((document) => {
    const { title, url } = document;
    const titleLink = link(url, {}, title, element("span", { class: "hidden" }, ` ${texts.newTab}`));
    const row = element("li", { class: "document" }, titleLink);
    if (session.course?.is_managed) {
      const removeButton = button("quiet", () => {
        if (!confirm(texts.removeSure(title))) return;
        removeButton.disabled = true;
        void remove(document).finally(() => (removeButton.disabled = false));
      }, texts.remove, element("span", { class: "hidden" }, ` ${title}`));
      row.append(removeButton);
    }
    return row;
  });
  if (rows.length === 0) rows.push(element("li", { class: "none" }, texts.documentsNone));
  list.replaceChildren(element("ul", { class: "rows" }, ...rows));
}
