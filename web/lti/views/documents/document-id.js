/**
 * What the service calls a document: `slug` of `corpus/document.py`, cut to the longest name that is taken.
 */

const LONGEST = 100;
/** Those that stand on a letter or digit; a character that only chooses how one looks does not. */
const MARKS = /(?![\u034f\ufe00-\ufe0f\u{e0100}-\u{e01ef}])\p{Mn}/gu;

/** The name for a file's name; empty where nothing is left of it. @param {string} name */
export function slug(name) {
  const spelt = name.replace(/[œŒ]/g, "oe").replace(/æ/g, "ae");
  const plain = spelt.normalize("NFKD").replace(MARKS, "").toLowerCase();
  const joined = plain.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  return joined.slice(0, LONGEST).replace(/-$/, "");
}
