/**
 * What an entry of this frame's history keeps of its launch: no address shows it, no link can set it, browsers keep it
 * where they keep nothing else, and another launch in the same tab has entries of its own.
 *
 * @typedef {{token: string, link: string}} LaunchTokens
 *   `link`: the permission to put a link into the LMS's course, empty where that was not asked for
 */

/** @param {LaunchTokens} tokens @param {string} [address] which the entry has from now on */
export function saveLaunchTokens({ token, link }, address) {
  history.replaceState({ token, link }, "", address);
}

/** @returns {LaunchTokens} */
export function launchTokens() {
  const { token = "", link = "" } = history.state ?? {};
  return { token, link };
}
