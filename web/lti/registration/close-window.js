/**
 * Tell the LMS that it may close the frame or window of the registration.
 */

(window.opener ?? window.parent).postMessage({ subject: "org.imsglobal.lti.close" }, "*");
