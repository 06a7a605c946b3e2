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

// Code, then strong (which may hold code), then a link or an image, of which the text stays.
const MARKS = /(`+)(.+?)\1(?!`)|\*\*(.+?)\*\*|!?\[([^\]]*)\]\([^)\s]*\)/gs;

/** A sentence of the material with its inline Markdown shown: code, strong, links as text. @param {string} text */
export function inline(text) {
  const nodes = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(MARKS)) {
    nodes.append(unbroken(text.slice(end, match.index)));
    const [whole, , code, strong, label] = match;
    if (code !== undefined) nodes.append(element("code", {}, code));
    else if (strong !== undefined) nodes.append(element("strong", {}, inline(strong)));
    else nodes.append(inline(label ?? ""));
    end = match.index + whole.length;
  }
  nodes.append(unbroken(text.slice(end)));
  return nodes;
}

/** Spaces that French typography never breaks a line at become no-break spaces. @param {string} text */
function unbroken(text) {
  return text.replace(/ +(?=[?!:;»])/g, "\u00a0").replace(/« +/g, "«\u00a0");
}

/** "Concepts › Conteneur Docker", or the document's title above the first heading. @param {string[]} path @param {string} title */
export function placeOf(path, title) {
  return path.length > 0 ? path.join(" › ") : title;
}
