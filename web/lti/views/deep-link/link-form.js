/**
 * Deep linking: the teacher says what the link in the LMS's course shows.
 *
 * @typedef {import("../navigation.js").ViewContext} ViewContext
 */

import { element } from "../../../widget/dom.js";
import { BASE, coursePath } from "../../api.js";

/** Characters of what a link holds. */
const LONGEST = 500;

/** @param {ViewContext} context */
export async function linkForm({ api, session, texts, main, go }) {
  const { course } = session;
  if (!course) return go("choose");
  if (!api.link) {
    main.append(element("p", { class: "message", role: "alert" }, texts.linkEnded));
    return;
  }
  const sections = course.is_ready ? await sectionsOf(api, course.id) : [];
  const form = element(
    "form",
    { class: "page", method: "post", action: new URL("lti/deep-link", BASE).href },
    element("h1", {}, texts.linkTitle),
    element("input", { type: "hidden", name: "token", value: api.token }),
    element("input", { type: "hidden", name: "link", value: api.link }),
  );
  const name = element("input", { type: "text", id: "name", name: "title", maxlength: "100", required: "" });
  name.value = texts.linkNameDefault;
  const pick = element("select", { id: "section", name: "section" }, ...sections.map(([value, label]) => element("option", { value }, label)));
  const question = element("textarea", { id: "question", name: "question", maxlength: `${LONGEST}`, rows: "2" });
  const kinds = { course: texts.linkCourse, section: texts.linkSection, question: texts.linkQuestion };
  const options = Object.entries(kinds)
    .filter(([kind]) => kind !== "section" || sections.length > 0)
    .map(([kind, label]) => {
      const radio = element("input", { type: "radio", name: "kind", value: kind });
      radio.checked = kind === "course";
      radio.addEventListener("change", showFields);
      return element("label", { class: "option" }, radio, element("span", {}, label));
    });
  const whichSection = element("div", {}, element("label", { for: "section" }, texts.whichSection), pick);
  const whichQuestion = element("div", {}, element("label", { for: "question" }, texts.whichQuestion), question);

  function showFields() {
    const kind = new FormData(form).get("kind");
    whichSection.hidden = kind !== "section";
    whichQuestion.hidden = kind !== "question";
    question.required = kind === "question";
  }

  form.append(
    element("fieldset", {}, element("legend", {}, texts.linkKind), ...options),
    whichSection,
    whichQuestion,
    element("label", { for: "name" }, texts.linkName),
    name,
    element(
      "p",
      { class: "acts" },
      element("button", {}, texts.linkInsert),
      element("button", { class: "quiet", name: "cancel", value: "1", formnovalidate: "" }, texts.linkCancel),
    ),
  );
  showFields();
  main.append(form);
}

/** Every section that has text and that a link can hold: where it stands, and its titles. @param {import("../../api.js").Api} api @param {string} course @returns {Promise<[string, string][]>} */
async function sectionsOf(api, course) {
  /** @type {{id: string, title: string}[]} */
  const documents = (await api.get(`${coursePath(course)}/documents`)).documents;
  const options = documents.map(async ({ id, title }) => {
    /** @type {{sections: {heading_path: string[], anchor: string, is_empty: boolean}[]}} */
    const { sections } = await api.get(`${coursePath(course)}/documents/${encodeURIComponent(id)}`);
    const linkable = sections.filter(({ is_empty, anchor }) => !is_empty && anchor && `${id}#${anchor}`.length <= LONGEST);
    return linkable.map(({ heading_path, anchor }) => /** @type {[string, string]} */ ([`${id}#${anchor}`, [title, ...heading_path.filter((name, i) => i > 0 || name !== title)].join(" › ")]));
  });
  return (await Promise.all(options)).flat();
}
