/**
 * Text from outside into DOM nodes: never through HTML.
 */

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/**
 * A link to a source, in a new tab. Only http(s) addresses become links.
 *
 * @param {string} url
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
export function sourceLink(url, attributes, ...children) {
  const safe = URL.canParse(url, document.baseURI) && /^https?:$/.test(new URL(url, document.baseURI).protocol);
  if (!safe) return element("span", attributes, ...children);
  const opening = { href: url, target: "_blank", rel: "noopener", "aria-describedby": "new-tab" };
  return element("a", { ...opening, ...attributes }, ...children);
}

/** Spaces that French typography never breaks a line at become no-break spaces. @param {string} text */
export function unbroken(text) {
  return text.replace(/ +(?=[?!:;»])/g, "\u00a0").replace(/« +/g, "«\u00a0");
}

/** "Concepts › Conteneur Docker", or the document's title above the first heading. @param {string[]} path @param {string} title */
export function placeOf(path, title) {
  return path.length > 0 ? path.join(" › ") : title;
}
