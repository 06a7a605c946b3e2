/**
 * A change of the course's documents: sent, and its job shown until it has ended.
 *
 * @typedef {import("../navigation.js").ViewContext} ViewContext
 * @typedef {{id: string, status: "queued" | "running" | "done" | "failed", done: number, total: number,
 *   detail: string}} Job
 */

import { element } from "../../../widget/dom.js";
import { Trouble, read } from "../../api.js";
import { refusal, withDetail } from "../../trouble-messages.js";

const POLL_MS = 700;
/** After a poll that failed: the pause, and how long it may go on like that. */
const AGAIN_MS = 2000;
const GIVE_UP_MS = 300_000;
/** The network is away, the service is busy or begins anew, also behind another server: the job goes on. */
const PASSING = [0, 429, 502, 503, 504];

/**
 * Send a change, and show its job until it has ended; whatever goes wrong is told there.
 *
 * @param {ViewContext} context @param {HTMLElement} jobs @param {string} path @param {RequestInit} init @param {string} name
 */
export async function sendChange({ api, texts }, jobs, path, init, name) {
  const message = element("small", {}, texts.sending);
  const bar = element("progress", { "aria-label": name });
  const row = element("li", {}, element("p", {}, name), message, bar);
  jobs.prepend(row);
  try {
    /** @type {Job} */
    let job = await read(await api.send(path, init));
    for (;;) {
      // Whatever is written there is read out, also where it was there before.
      if (message.textContent !== texts[job.status]) message.textContent = texts[job.status];
      if (job.total > 0) Object.assign(bar, { max: job.total, value: job.done });
      if (job.status === "done" || job.status === "failed") break;
      await pause(POLL_MS);
      // Whoever has left the view comes back to another one.
      if (!row.isConnected) return;
      job = await poll(api, job);
    }
    row.className = job.status;
    if (job.status === "failed") message.replaceChildren(...withDetail(texts, texts.notRead, job.detail));
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    row.className = "failed";
    const own = {
      ...(init.method === "DELETE" ? { 404: texts.notThere } : {}),
      409: texts.documentsElsewhere,
      413: texts.tooLarge,
      415: texts.notMarkdown,
      422: texts.nothingInIt,
    };
    message.replaceChildren(...refusal(texts, error, own));
  } finally {
    bar.remove();
  }
}

/** The job as it is now, as soon as the service can be asked again. @param {import("../../api.js").Api} api @param {Job} job @returns {Promise<Job>} */
async function poll(api, { id }) {
  const until = Date.now() + GIVE_UP_MS;
  for (;;) {
    try {
      return await api.get(`v1/jobs/${encodeURIComponent(id)}`);
    } catch (error) {
      if (!(error instanceof Trouble) || !PASSING.includes(error.status) || Date.now() > until) throw error;
    }
    await pause(AGAIN_MS);
  }
}

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
