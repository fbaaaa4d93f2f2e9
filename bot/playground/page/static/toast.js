// Short notices at the lower edge, alerts, and refusals in words.

import { Problem } from "./api.js";
import { h } from "./dom.js";
import { knows, t } from "./i18n.js";

/** Show a notice for some seconds. */
export function toast(text, { error = false } = {}) {
  const place = document.getElementById("toasts");
  const note = h("div", { class: `toast${error ? " toast-error" : ""}` }, text);
  place.append(note);
  while (place.children.length > 3) place.firstChild.remove();
  setTimeout(() => note.remove(), Math.max(3000, text.length * 70));
}

/** Show a text that waits for a press, as the bot's alerts do. */
export function alertBox(text) {
  const close = () => dialog.close();
  const dialog = h(
    "dialog",
    { class: "dialog alert", "aria-label": text, on: { close: () => dialog.remove() } },
    h("p", {}, text),
    h("div", { class: "dialog-buttons" }, h("button", { type: "button", class: "primary", on: { click: close } }, t("ok"))),
  );
  document.body.append(dialog);
  dialog.showModal();
}

/** Put a text on the clipboard and say so. */
export async function copy(text) {
  await navigator.clipboard.writeText(text);
  toast(t("copied"));
}

/** The sentence for a refusal, in the page's language where it knows it. */
export function sentence(error) {
  if (!(error instanceof Problem)) return String(error.message || error);
  if (error.code === "offline") return t("offline");
  const key = `problem.${error.code}`;
  if (knows(key)) return t(key, error.params);
  if (knows(`problem.${error.status}`)) return t(`problem.${error.status}`);
  return error.message.charAt(0).toLocaleUpperCase() + error.message.slice(1);
}

/** Run what a press asks for, and show why it was refused. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    toast(sentence(error), { error: true });
    return undefined;
  }
}
