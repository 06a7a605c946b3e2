/**
 * The service, as the widget uses it: one session, questions answered event by event, sources, opinions.
 *
 * @typedef {{text: string, marks?: string[], href?: string | null, cell?: number | null}} Span
 * @typedef {{text: string, kind: string, block: number, group: number, spans?: Span[], level?: number,
 *   ordinal?: number | null, continues?: boolean, is_header?: boolean, citations?: number[], quoted?: boolean}} Sentence
 * @typedef {{number: number, document_id: string, document_title: string, heading_path: string[], anchor: string,
 *   quote: string, shown?: string, start: number, end: number, url: string, document_version: string}} Citation
 * @typedef {{document_id: string, heading_path: string[], anchor: string, url: string, is_empty: boolean}} RelatedSection
 * @typedef {{from: string, to: string}} Correction
 * @typedef {"answered" | "not_in_material" | "section_empty" | "small_talk"} Status
 * @typedef {{status: Status, standalone_question: string, correction: Correction | null}} Progress
 * @typedef {Progress & {id: string, conversation_id: string, language: string, question: string, answer: string,
 *   sentences: Sentence[], citations: Citation[], related_sections: RelatedSection[]}} Answer
 * @typedef {{number: number, standing: string, document_changed: boolean}} Cited
 * @typedef {{answer: Answer, cited: Cited[]}} Turn
 * @typedef {{id: string, title: string, language: string, suggestions: string[], url: string | null}} Course
 * @typedef {{document_id: string, anchor: string, url: string, start?: number, end?: number,
 *   document_version?: string}} Place
 * @typedef {{document_title: string, heading_path: string[], language: string, is_current: boolean, is_empty: boolean,
 *   url: string, sentences: Sentence[], more_before: boolean, more_after: boolean}} Section
 * @typedef {(name: string, data: any) => void} OnEvent
 * @typedef {{get: () => string | null, set: (token: string) => void}} TokenStore
 */

/** Where the service is: the folder that `widget.js` was loaded from. */
export const BASE = new URL("../", import.meta.url).href;

/**
 * The service did not do what it was asked.
 *
 * `status` is the HTTP status, 0 where no answer came or not all of it. `seconds`: how long to wait before the next
 * try, `null` where the service does not say.
 */
export class Trouble extends Error {
  /** @param {number} status @param {number | null} [seconds] @param {unknown} [cause] */
  constructor(status, seconds = null, cause = undefined) {
    super(`status ${status}`, { cause });
    this.status = status;
    this.seconds = seconds;
  }

