/**
 * Which course the LMS's course is mapped to: the teacher chooses once, for everybody who comes from there.
 *
 * @typedef {import("./view.js").Place} Place
 */

import { element } from "../widget/dom.js";
import { Trouble } from "./api.js";
import { refusal } from "./troubles.js";

/** @param {Place} place */
export async function choose({ api, session, texts, main, go }) {
  const { context_title, courses } = session;
  const present = session.course?.id;
  const options = courses.map((name) => {
    const radio = element("input", { type: "radio", name: "course", value: name });
    radio.checked = name === present;
    const label = element("label", { class: "option" }, radio, element("span", {}, name));
    if (name === present) label.append(element("small", {}, texts.chosen));
    return label;
  });
  const fresh = element("input", { type: "radio", name: "course", value: "" });
  fresh.checked = !present;
  const title = element("input", { type: "text", id: "title", maxlength: "100", autocomplete: "off" });
  title.value = present ? "" : context_title;
  title.addEventListener("input", () => (fresh.checked = true));
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
      element("label", { class: "option" }, fresh, element("span", {}, texts.chooseNew)),
      element("label", { for: "title" }, texts.newTitle),
      title,
    ),
  );
  const told = element("p", { role: "alert" });
  const save = element("button", {}, texts.chooseSave);
  form.append(told, save);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = String(new FormData(form).get("course") ?? "");
    if (!name && !title.value.trim()) return title.focus();
    save.disabled = true;
    told.textContent = "";
    try {
      const chosen = await api.put("v1/lti/context", { ...(name ? { course: name } : { new: title.value }), instead_of: present ?? null });
      go(api.link ? "link" : chosen.course.is_ready ? "course" : "documents");
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      save.disabled = false;
      const own = { 404: name ? texts.courseGone : texts.noTitle, 409: texts.chosenMeanwhile };
      told.replaceChildren(...refusal(texts, error, own));
    }
  });
  main.append(form);
}
