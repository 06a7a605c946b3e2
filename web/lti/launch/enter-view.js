/**
 * The page that a launch ends in becomes its view: it gets the view's address, and keeps the token.
 */

import { saveLaunchTokens } from "../launch-tokens.js";

const { token = "", link = "", address } = document.body.dataset;
const icon = document.querySelector("link[rel=icon]");
// It is asked for later, and counts from the page's address, which changes here.
if (icon instanceof HTMLLinkElement) icon.href = icon.href;
saveLaunchTokens({ token, link }, address);
