/**
 * Before a login leaves for the LMS: will this browser be known when it comes back? Either the LMS's page keeps what
 * proves it, or our cookie does. Otherwise the login is left as it is, for a window where cookies are kept: what it
 * begins with is good once.
 */

import { askPlatform } from "./platform-storage.js";

const { origin = "", frame = "", key = "", value = "", cookie = "", address = "" } = document.body.dataset;

/** The cookie is none that scripts see: the service says whether it came back. */
async function isCookieKept() {
  const url = new URL(`cookie?${new URLSearchParams({ name: cookie })}`, location.href);
  const response = await fetch(url, { credentials: "same-origin", cache: "no-store" }).catch(() => null);
  return (await response?.json().catch(() => null))?.is_kept === true;
}

const isStored = frame !== "" && (await askPlatform("lti.put_data", { key, value }, origin, frame)) !== null;
if (isStored || (await isCookieKept())) location.replace(address);
else {
  for (const node of document.querySelectorAll("#wait, #window")) node.toggleAttribute("hidden");
}
