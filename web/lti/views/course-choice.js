/**
 * Which course the LMS's course is mapped to: the teacher chooses once, for everybody who comes from there.
 *
 * @typedef {import("./navigation.js").ViewContext} ViewContext
 */

import { element } from "../../widget/dom.js";
import { Trouble } from "../api.js";
import { refusal } from "../trouble-messages.js";

/** @param {ViewContext} context */
export async function courseChoice({ api, session, texts, main, go }) {
  const { context_title, courses } = session;
  const current = session.course?.id;
  const options = courses.map((name) => {
    const radio = element("input", { type: "radio", name: "course", value: name });
    radio.checked = name === current;
    const label = element("label", { class: "option" }, radio, element("span", {}, name));
    if (name === current) label.append(element("small", {}, texts.chosen));
    return label;
  });
  const newCourse = element("input", { type: "radio", name: "course", value: "" });
  newCourse.checked = !current;
  const title = element("input", { type: "text", id: "title", maxlength: "100", autocomplete: "off" });
  title.value = current ? "" : context_title;
  title.addEventListener("input", () => (newCourse.checked = true));
  const form = element(
    "form",
    { class: "page" },
    element("h1", {}, texts.chooseTitle(context_title)),
    element("p", {}, texts.chooseDetail),
  );
  if (options.length > 0) form.append(element("fieldset", {}, element("legend", {}, texts.chooseThere), ...options));
  form.append(
    element(
      "fieldset",
      {},
      element("legend", {}, texts.chooseNew),
      element("label", { class: "option" }, newCourse, element("span", {}, texts.chooseNew)),
      element("label", { for: "title" }, texts.newTitle),
      title,
    ),
  );
  const message = element("p", { role: "alert" });
  const save = element("button", {}, texts.chooseSave);
  form.append(message, save);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = String(new FormData(form).get("course") ?? "");
    if (!name && !title.value.trim()) return title.focus();
    save.disabled = true;
    message.textContent = "";
    try {
      const { course } = await api.put("v1/lti/context", { ...(name ? { course: name } : { new: title.value }), instead_of: current ?? null });
      go(api.link ? "link" : course.is_ready ? "course" : "documents");
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      save.disabled = false;
      const own = { 404: name ? texts.courseGone : texts.noTitle, 409: texts.chosenMeanwhile };
      message.replaceChildren(...refusal(texts, error, own));
    }
  });
  main.append(form);
}
