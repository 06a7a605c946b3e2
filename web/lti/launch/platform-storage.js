/**
 * What the page of the LMS keeps for us, where a browser keeps no cookie of ours: messages to its frame, as "LTI Client
 * Side postMessages" and "LTI Platform Storage" have them.
 */

const WAIT_MS = 3000;

/**
 * Ask the LMS's page, and no other: the message goes to `origin`, and an answer from elsewhere is none.
 *
 * @param {string} subject @param {{key: string, value?: string}} fields
 * @param {string} origin of the address that the LMS signs people in at
 * @param {string} frame the name of the frame that listens, or `_parent`
 * @returns {Promise<string | null>} the value; `null` where nobody answers, or with an error
 */
export function askPlatform(subject, fields, origin, frame) {
  const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const page = window.opener ?? window.parent;
  return new Promise((resolve) => {
    const end = (/** @type {string | null} */ value) => {
      clearTimeout(timer);
      removeEventListener("message", hear);
      resolve(value);
    };
    const hear = (/** @type {MessageEvent} */ event) => {
      const { data } = event;
      if (event.origin !== origin || data?.subject !== `${subject}.response` || data.message_id !== id) return;
      end(data.error ? null : String(data.value ?? ""));
    };
    const timer = setTimeout(() => end(null), WAIT_MS);
    addEventListener("message", hear);
    try {
      const target = frame === "_parent" ? page : page.frames[frame] ?? page;
      target.postMessage({ subject, message_id: id, ...fields }, origin);
    } catch {
      end(null);
    }
  });
}
