/**
 * The assistant; on a section, or with a first question, where the link that led here says so.
 *
 * @typedef {import("./navigation.js").ViewContext} ViewContext
 */

import { button, element, link } from "../../widget/dom.js";
import { coursePath } from "../api.js";

/** @param {ViewContext} context */
export async function assistant({ api, session, texts, main, go }) {
  const { course, role } = session;
  if (!course?.is_ready) {
    const isTeacher = role !== "student";
    const text = !course ? texts.notMapped : isTeacher ? texts.notReadyTeacher : texts.notReady;
    const message = element("div", { class: "message" }, element("p", {}, text));
    const next = course ? "documents" : "choose";
    if (isTeacher) message.append(button("", () => go(next), course ? texts.addDocuments : texts.choose));
    main.append(message);
    return;
  }
  main.append(element("h1", { class: "hidden" }, `${texts.course} · ${course.title}`));
  const query = new URLSearchParams(location.search);
  let question = query.get("question") ?? "";
  const [document_id = "", anchor = ""] = (query.get("section") ?? "").split("#");
  if (document_id) {
    const path = `${coursePath(course.id)}/documents/${encodeURIComponent(document_id)}/section`;
    // The document may have changed since the link was made: then the assistant is that of the course.
    const section = await api.get(`${path}?${new URLSearchParams({ anchor })}`).catch(() => null);
    if (!main.isConnected) return;
    if (section) {
      const title = section.heading_path.at(-1) ?? section.document_title;
      const sectionLink = link(section.url, {}, texts.read, element("span", { class: "hidden" }, ` ${texts.newTab}`));
      main.append(element("p", { class: "strip" }, `${texts.section} `, element("strong", {}, title), " ", sectionLink));
      question ||= texts.about(title);
    }
  }
  const chat = document.createElement("repere-chat");
  for (const [name, value] of [["course", course.id], ["id", session.person], ["mode", "page"], ["token", api.token]]) chat.setAttribute(`${name}`, `${value}`);
  // It is asked once, not again when the page is loaded anew.
  if (question && !query.has("asked")) {
    chat.setAttribute("question", question);
    query.set("asked", "1");
    history.replaceState(history.state, "", `?${query}`);
  }
  main.append(element("div", { class: "assistant" }, chat));
}
