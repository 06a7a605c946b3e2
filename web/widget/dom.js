/**
 * Nodes out of text, never through HTML.
 */

const SVG = "http://www.w3.org/2000/svg";

/** Outlines in a square of 24. */
const SHAPES = {
  ask: "M21 12a8.5 8.5 0 0 1-12.3 7.6L3 21l1.5-5.4A8.5 8.5 0 1 1 21 12Z",
  close: "M6 6l12 12M18 6 6 18",
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M7 7h10v10H7z",
  afresh: "M4 12a8 8 0 1 0 2.5-5.8M4 4v4h4",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  done: "M5 12.5 10 17.5 19 7",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7L12 7M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7L12 17",
  up: "M7 11v9H4v-9zM7 11l4-8a2.5 2.5 0 0 1 2.5 2.5V9H19a2 2 0 0 1 2 2.3l-1.1 7A2 2 0 0 1 18 20H7",
  down: "M17 13V4h3v9zM17 13l-4 8a2.5 2.5 0 0 1-2.5-2.5V15H5a2 2 0 0 1-2-2.3l1.1-7A2 2 0 0 1 6 4h11",
  none: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM16 16l5 5M8.5 11h5",
};

/** @typedef {keyof typeof SHAPES} Shape */

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** A drawing that says nothing to a screen reader. @param {Shape} shape */
export function icon(shape) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of [["viewBox", "0 0 24 24"], ["class", "icon"], ["aria-hidden", "true"]]) {
    svg.setAttribute(`${key}`, `${value}`);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[shape]);
  svg.append(path);
  return svg;
}

/**
 * @param {string} kind the classes
 * @param {(event: MouseEvent) => void} act
 * @param {...(Node | string)} children
 */
export function button(kind, act, ...children) {
  const node = element("button", { type: "button", class: kind }, ...children);
  node.addEventListener("click", act);
  return node;
}

/** A button with a drawing and a name that is not seen. @param {string} kind @param {Shape} shape @param {string} name @param {(event: MouseEvent) => void} act */
export function iconButton(kind, shape, name, act) {
  const node = button(`quiet ${kind}`, act, icon(shape));
  node.setAttribute("aria-label", name);
  node.title = name;
  return node;
}

/** A link in a new tab; text alone where the address is none of the web's. @param {string} href @param {Record<string, string>} attributes @param {...(Node | string)} children */
export function link(href, attributes, ...children) {
  if (!/^(?:https?|mailto):/i.test(href) || !URL.canParse(href)) return element("span", attributes, ...children);
  return element("a", { ...attributes, href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** Spaces that French typography never breaks a line at become no-break spaces. @param {string} text */
export function unbroken(text) {
  return text.replace(/ +(?=[?!:;»])/g, "\u00a0").replace(/« +/g, "«\u00a0");
}

/** Into the clipboard, also where the page has no right to its interface. @param {string} text @param {Node} root to select in */
export async function copy(text, root) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = element("textarea", { class: "hidden", readonly: "" }, text);
    const focused = /** @type {ShadowRoot} */ (root.getRootNode()).activeElement;
    root.appendChild(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
    if (!copied) throw new Error("not copied");
  }
}
