/**
 * Opens the source at the cited passage. The address names the section, so without this the page opens at its heading.
 */

const quote = document.querySelector("mark.quote");
const [visit] = performance.getEntriesByType("navigation");
const isReturn = visit instanceof PerformanceNavigationTiming && visit.type === "back_forward";

if (quote instanceof HTMLElement && !isReturn) {
  for (let fold = quote.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) fold.open = true;
  const open = () => {
    quote.scrollIntoView({ block: "start" });
    // Keyboard and screen reader go on from the passage, not from the top.
    quote.tabIndex = -1;
    quote.focus({ preventScroll: true });
  };
  if (document.readyState === "complete") open();
  // Going to the fragment, when the page has loaded, takes scroll and focus: after it.
  else addEventListener("load", () => requestAnimationFrame(open));
}
