/**
 * One conversation of one tab: what was asked, what came, what is kept for a reload, and when to try again.
 *
 * @typedef {import("./api.js").Answer} Answer
 * @typedef {import("./api.js").Citation} Citation
 * @typedef {import("./api.js").Cited} Cited
 * @typedef {import("./api.js").Course} Course
 * @typedef {import("./api.js").Progress} Progress
 * @typedef {import("./api.js").Sentence} Sentence
 * @typedef {"asking" | "done" | "stopped" | "failed"} State
 * @typedef {{token?: string, conversation?: string | null, pending?: {question: string, key: string} | null,
 *   isOpen?: boolean}} Kept
 */

import { BASE, Service, Trouble } from "./api.js";

const LONGEST_PAUSE_SECONDS = 8;
const GIVE_UP_MS = 180_000;

/** A question and what has come of its answer so far. */
export class Asked {
  /** @param {string} question @param {string} key that names it for the service */
  constructor(question, key = `${Date.now()}-${Math.random()}`) {
    this.question = question;
    this.key = key;
  }

  /** @type {State} */
  state = "asking";
  /** @type {Progress | null} */
  progress = null;
  /** @type {Sentence[]} */
  sentences = [];
  /** @type {Citation[]} */
  citations = [];
  /** @type {Answer | null} */
  answer = null;
  /** What became of the citations of an answer that was read again. @type {Cited[]} */
  cited = [];
  /** Why there is no answer, or not yet. @type {Trouble | null} */
  trouble = null;
  stop = new AbortController();

  /** @param {Answer} answer @param {Cited[]} [cited] */
  finish(answer, cited = []) {
    Object.assign(this, { answer, cited, progress: answer, state: "done", trouble: null });
    this.sentences = answer.sentences;
    this.citations = answer.citations;
  }
}

export class Conversation {
  /** @param {string} course @param {string} id of the element @param {(asked: Asked | null) => void} changed told which turn, `null` for all of them @param {string | null} token of a session that the page has */
  constructor(course, id, changed, token) {
    this.#key = `repere ${BASE} ${course} ${id}`;
    this.#kept = this.#load();
    if (token) this.#kept.token = token;
    this.#changed = changed;
    const tokens = { get: () => this.#kept.token ?? null, set: (/** @type {string} */ token) => this.#keep({ token }) };
    this.service = new Service(course, tokens);
  }

  /** @type {Asked[]} */
  turns = [];
  #key;
  /** @type {Kept} */
  #kept;
  #changed;

  get isOpen() {
    return this.#kept.isOpen === true;
  }

  set isOpen(isOpen) {
    this.#keep({ isOpen });
  }

  /** Whether a question waits for its answer. */
  get asking() {
    return this.turns.find((asked) => asked.state === "asking") ?? null;
  }

  /** The course, once the service is there. @param {AbortSignal} signal @param {(trouble: Trouble) => void} told why it waits */
  begin(signal, told) {
    return persist(() => this.service.session(signal), signal, told);
  }

  /** What this tab asked before it was loaded anew. @param {AbortSignal} signal @param {(trouble: Trouble) => void} told why it waits */
  async restore(signal, told) {
    let { conversation, pending } = this.#kept;
    if (conversation) {
      try {
        const turns = await persist(() => this.service.conversation(conversation, signal), signal, told);
        const before = turns.map(({ answer, cited }) => {
          const asked = new Asked(answer.question, answer.id);
          asked.finish(answer, cited);
          return asked;
        });
        this.turns.unshift(...before.filter(({ key }) => !this.turns.some(({ answer }) => answer?.id === key)));
        // The answer was kept, and only its end did not come.
        if (before.at(-1)?.question === pending?.question) {
          pending = null;
          if (!this.asking) this.#keep({ pending });
        }
      } catch (error) {
        // It was removed, or is nobody's any more: the next question begins another.
        if (!(error instanceof Trouble)) throw error;
        this.#keep({ conversation: null });
      }
      this.#changed(null);
    }
    // What was asked while this was loading is on its way already.
    if (pending?.question && !this.turns.some(({ key }) => key === pending?.key)) void this.#run(this.#add(new Asked(pending.question, pending.key)));
  }

  /** @param {string} question */
  ask(question) {
    this.asking?.stop.abort();
    void this.#run(this.#add(new Asked(question)));
  }

  /** The same question once more, as the same one. @param {Asked} asked */
  again(asked) {
    this.asking?.stop.abort();
    Object.assign(asked, new Asked(asked.question, this.turns.at(-1) === asked ? asked.key : undefined));
    void this.#run(asked);
  }

  /** Nothing is told or kept any more of what was asked; what is kept stays. */
  leave() {
    this.asking?.stop.abort();
    this.turns = [];
  }

  /** Forget what was asked in this tab. */
  beginAfresh() {
    this.leave();
    this.#keep({ conversation: null, pending: null });
    this.#changed(null);
  }

  /** @param {Asked} asked */
  #add(asked) {
    this.turns.push(asked);
    return asked;
  }

