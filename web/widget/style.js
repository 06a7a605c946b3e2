/**
 * How the widget looks. Every size is in `em` of `--repere-font-size`, so that a page's own sizes do not matter.
 *
 * A page may set: --repere-accent, --repere-on-accent, --repere-surface, --repere-ink, --repere-font,
 * --repere-font-size, --repere-radius, --repere-width, --repere-height, --repere-inset, --repere-z-index.
 */

const LIGHT = `
--surface: var(--repere-surface, #fff); --ink: var(--repere-ink, #17211e);
--accent: var(--repere-accent, #0c5f55); --on-accent: var(--repere-on-accent, #fff);`;

const DARK = `
--surface: var(--repere-surface, #181f1d); --ink: var(--repere-ink, #e7ece9);
--accent: var(--repere-accent, #7fd1bf); --on-accent: var(--repere-on-accent, #06201b);`;

/** Whatever ground and text are, all else can be told from both. */
const MIXED = `
--sunken: color-mix(in srgb, var(--ink) 7%, var(--surface)); --line: color-mix(in srgb, var(--ink) 17%, var(--surface));
--edge: color-mix(in srgb, var(--ink) 57%, var(--surface)); --soft: color-mix(in srgb, var(--ink) 72%, var(--surface));
--wash: color-mix(in srgb, var(--accent) 12%, var(--surface)); --mark: color-mix(in srgb, #ffc800 35%, var(--surface));
--mark-edge: #c99700; --danger: color-mix(in srgb, #d22 60%, var(--ink));`;

