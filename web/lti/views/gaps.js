/**
 * What was asked and the course did not answer.
 *
 * @typedef {import("./navigation.js").ViewContext} ViewContext
 * @typedef {{question: string, status: "not_in_material" | "section_empty" | "answered" | "small_talk", count: number,
 *   last_asked_at: string, reasons: string[]}} Gap
 * @typedef {{document_title: string, heading_path: string[], url: string}} EmptySection
 */

import { button, element, link } from "../../widget/dom.js";
import { coursePath } from "../api.js";

/** @param {ViewContext} context */
export async function gaps({ api, session, texts, main, go }) {
  if (!session.course) return go("choose");
  /** @type {{questions: Gap[], empty_sections: EmptySection[]}} */
  const { questions, empty_sections } = await api.get(`${coursePath(session.course.id)}/gaps`);
  const date = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium" });
  const page = element("article", { class: "page" }, element("h1", {}, texts.gapsTitle), element("p", {}, texts.gapsDetail));
  if (questions.length === 0) page.append(element("p", { class: "none" }, texts.gapsNone));
  else {
    page.append(
      element(
        "ul",
        { class: "rows" },
        ...questions.map(({ question, status, count, last_asked_at, reasons }) => {
          const about = [texts[status], texts.times(count), date.format(new Date(last_asked_at))].filter(Boolean).join(" · ");
          const row = element("li", {}, element("p", {}, question), element("small", {}, about));
          row.append(...reasons.map((reason) => element("blockquote", {}, reason)));
          return row;
        }),
      ),
    );
  }
  if (empty_sections.length > 0) {
    page.append(
      element("h2", {}, texts.emptySections),
      element(
        "ul",
        { class: "rows" },
        ...empty_sections.map(({ document_title, heading_path, url }) => {
          const newTab = element("span", { class: "hidden" }, ` ${texts.newTab}`);
          return element("li", {}, link(url, {}, [document_title, ...heading_path].join(" › "), newTab));
        }),
      ),
    );
  }
  if (session.course.is_managed) page.append(button("quiet", () => go("documents"), texts.addDocuments));
  main.append(page);
}
