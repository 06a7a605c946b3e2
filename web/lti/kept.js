/**
 * What an entry of this frame's history keeps of its launch: no address shows it, no link can set it, browsers keep it
 * where they keep nothing else, and another launch in the same tab has entries of its own.
 *
 * @typedef {{token: string, link: string}} Kept
 */

/** @param {Kept} kept @param {string} [address] which the entry has from now on */
export function keep({ token, link }, address) {
  history.replaceState({ token, link }, "", address);
}

/** @returns {Kept} */
export function kept() {
  const { token = "", link = "" } = history.state ?? {};
  return { token, link };
}
