/**
 * The page that asks. One question at a time: a new one aborts the former, and only the latest answer is shown.
 *
 * @typedef {import("./api.js").Course} Course
 */

import { answerCard, leansOnEarlier, sourceList } from "./answer.js";
import * as api from "./api.js";
import { language, messages } from "./messages.js";
import { element } from "./text.js";

/** Answers that come sooner are shown without a waiting state, which would only flicker. */
const PENDING_AFTER_MS = 150;
const SHOWN_SUGGESTIONS = 3;
const COUNT_BELOW = 200;

/**
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
function byId(id, kind) {
  const node = document.getElementById(id);
  if (!(node instanceof kind)) throw new TypeError(`index.html: #${id} is not a ${kind.name}`);
  return node;
}

const form = byId("ask", HTMLFormElement);
const question = byId("question", HTMLTextAreaElement);
const courseChoice = byId("course", HTMLSelectElement);
const intro = byId("intro", HTMLElement);
const suggestions = byId("suggestions", HTMLElement);
const answerPlace = byId("answer", HTMLElement);
const sourcesPlace = byId("sources", HTMLElement);
const afresh = byId("afresh", HTMLButtonElement);

/** @type {Course[]} */
let courses = [];
let current = new AbortController();
/** The conversation that the next question goes on with. @type {string | null} */
let conversation = null;

/** @param {Node} card @param {Node} [sources] */
function show(card, sources = document.createDocumentFragment()) {
  intro.hidden = true;
  answerPlace.replaceChildren(card);
  sourcesPlace.replaceChildren(sources);
}

/** @param {string} text @param {string} detail */
function showPending(text, detail) {
  if (answerPlace.querySelector(".pending p")?.textContent === text) return;
  const card = element("div", { class: "card pending" }, element("p", {}, text));
  card.append(detail ? element("p", { class: "said" }, detail) : element("div", { class: "bars", "aria-hidden": "true" }));
  show(card);
}

/** @param {string} title @param {string} detail @param {(() => void) | null} retry */
function showTrouble(title, detail, retry) {
  const card = element("div", { class: "card trouble" }, element("h2", {}, title), element("p", { class: "said" }, detail));
  if (retry) {
    const button = element("button", { type: "button", class: "quiet" }, messages.retry);
    button.addEventListener("click", retry);
    card.append(button);
  }
  show(card);
}

/** @param {unknown} error @param {() => void} retry */
function showError(error, retry) {
  if (error instanceof api.Unreachable) showTrouble(messages.offline, messages.offlineDetail, retry);
  else if (!(error instanceof api.Problem)) throw error;
  // The service's own words are for programs and administrators.
  else if (error.status === 503) showTrouble(messages.notReady, messages.notReadyDetail, retry);
  else if (error.status === 422) showTrouble(messages.failed, messages.refused, null);
  else showTrouble(messages.failed, messages.unexpected(error.status), retry);
}

/**
 * Runs `work` in place of what ran before it; its outcome is dropped once something else has begun.
 *
 * @param {(signal: AbortSignal) => Promise<void>} work
 */
async function instead(work) {
  current.abort();
  const controller = (current = new AbortController());
  try {
    await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) showError(error, () => void instead(work));
  }
}

const onStarting = () => showPending(messages.starting, messages.startingDetail);

/** @param {AbortSignal} signal */
async function loadCourses(signal) {
  if (courses.length > 0) return;
  courses = await api.courses(signal, onStarting);
  const wanted = new URLSearchParams(location.search).get("course");
  courseChoice.replaceChildren(...courses.map((course) => element("option", { value: course.id }, course.title)));
  if (courses.some((course) => course.id === wanted)) courseChoice.value = wanted ?? "";
  courseChoice.hidden = byId("course-label", HTMLElement).hidden = courses.length < 2;
  showCourse();
}

function showCourse() {
  const course = courses.find((course) => course.id === courseChoice.value);
  if (!course) return;
  const line = messages.courseLine(course.title, course.documents, course.sections);
  byId("course-line", HTMLElement).textContent = courses.length > 1 ? "" : line;
  for (const button of suggestions.querySelectorAll("button")) button.remove();
  for (const text of (course.suggestions ?? []).slice(0, SHOWN_SUGGESTIONS)) {
    const button = element("button", { type: "button", class: "quiet" }, text);
    button.addEventListener("click", () => {
      question.value = text;
      grow();
      submit();
    });
    suggestions.append(button);
  }
  suggestions.hidden = !course.suggestions?.length;
}

/** @param {string | null} id of the conversation, `null` for a new one */
function goOnWith(id) {
  conversation = id;
  afresh.hidden = id === null;
  question.placeholder = (id === null ? messages.markup["placeholder"] : messages.goOn) ?? "";
}

