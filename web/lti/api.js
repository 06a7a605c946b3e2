/**
 * The API, as the views within an LMS use it: with the token of the launch, which is renewed once where it has ended.
 *
 * @typedef {"student" | "teacher" | "administrator"} Role
 * @typedef {{id: string, title: string, is_ready: boolean, is_managed: boolean}} Course
 * @typedef {{token: string, role: Role, person: string, context_title: string, course: Course | null,
 *   courses: string[]}} Session
 */

import { launchTokens, saveLaunchTokens } from "./launch-tokens.js";

/** Where the service is: above the folder of the static files. */
export const BASE = new URL("../../", import.meta.url);

/** The service refuses, or does not answer: then `status` is 0. */
export class Trouble extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(detail || `HTTP ${status}`);
    this.status = status;
    this.detail = detail;
  }
}

export class Api {
  #tokens = launchTokens();

  get token() {
    return this.#tokens.token;
  }

  /** The permission to put a link into the LMS's course, where that was asked for. */
  get link() {
    return this.#tokens.link;
  }

  /** @returns {Promise<Session>} */
  async session() {
    // The address was opened by itself, not from the LMS.
    if (!this.token) throw new Trouble(401, "");
    const session = await read(await this.#once("v1/lti/session", {}));
    this.#tokens = { ...this.#tokens, token: session.token };
    saveLaunchTokens(this.#tokens);
    return session;
  }

  /** @param {string} path @returns {Promise<any>} */
  async get(path) {
    return read(await this.send(path, {}));
  }

  /** @param {string} path @param {object} body @returns {Promise<any>} */
  async put(path, body) {
    const headers = { "Content-Type": "application/json" };
    return read(await this.send(path, { method: "PUT", headers, body: JSON.stringify(body) }));
  }

  /** @param {string} path @param {RequestInit} init @returns {Promise<Response>} */
  async send(path, init) {
    try {
      return await this.#once(path, init);
    } catch (error) {
      if (!(error instanceof Trouble) || error.status !== 401) throw error;
      await this.session();
      return this.#once(path, init);
    }
  }

  /** @param {string} path @param {RequestInit} init */
  async #once(path, init) {
    const headers = { Accept: "application/json", ...init.headers, Authorization: `Bearer ${this.token}` };
    const response = await fetch(new URL(path, BASE), { ...init, headers, credentials: "omit", cache: "no-store" }).catch(() => null);
    if (!response) throw new Trouble(0, "");
    if (!response.ok) {
      const problem = await response.json().catch(() => ({}));
      throw new Trouble(response.status, problem.detail ?? "");
    }
    return response;
  }
}

/** What an answer says. @param {Response} response @returns {Promise<any>} */
export async function read(response) {
  try {
    return await response.json();
  } catch {
    throw new Trouble(0, "");
  }
}

/** @param {string} course */
export const coursePath = (course) => `v1/courses/${encodeURIComponent(course)}`;
