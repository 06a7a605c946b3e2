/**
 * The documents of the course: what there is, and adding, replacing and removing one, with the job that reads it.
 *
 * @typedef {import("./view.js").Place} Place
 * @typedef {{id: string, title: string, url: string}} Document
 * @typedef {{id: string, status: "queued" | "running" | "done" | "failed", done: number, total: number,
 *   detail: string | null}} Job
 */

import { button, element, link } from "../widget/dom.js";
import { Trouble, coursePath } from "./api.js";

const LARGEST = 5_000_000;
const POLL_MS = 700;
const ENDED = ["done", "failed"];

/** @param {Place} place */
export async function documents(place) {
  const { session, texts, main, go } = place;
  const { course } = session;
  if (!course) return go("choose");
  const list = element("ul", { class: "rows" });
  const jobs = element("ul", { class: "rows jobs", "aria-live": "polite" });
  const shown = element("article", { class: "page" }, element("h1", {}, texts.documentsTitle));
  const again = () => showList(place, course.id, list, (path, init, name) => follow(place, jobs, path, init, name, again));
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
 * @param {Place} place @param {string} course @param {HTMLElement} list
 * @param {(path: string, init: RequestInit, name: string) => Promise<void>} change
 */
async function showList({ api, session, texts }, course, list, change) {
  /** @type {Document[]} */
  let found = [];
  try {
    found = (await api.get(`${coursePath(course)}/documents`)).documents;
  } catch (error) {
    // A course that was never built is none yet.
    if (!(error instanceof Trouble) || ![404, 503].includes(error.status)) throw error;
  }
  const rows = found.map(({ id, title, url }) => {
    const opened = link(url, {}, title, element("span", { class: "hidden" }, ` ${texts.newTab}`));
    const row = element("li", { class: "document" }, opened);
    if (session.course?.is_managed) {
      const remove = button("quiet", () => {
        if (!confirm(texts.removeSure(title))) return;
        remove.disabled = true;
        void change(`${coursePath(course)}/documents/${encodeURIComponent(id)}`, { method: "DELETE" }, title);
      }, texts.remove, element("span", { class: "hidden" }, ` ${title}`));
      row.append(remove);
    }
    return row;
  });
  if (rows.length === 0) rows.push(element("li", { class: "none" }, texts.documentsNone));
  list.replaceChildren(...rows);
}

/** @param {Place} place @param {string} course @param {HTMLElement} jobs @param {File} file @param {() => Promise<void>} again */
async function add(place, course, jobs, file, again) {
  const { texts } = place;
  const name = file.name.replace(/\.(?:md|markdown)$/i, "");
  const refused = name === file.name ? texts.notMarkdown : file.size > LARGEST ? texts.tooLarge : null;
  if (refused) {
    jobs.prepend(element("li", { class: "failed" }, element("p", {}, file.name), element("small", {}, refused)));
    return;
  }
  const body = await file.arrayBuffer();
  const init = { method: "PUT", body, headers: { "Content-Type": "text/markdown" } };
  await follow(place, jobs, `${coursePath(course)}/documents/${encodeURIComponent(slug(name))}`, init, file.name, again);
}

/**
 * Send a change, and show its job until it has ended.
 *
 * @param {Place} place @param {HTMLElement} jobs @param {string} path @param {RequestInit} init @param {string} name
 * @param {() => Promise<void>} again
 */
async function follow({ api, texts }, jobs, path, init, name, again) {
  const said = element("small", {}, texts.sending);
  const bar = element("progress");
  const row = element("li", {}, element("p", {}, name), said, bar);
  jobs.prepend(row);
  try {
    /** @type {Job} */
    let job = await (await api.send(path, init)).json();
    for (;;) {
      said.textContent = job.detail ? `${texts[job.status]} : ${job.detail}` : texts[job.status];
      if (job.total > 0) Object.assign(bar, { max: job.total, value: job.done });
      if (ENDED.includes(job.status)) break;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      job = await api.get(`v1/jobs/${encodeURIComponent(job.id)}`);
    }
    row.className = job.status;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    row.className = "failed";
    said.textContent = error.status ? error.message : texts.unreachable;
  } finally {
    bar.remove();
  }
  await again();
}

/** What the service calls a document of that file name. @param {string} name */
function slug(name) {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "") || "document";
}
