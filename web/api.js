/**
 * The HTTP interface, as the page uses it. Addresses are relative to the page, so that a path prefix works.
 *
 * @typedef {{id: string, title: string, language?: string, documents: number, sections: number,
 *   suggestions?: string[]}} Course
 * @typedef {{text: string, citations: number[], kind: string, block: number, group: number}} Sentence
 * @typedef {{number: number, document_title: string, heading_path: string[], quote: string, line_start: number,
 *   line_end: number, page: number | null, url: string}} Citation
 * @typedef {{document_id: string, heading_path: string[], anchor: string, url: string, is_empty: boolean}} RelatedSection
 * @typedef {{conversation_id: string, question: string, standalone_question: string,
 *   status: "answered" | "not_in_material" | "section_empty" | "small_talk", answer: string,
 *   language?: string, sentences: Sentence[], citations: Citation[], related_sections: RelatedSection[],
 *   correction: {from: string, to: string} | null}} Answer
 */

const RETRY_MS = 2_000;
const STARTING_LIMIT_MS = 120_000;

/** The service answered with an error: `detail` is the text for the reader, if it gave one. */
export class Problem extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(`${status} ${detail}`);
    this.status = status;
    this.detail = detail;
  }
}

/** No answer came at all. */
export class Unreachable extends Error {}

/**
 * @param {AbortSignal} signal
 * @param {() => void} onStarting called each time the service says that it is still starting
 * @returns {Promise<Course[]>}
 */
export async function courses(signal, onStarting) {
  const body = await request("v1/courses", { signal }, onStarting);
  return body.courses;
}

/**
 * @param {string} question
 * @param {string} course
 * @param {string | null} conversation that the question goes on with, the `conversation_id` of an answer
 * @param {AbortSignal} signal
 * @param {() => void} onStarting
 * @returns {Promise<Answer>}
 */
export function ask(question, course, conversation, signal, onStarting) {
  const body = JSON.stringify({ question, course, conversation_id: conversation });
  return request("v1/ask", { method: "POST", body, signal }, onStarting);
}

/**
 * The JSON body. A 503 is asked again for two minutes, since the service listens before it is ready.
 *
 * @param {string} path
 * @param {RequestInit} init
 * @param {() => void} onStarting
 * @returns {Promise<any>}
 */
async function request(path, init, onStarting) {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  const deadline = Date.now() + STARTING_LIMIT_MS;
  for (;;) {
    const response = await reach(path, { ...init, headers });
    const body = await response.json().catch(() => null);
    init.signal?.throwIfAborted();
    if (response.ok && body !== null) return body;
    const pause = pauseBeforeRetry(response);
    if (response.status !== 503 || Date.now() + pause > deadline) throw new Problem(response.status, detailOf(body));
    onStarting();
    await wait(pause, init.signal ?? null);
  }
}

/** @param {string} path @param {RequestInit} init */
async function reach(path, init) {
  try {
    return await fetch(path, init);
  } catch (error) {
    init.signal?.throwIfAborted();
    throw new Unreachable("no answer", { cause: error });
  }
}

/** RFC 9457: `detail` is for the reader, `title` names the kind of error. @param {any} body @returns {string} */
function detailOf(body) {
  for (const text of [body?.detail, body?.title]) if (typeof text === "string" && text !== "") return text;
  return "";
}

/** Milliseconds; `Retry-After` holds seconds or a date (RFC 9110, 10.2.3). @param {Response} response */
function pauseBeforeRetry(response) {
  const value = response.headers.get("Retry-After");
  if (value === null) return Infinity;
  const pause = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(pause) ? RETRY_MS : Math.max(pause, 250);
}

/** @param {number} milliseconds @param {AbortSignal | null} signal @returns {Promise<void>} */
function wait(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