  /** Whether the same request may succeed later. */
  get passes() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export class Service {
  /** @param {string} course @param {TokenStore} tokens that outlive this page */
  constructor(course, tokens) {
    this.#course = course;
    this.#tokens = tokens;
  }

  #course;
  #tokens;
  /** @type {Promise<Course> | null} */
  #beginning = null;

  /** The course, once there is a session. @param {AbortSignal} signal @returns {Promise<Course>} */
  session(signal) {
    this.#beginning ??= this.#begin(signal).catch((error) => {
      this.#beginning = null;
      throw error;
    });
    return this.#beginning;
  }

  /**
   * Asks, and tells each event. `key` names this question: the same again gets the answer that was given.
   *
   * @param {{question: string, conversation_id: string | null}} question
   * @param {string} key
   * @param {OnEvent} onEvent
   * @param {AbortSignal} signal
   * @returns {Promise<Answer>}
   */
  async ask(question, key, onEvent, signal) {
    const headers = { Accept: "text/event-stream", "Idempotency-Key": key };
    const response = await this.#send("v1/ask", { ...question, course: this.#course }, signal, headers);
    /** @type {Answer | null} */
    let answer = null;
    for await (const [name, data] of events(response, signal)) {
      if (name === "error") throw new Trouble(data.status);
      if (name === "done") answer = data;
      onEvent(name, data);
    }
    if (answer === null) throw new Trouble(0);
    return answer;
  }

  /** What was asked and answered before. @param {string} id @param {AbortSignal} signal @returns {Promise<Turn[]>} */
  async conversation(id, signal) {
    return (await this.#json(`v1/conversations/${encodeURIComponent(id)}`, null, signal)).turns;
  }

  /** @param {Place} place @param {AbortSignal} signal @returns {Promise<Section>} */
  section(place, signal) {
    const query = new URLSearchParams({ anchor: place.anchor });
    if (place.document_version !== undefined) {
      query.set("version", place.document_version);
      query.set("start", `${place.start}`);
      query.set("end", `${place.end}`);
    }
    const path = `v1/courses/${this.#course}/documents/${encodeURIComponent(place.document_id)}/section`;
    return this.#json(`${path}?${query}`, null, signal);
  }

  /** @param {string} answer its id @param {"up" | "down" | "missing"} rating @param {string} reason @param {AbortSignal} signal */
  async rate(answer, rating, reason, signal) {
    await this.#send(`v1/answers/${encodeURIComponent(answer)}/feedback`, { rating, reason: reason || null }, signal);
  }

  /** @param {AbortSignal} signal @returns {Promise<Course>} */
  async #begin(signal) {
    const before = this.#tokens.get();
    /** @type {Record<string, string>} */
    const headers = before ? { Authorization: `Bearer ${before}` } : {};
    const response = await reach("v1/session", { course: this.#course }, signal, headers);
    const { token, course } = await read(response, signal);
    this.#tokens.set(token);
    return course;
  }

  /** @param {string} path @param {object | null} body @param {AbortSignal} signal @returns {Promise<any>} */
  async #json(path, body, signal) {
    return read(await this.#send(path, body, signal), signal);
  }

  /**
   * Within the session; one that has ended is renewed once.
   *
   * @param {string} path @param {object | null} body @param {AbortSignal} signal
   * @param {Record<string, string>} [headers]
   */
  async #send(path, body, signal, headers = {}) {
    for (let isRenewed = false; ; isRenewed = true) {
      await this.session(signal);
      const authorized = { Accept: "application/json", ...headers, Authorization: `Bearer ${this.#tokens.get()}` };
      try {
        return await reach(path, body, signal, authorized);
      } catch (error) {
        if (!(error instanceof Trouble) || error.status !== 401 || isRenewed) throw error;
        this.#beginning = null;
      }
    }
  }
}

/** @param {string} path @param {object | null} body @param {AbortSignal} signal @param {Record<string, string>} headers */
async function reach(path, body, signal, headers) {
  /** @type {RequestInit} */
  const init = { signal, headers, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" };
  if (body !== null) {
    init.method = "POST";
    init.headers = { ...headers, "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const response = await inTime(fetch(new URL(path, BASE), init)).catch((error) => {
    signal.throwIfAborted();
    throw new Trouble(0, null, error);
  });
  // A date, which `Retry-After` may hold too, is none of ours.
  if (!response.ok) throw new Trouble(response.status, Number(response.headers.get("Retry-After")) || null);
  return response;
}

/** Fails where nothing comes for long: the service sends a sign of life every ten seconds. @template T @param {Promise<T>} promise @returns {Promise<T>} */
const inTime = (promise) => Promise.race([promise, new Promise((_, fail) => setTimeout(fail, 30_000))]);

/** @param {Response} response @param {AbortSignal} signal @returns {Promise<any>} */
async function read(response, signal) {
  try {
    return await response.json();
  } catch (error) {
    signal.throwIfAborted();
    throw new Trouble(0, null, error);
  }
}

/**
 * Server-sent events: names and their data.
 *
 * @param {Response} response @param {AbortSignal} signal
 * @returns {AsyncGenerator<[string, any]>}
 */
async function* events(response, signal) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) throw new Trouble(0);
  let text = "";
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read());
      if (done) return;
      text += value;
      const parts = text.split(/\r?\n\r?\n/);
      text = parts.pop() ?? "";
      for (const part of parts) {
        const lines = part.split(/\r?\n/);
        const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
        const name = lines.find((line) => line.startsWith("event:"))?.slice(6).trim() ?? "message";
        if (data.length > 0) yield [name, JSON.parse(data.join("\n"))];
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new Trouble(0, null, error);
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
