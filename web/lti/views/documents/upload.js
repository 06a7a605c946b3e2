/**
 * A file becomes a document of the course, or is refused with a reason before it is sent.
 *
 * @typedef {import("../navigation.js").ViewContext} ViewContext
 */

import { element } from "../../../widget/dom.js";
import { coursePath } from "../../api.js";
import { slug } from "./document-id.js";
import { sendChange } from "./job-progress.js";

const LARGEST = 5_000_000;

/**
 * Send a file, unless it is clear that the service does not take it.
 *
 * @param {ViewContext} context @param {string} course @param {HTMLElement} jobs @param {File} file @param {() => Promise<void>} again
 */
export async function upload(context, course, jobs, file, again) {
  const name = file.name.replace(/\.(?:md|markdown)$/i, "");
  const id = slug(name);
  const refusal = name === file.name ? "notMarkdown" : file.size > LARGEST ? "tooLarge" : id ? null : "noName";
  const body = refusal ? null : await file.arrayBuffer().catch(() => null);
  if (!body || !isText(body)) {
    const message = context.texts[refusal ?? (body ? "notText" : "notOpened")];
    jobs.prepend(element("li", { class: "failed" }, element("p", {}, file.name), element("small", {}, message)));
    return;
  }
  const init = { method: "PUT", body, headers: { "Content-Type": "text/markdown" } };
  await sendChange(context, jobs, `${coursePath(course)}/documents/${encodeURIComponent(id)}`, init, file.name);
  await again();
}

/** Whether these bytes are text in UTF-8. @param {ArrayBuffer} body */
function isText(body) {
  try {
    return !new TextDecoder("utf-8", { fatal: true }).decode(body).includes("\0");
  } catch {
    return false;
  }
}