const CSS = `
:host { all: initial !important; display: block !important; ${LIGHT} ${MIXED} color-scheme: light !important;
  font: var(--repere-font-size, 16px)/1.55 var(--repere-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif) !important; }
:host([hidden]) { display: none !important; }
:host([theme="dark"]) { ${DARK} color-scheme: dark !important; }
@media (prefers-color-scheme: dark) { :host(:not([theme="light"])) { ${DARK} color-scheme: dark !important; } }
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
p, h2, h3, h4, h5, ul, ol, figure, blockquote { margin: 0; }
h2, h3, h4, h5 { font-size: 1em; font-weight: 650; line-height: 1.35; }
button, textarea, input { color: inherit; font: inherit; }
button, a.quiet { display: inline-flex; align-items: center; justify-content: center; gap: .5em; min-height: 2.5em; padding: .35em .9em;
  border: 1px solid transparent; border-radius: .6em; background: var(--accent); color: var(--on-accent); font-weight: 600; line-height: 1.3; cursor: pointer; }
button.quiet, a.quiet { border-color: var(--line); background: none; color: var(--ink); font-weight: 500; text-align: start; text-decoration: none; }
button.quiet:hover, a.quiet:hover { border-color: var(--accent); background: var(--wash); }
button:disabled { opacity: .6; cursor: default; }
.small { min-height: 1.9em; padding: .1em .6em; font-size: .85em; }
a { color: var(--accent); text-underline-offset: .18em; overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.icon { flex: none; width: 1.25em; height: 1.25em; fill: none; stroke: currentColor; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; }

.launcher { position: fixed; inset-block-end: var(--repere-inset, 20px); inset-inline-end: var(--repere-inset, 20px); z-index: var(--repere-z-index, 2147483000);
  min-height: 3.25em; padding-inline: 1.15em; border-radius: 2em; box-shadow: 0 2px 6px rgb(0 0 0 / 20%), 0 8px 24px rgb(0 0 0 / 18%); }
.launcher:hover { filter: brightness(1.1); }
.launcher:focus-visible { outline-color: var(--ink); }

.panel { display: flex; flex-direction: column; width: 100%; height: var(--repere-height, 40em); max-height: 100dvh; margin: 0; padding: 0; overflow: hidden;
  border: 1px solid var(--line); border-radius: var(--repere-radius, .9em); background: var(--surface); color: var(--ink); overflow-wrap: break-word; container-type: inline-size; }
.panel > * { direction: ltr; }
dialog.panel { position: fixed; inset: auto; inset-block-end: var(--repere-inset, 20px); inset-inline-end: var(--repere-inset, 20px); z-index: var(--repere-z-index, 2147483000);
  width: min(var(--repere-width, 27em), 100vw - 2 * var(--repere-inset, 20px)); height: min(var(--repere-height, 44em), 100dvh - 2 * var(--repere-inset, 20px));
  max-width: none; box-shadow: 0 4px 12px rgb(0 0 0 / 14%), 0 16px 48px rgb(0 0 0 / 22%); }
dialog.panel:not([open]) { display: none; }
dialog.panel:has(.source:not([hidden])) { width: min(58em, 100vw - 2 * var(--repere-inset, 20px)); }
dialog::backdrop { background: rgb(0 0 0 / 40%); }
.panel.page { height: var(--repere-height, 100dvh); border: 0; border-radius: 0; }
@media (max-width: 640px) {
  dialog.panel, dialog.panel:has(.source:not([hidden])) { inset: 0; width: 100%; height: 100dvh; border: 0; border-radius: 0; }
}
header { display: flex; align-items: center; gap: .25em; min-height: 3.25em; padding: .3em .5em .3em 1em; border-block-end: 1px solid var(--line); }
header h2, header h3 { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
header .quiet { min-width: 2.5em; padding: .35em; border-color: transparent; }
.page > header { padding-inline: max(1em, (100% - 46em) / 2); }
.page > header h2 { font-size: 1.1em; }

.body { display: flex; flex: 1; min-height: 0; position: relative; }
.column { display: flex; flex: 1; flex-direction: column; min-width: 0; position: relative; }
.log { flex: 1; container-type: size; min-height: 0; padding: 1em; overflow-y: auto; overscroll-behavior: contain; }
.page .log, .page .foot { padding-inline: max(1em, (100% - 46em) / 2); }
.log:focus-visible, .section:focus-visible, pre:focus-visible, .scroll:focus-visible { outline-offset: -3px; }
.lead { font-size: 1.3em; font-weight: 680; line-height: 1.25; }
.welcome > p + p { margin-block-start: .5em; color: var(--soft); }
.suggestions { display: grid; justify-items: start; gap: .5em; margin-block-start: 1.5em; }

.turn { display: grid; align-content: start; gap: .75em; grid-template-columns: minmax(0, 1fr); }
.turn + .turn { margin-block-start: 1.5em; padding-block-start: 1.5em; border-block-start: 1px solid var(--line); }
.turn:last-child { min-height: 100cqh; }
.turn > * { justify-self: start; max-width: 100%; }
.asked { justify-self: end; max-width: 85%; padding: .55em .9em; border-radius: 1em 1em .25em; background: var(--wash); font-weight: 500; white-space: pre-wrap; }
.read-as, .keys, .path { color: var(--soft); font-size: .875em; }
.text { width: 100%; }
.text > * + *, .list > * + * { margin-block-start: .75em; }
ul, ol { padding-inline-start: 1.5em; }
li + li, li > :is(ul, ol, p, figure) { margin-block-start: .3em; }
code { padding: .1em .3em; border-radius: .3em; background: var(--sunken); font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
.code { border-radius: .6em; background: var(--sunken); }
pre { margin: 0; padding: .75em 1em 0; overflow-x: auto; line-height: 1.5; tab-size: 4; }
pre code { padding: 0; background: none; overflow-wrap: normal; }
figcaption { display: flex; justify-content: end; align-items: center; gap: .4em; padding: .35em .5em; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .94em; }
th, td { padding: .35em .7em; border: 1px solid var(--line); text-align: start; vertical-align: top; }
th { background: var(--sunken); font-weight: 650; }
.chip { display: inline; position: relative; min-height: 0; margin-inline-start: .2em; padding: .1em .45em; border: 0; border-radius: .4em; background: var(--wash); color: var(--accent);
  font-size: .75em; font-weight: 650; line-height: 1.5; vertical-align: .3em; font-variant-numeric: tabular-nums; }
.chip::after { position: absolute; inset: -.55em -.15em; content: ""; }
.chip:hover, .chip:focus-visible, .chip[aria-current] { background: var(--accent); color: var(--on-accent); }
@media (pointer: coarse) { .chip { padding-inline: .7em; } .chip::after { inset-block: -.8em; } }

.refusal { display: grid; justify-items: start; gap: .6em; width: 100%; padding: 1em; border: 1px dashed var(--edge); border-radius: .75em; }
.refusal h4 { display: flex; align-items: center; gap: .5em; }
.refusal ul { padding: 0; list-style: none; }
.refusal li a { display: inline-block; padding-block: .3em; }
.notice { padding: .6em .8em; border-inline-start: 4px solid var(--mark-edge); border-radius: .3em; background: var(--sunken); font-size: .94em; }
.trouble { border-color: var(--danger); color: var(--danger); }
.waiting { color: var(--soft); }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: .25em; color: var(--soft); }
.actions > .quiet { min-width: 2.5em; padding: .35em; border-color: transparent; color: inherit; }
.thumb[aria-pressed="true"] { background: var(--wash); color: var(--accent) !important; }
.opinion { display: flex; flex-wrap: wrap; align-items: center; gap: .5em; font-size: .94em; }
.opinion form { display: flex; flex: 1 1 14em; gap: .4em; }
.opinion input { flex: 1; min-width: 0; padding: .3em .6em; border: 1px solid var(--edge); border-radius: .5em; background: none; color: var(--ink); }

.foot { padding: .6em .75em max(.6em, env(safe-area-inset-bottom)); border-block-start: 1px solid var(--line); }
.ask { display: flex; align-items: end; gap: .5em; padding: .3em; border: 1px solid var(--edge); border-radius: .9em; }
.ask:focus-within { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
.ask textarea { flex: 1; min-width: 0; min-height: 2.5em; max-height: 9em; padding: .45em .5em; border: 0; background: none; field-sizing: content; resize: none; }
.ask textarea:focus-visible { outline: none; }
textarea::placeholder, input::placeholder { color: var(--soft); opacity: 1; }
.send { width: 2.5em; padding: 0; }
.keys { margin-block-start: .3em; padding-inline: .4em; }
@media (pointer: coarse), (max-width: 640px) { .keys { display: none; } .ask textarea { font-size: max(1em, 16px); } }

.source { display: flex; flex: 1.1; flex-direction: column; min-width: 0; border-inline-start: 1px solid var(--line); background: var(--surface); }
.source:focus-visible, .source h3:focus-visible { outline: none; }
.section { flex: 1; min-height: 0; padding: 1em; overflow-y: auto; overscroll-behavior: contain; }
.section > * + * { margin-block-start: .75em; }
mark { padding-block: .1em; background: var(--mark); color: inherit; }
mark code { background: none; }
.document { font-weight: 600; }
@container (max-width: 46em) {
  .source { position: absolute; inset: 0; border: 0; }
  .column:has(+ .source:not([hidden])) { visibility: hidden; }
}

.tip { position: absolute; z-index: 1; width: min(24em, 100% - 12px); max-height: 14em; padding: .75em; overflow: auto; border: 1px solid var(--edge); border-radius: .6em; background: var(--surface); box-shadow: 0 6px 20px rgb(0 0 0 / 18%); font-size: .94em; }
.tip blockquote { padding-inline-start: .7em; border-inline-start: 4px solid var(--mark-edge); white-space: pre-wrap; }
.tip .path { margin-block-start: .4em; }

@media (prefers-reduced-motion: no-preference) {
  .waiting span { animation: wait 1.2s ease-in-out infinite alternate; }
}
@keyframes wait { to { opacity: .45; } }
@media (forced-colors: active) { .chip, .launcher, .panel { border: 1px solid; } mark { background: Mark; color: MarkText; } }
`;

/** @type {CSSStyleSheet | null} */
let shared = null;

/** One sheet for every widget of a page: a policy that forbids inline styles allows it. */
export function styles() {
  if (shared === null) {
    shared = new CSSStyleSheet();
    shared.replaceSync(CSS);
  }
  return shared;
}
