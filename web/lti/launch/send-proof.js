/**
 * Fetch from the LMS's page what it has kept for us, and prove with it that this is the browser that began.
 */

import { askPlatform } from "./platform-storage.js";

const { origin = "", frame = "" } = document.body.dataset;
const form = document.querySelector("form");
if (form instanceof HTMLFormElement) {
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  field("proof").value = (await askPlatform("lti.get_data", { key: field("state").value }, origin, frame)) ?? "";
  form.submit();
}