  /** @param {Asked} asked */
  async #run(asked) {
    const { signal } = asked.stop;
    this.#keep({ pending: { question: asked.question, key: asked.key } });
    this.#changed(asked);
    try {
      const told = (/** @type {Trouble} */ trouble) => {
        asked.trouble = trouble;
        this.#changed(asked);
      };
      asked.finish(await persist(() => this.#once(asked, signal), signal, told, GIVE_UP_MS));
      if (this.turns.includes(asked)) this.#keep({ conversation: asked.answer?.conversation_id ?? null });
    } catch (error) {
      if (!signal.aborted && !(error instanceof Trouble)) throw error;
      asked.state = signal.aborted ? "stopped" : "failed";
      asked.trouble = error instanceof Trouble ? error : null;
    } finally {
      if (this.turns.includes(asked)) {
        if (this.#kept.pending?.key === asked.key) this.#keep({ pending: null });
        this.#changed(asked);
      }
    }
  }

  /** Where the conversation is not there any more, the question begins a new one. @param {Asked} asked @param {AbortSignal} signal @returns {Promise<Answer>} */
  async #once(asked, signal) {
    const conversation_id = this.#kept.conversation ?? null;
    try {
      const take = (/** @type {string} */ name, /** @type {any} */ data) => this.#take(asked, name, data);
      return await this.service.ask({ question: asked.question, conversation_id }, asked.key, take, signal);
    } catch (error) {
      if (!(error instanceof Trouble) || error.status !== 404 || !conversation_id) throw error;
      this.#keep({ conversation: null });
      return this.#once(asked, signal);
    }
  }

  /** @param {Asked} asked @param {string} name @param {any} data */
  #take(asked, name, data) {
    if (name === "status") Object.assign(asked, { progress: data, sentences: [], citations: [], trouble: null });
    else if (name === "citation") asked.citations.push(data);
    else if (name === "sentence") asked.sentences.push(data);
    if (name !== "citation" && name !== "done") this.#changed(asked);
  }

  /** @param {Kept} part */
  #keep(part) {
    Object.assign(this.#kept, part);
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(this.#kept));
    } catch {
      // Without storage (a sandboxed frame, private browsing) a reload begins afresh.
    }
  }

  /** @returns {Kept} */
  #load() {
    try {
      return { ...JSON.parse(sessionStorage.getItem(this.#key) ?? "{}") };
    } catch {
      return {};
    }
  }
}

/**
 * Does `work` until it is done, or meets trouble that does not pass, or passes too late. `told` hears each second why it
 * waits; a connection that comes back ends the wait.
 *
 * @template Result
 * @param {() => Promise<Result>} work @param {AbortSignal} signal @param {(trouble: Trouble) => void} told
 * @param {number} [longest] milliseconds
 * @returns {Promise<Result>}
 */
async function persist(work, signal, told, longest = Infinity) {
  const deadline = Date.now() + longest;
  for (let i = 0; ; i += 1) {
    try {
      return await new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        work().then(resolve, reject);
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Trouble) || !error.passes || Date.now() > deadline) throw error;
      const until = Date.now() + 1000 * (error.seconds ?? Math.min(2 ** i, LONGEST_PAUSE_SECONDS));
      for (let left; (left = until - Date.now()) > 0 || !navigator.onLine; ) {
        error.seconds = Math.max(1, Math.ceil(left / 1000));
        told(error);
        if (await secondOrOnline(signal)) break;
      }
    }
  }
}

/** Whether the connection came back within a second. @param {AbortSignal} signal @returns {Promise<boolean>} */
function secondOrOnline(signal) {
  return new Promise((resolve, reject) => {
    const ended = new AbortController();
    const end = (/** @type {() => void} */ settle) => {
      clearTimeout(timer);
      ended.abort();
      settle();
    };
    const timer = setTimeout(() => end(() => resolve(false)), 1000);
    addEventListener("online", () => end(() => resolve(true)), { signal: ended.signal });
    signal.addEventListener("abort", () => end(() => reject(signal.reason)), { signal: ended.signal });
  });
}
