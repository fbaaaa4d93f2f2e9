// Round pictures with initials; one colour for each account for good.

import { h } from "./dom.js";

const TONES = 7;

/** The colour number of an id. */
export function tone(id) {
  return Math.abs(Number(id)) % TONES;
}

/** An avatar of a person, a bot or a chat. */
export function avatar(id, name, { bot = false, size = "" } = {}) {
  if (bot) {
    const image = h("img", { src: "/playground/static/mark.svg", alt: "", width: "64", height: "64" });
    return h("span", { class: `avatar avatar-bot ${size}`, "aria-hidden": "true" }, image);
  }
  return h("span", { class: `avatar tone-${tone(id)} ${size}`, "aria-hidden": "true" }, initials(name));
}

function initials(name) {
  const words = (name || "?").trim().split(/\s+/).slice(0, 2);
  return words.map((word) => Array.from(word)[0] ?? "").join("").toLocaleUpperCase();
}

/** First and last name of a Bot API user, or a chat's title. */
export function nameOf(user) {
  if (!user) return "";
  return user.title || [user.first_name, user.last_name].filter(Boolean).join(" ");
}
