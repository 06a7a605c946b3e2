/**
 * Back to the LMS with the link that was made.
 */

const form = document.querySelector("form");
if (form instanceof HTMLFormElement) form.submit();
