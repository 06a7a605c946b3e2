/**
 * What is told of a trouble: its text in the reader's language, and the service's own words where somebody else has to
 * act on them.
 *
 * @typedef {import("./api.js").Trouble} Trouble
 * @typedef {import("./texts.js").Texts} Texts
 */

import { button, element } from "../widget/dom.js";

/**
 * What stands in place of something that cannot be shown, with a button that tries again where that may help.
 *
 * @param {Texts} texts @param {Trouble} trouble @param {() => void} again
 */
export function troubleMessage(texts, { status }, again) {
  const finalText = { 401: texts.ended, 403: texts.forbidden }[status];
  const message = element("div", { class: "message", role: "alert" }, element("p", {}, finalText ?? texts.unreachable));
  if (!finalText) message.append(button("", again, texts.retry));
  return message;
}

/**
 * Why something was not done.
 *
 * @param {Texts} texts @param {Trouble} trouble
 * @param {Record<number, string>} own what a status means here
 * @returns {(Node | string)[]}
 */
export function refusal(texts, { status, detail }, own) {
  /** @type {Record<number, string>} */
  const messages = { 0: texts.unreachable, 401: texts.ended, 403: texts.forbidden, 429: texts.tooMany, ...own };
  const message = messages[status];
  return message ? [message] : withDetail(texts, status === 503 ? texts.unavailable : texts.notDone, detail);
}

/** A text, and below it what the service says of the matter, which says it in English. @param {Texts} texts @param {string} message @param {string | null} detail */
export function withDetail(texts, message, detail) {
  if (!detail) return [message];
  return [message, element("span", { class: "why" }, `${texts.forAdministrators} `, element("span", { lang: "en" }, detail))];
}