/** Forget what was asked and clear its answer; nothing waits for an answer any more. */
function beginAfresh() {
  current.abort();
  goOnWith(null);
  answerPlace.replaceChildren();
  sourcesPlace.replaceChildren();
  intro.hidden = false;
  document.title = "Repère";
  history.replaceState(null, "", `?${new URLSearchParams({ course: courseChoice.value })}`);
}

/** The address asks `text` again when it is shared or loaded anew. @param {string} text */
function setAddress(text) {
  history.replaceState(null, "", `?${new URLSearchParams({ q: text, course: courseChoice.value })}`);
}

/** The start of a visit: the courses, then the question that the address holds, if any. @param {AbortSignal} signal */
async function begin(signal) {
  const address = new URLSearchParams(location.search);
  const shared = address.get("q")?.trim() ?? "";
  const wanted = address.get("course");
  if (shared) showPending(messages.searching, "");
  await loadCourses(signal);
  if (courses.length === 0) return showTrouble(messages.noCourse, messages.noCourseDetail, () => void instead(begin));
  if (wanted !== null && !courses.some((course) => course.id === wanted)) {
    return showTrouble(messages.unknownCourse, messages.unknownCourseDetail(wanted), null);
  }
  if (shared) return ask(shared, signal);
  answerPlace.replaceChildren();
  intro.hidden = false;
}

/** @param {string} text @param {AbortSignal} signal */
async function ask(text, signal) {
  const timer = setTimeout(() => showPending(messages.searching, ""), PENDING_AFTER_MS);
  signal.addEventListener("abort", () => clearTimeout(timer));
  try {
    await loadCourses(signal);
    if (courses.length === 0) return showTrouble(messages.noCourse, messages.noCourseDetail, null);
    const course = courses.find((course) => course.id === courseChoice.value);
    setAddress(text);
    document.title = `${text} – Repère`;
    const answer = await askInConversation(text, signal, () => {
      clearTimeout(timer);
      onStarting();
    });
    goOnWith(answer.conversation_id);
    if (leansOnEarlier(answer)) setAddress(answer.standalone_question);
    show(answerCard(answer), sourceList(answer.citations, course?.language ?? "fr"));
    if (document.activeElement === question && question.value.trim() === text) question.select();
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Where the conversation is not there any more, the question begins a new one.
 *
 * @param {string} text @param {AbortSignal} signal @param {() => void} onStarting
 */
async function askInConversation(text, signal, onStarting) {
  try {
    return await api.ask(text, courseChoice.value, conversation, signal, onStarting);
  } catch (error) {
    if (!(error instanceof api.Problem) || error.status !== 404 || conversation === null) throw error;
    return api.ask(text, courseChoice.value, null, signal, onStarting);
  }
}

function submit() {
  const text = question.value.trim();
  if (text === "") return question.focus();
  // On a phone the keyboard would cover the answer.
  if (matchMedia("(pointer: coarse)").matches) question.blur();
  void instead((signal) => ask(text, signal));
}

/** The field is as high as its text; `field-sizing: content` does it alone where the browser knows it. */
function grow() {
  if (!CSS.supports("field-sizing", "content")) {
    question.style.height = "auto";
    question.style.height = `${question.scrollHeight + 2}px`;
  }
  const left = question.maxLength - question.value.length;
  byId("left", HTMLElement).textContent = left < COUNT_BELOW ? messages.charactersLeft(left) : "";
}

/** Pointing at a number, or focusing it, shows which source it is. @param {Event} event */
function pointAtSource(event) {
  const target = event.target instanceof Element ? event.target : null;
  const link = target?.closest("[data-source]") ?? document.activeElement?.closest("[data-source]");
  const pointed = link ? document.getElementById(`source-${link.getAttribute("data-source")}`) : null;
  for (const item of sourcesPlace.querySelectorAll(".pointed")) item.classList.remove("pointed");
  pointed?.classList.add("pointed");
}

function translate() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-text]")) {
    node.textContent = messages.markup[node.getAttribute("data-text") ?? ""] ?? node.textContent;
  }
}

if (language !== document.documentElement.lang) translate();
form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
question.addEventListener("input", grow);
question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
courseChoice.addEventListener("change", () => {
  showCourse();
  beginAfresh();
});
afresh.addEventListener("click", () => {
  beginAfresh();
  question.value = "";
  grow();
  question.focus();
});
for (const type of ["pointerover", "focusin", "focusout"]) answerPlace.addEventListener(type, pointAtSource);
answerPlace.addEventListener("pointerleave", pointAtSource);

const asked = new URLSearchParams(location.search).get("q");
if (asked?.trim()) {
  question.value = asked.slice(0, question.maxLength);
}
grow();
goOnWith(null);
void instead(begin);
