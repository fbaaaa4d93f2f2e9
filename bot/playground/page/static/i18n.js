// The page's words in three languages, and how it says times.

import en from "./lang/en.js";
import ru from "./lang/ru.js";
import uk from "./lang/uk.js";

const WORDS = { en, uk, ru };
export const LANGUAGES = [["en", "EN", "English"], ["uk", "УК", "Українська"], ["ru", "РУ", "Русский"]];
const KEPT = "mnema.language";

let language = detect();

function detect() {
  const kept = localStorage.getItem(KEPT);
  if (kept in WORDS) return kept;
  const wished = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase());
  return wished.find((tag) => tag in WORDS) || "en";
}

/** The language that the page speaks now. */
export const current = () => language;

/** Speak another language and remember it. */
export function speak(wanted) {
  language = wanted;
  localStorage.setItem(KEPT, wanted);
  document.documentElement.lang = wanted;
}

/** The page's word for `key`; `{name}` is replaced from `params`, and `n` chooses the plural. */
export function t(key, params = {}) {
  let found = WORDS[language][key] ?? WORDS.en[key] ?? key;
  if (typeof found === "object") found = found[new Intl.PluralRules(language).select(params.n)] ?? found.other;
  return found.replace(/\{(\w+)\}/g, (whole, name) => (name in params ? String(params[name]) : whole));
}

/** Whether there is a word for `key`. */
export const knows = (key) => key in WORDS.en;

const formats = new Map();

function format(options) {
  const key = language + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(language, options));
  return formats.get(key);
}

/** Hours and minutes of a time in Unix seconds. */
export const clock = (seconds) => format({ hour: "2-digit", minute: "2-digit" }).format(seconds * 1000);

/** A day as a heading: today, yesterday or a date. */
export function day(seconds) {
  const then = new Date(seconds * 1000);
  const now = new Date();
  const days = Math.round((midnight(now) - midnight(then)) / 86_400_000);
  if (days === 0) return t("today");
  if (days === 1) return t("yesterday");
  const year = then.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return format({ day: "numeric", month: "long", year }).format(then);
}

/** A short time for lists: the hour today, else the date. */
export function brief(seconds) {
  const then = new Date(seconds * 1000);
  if (midnight(then) === midnight(new Date())) return clock(seconds);
  return format({ day: "numeric", month: "short" }).format(then);
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
