/**
 * The page of a course: the question that the address holds is asked once, not again when the page is loaded anew.
 */

const question = new URLSearchParams(location.search).get("q");

if (question) {
  document.querySelector("repere-chat")?.setAttribute("question", question);
  history.replaceState(null, "", location.pathname);
}
