// Menus, and the one of a message: what a person can do with it.

import { api } from "./api.js";
import { forwardDialog } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { chat, latest, state, tell } from "./store.js";
import { attempt, copy } from "./toast.js";

const QUICK = ["👍", "❤️", "😁", "🔥", "👎"];

let shown = null;

/** Open the menu of a message where it was asked for. */
export function openMenu(event, shownMessage) {
  const message = latest(shownMessage);
  popup(event, t("more"), quick(message), items(message));
}

/** Open a menu of any items where it was asked for. */
export function popup(event, label, ...content) {
  event.preventDefault();
  closeMenu();
  const back = document.activeElement;
  shown = h("div", { class: "menu", role: "menu", "aria-label": label }, content);
  shown.addEventListener("keydown", onKey);
  // Before the item's own listener, which may move the focus.
  shown.addEventListener("click", closeMenu, true);
  shown.restoreFocus = () => back?.isConnected && back.focus();
  document.body.append(shown);
  put(shown, event);
  (shown.querySelector(".menu-item") ?? shown.querySelector("button")).focus();
  setTimeout(() => document.addEventListener("pointerdown", outside), 0);
}

function closeMenu() {
  if (!shown) return;
  document.removeEventListener("pointerdown", outside);
  const old = shown;
  shown = null;
  old.remove();
  old.restoreFocus();
}

function outside(event) {
  if (shown && !shown.contains(event.target)) closeMenu();
}

function put(menu, event) {
  const source = event.currentTarget.getBoundingClientRect();
  const button = event.currentTarget.matches("button");
  const x = button ? source.left : event.clientX || source.left + 20;
  const below = button ? source.bottom + 4 : event.clientY || source.top + 20;
  const above = button ? source.top - menu.offsetHeight - 4 : innerHeight - menu.offsetHeight - 8;
  const y = below + menu.offsetHeight + 8 > innerHeight ? above : below;
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, y)}px`;
}

function onKey(event) {
  const all = [...shown.querySelectorAll("button")];
  const at = all.indexOf(document.activeElement);
  if (event.key === "Escape" || event.key === "Tab") closeMenu();
  else if (event.key === "ArrowDown") all[(at + 1) % all.length].focus();
  else if (event.key === "ArrowUp") all[(at - 1 + all.length) % all.length].focus();
  else return;
  event.preventDefault();
}

function quick(message) {
  const button = (emoji) => {
    const own = message.reactions?.[emoji]?.includes(state.me);
    const click = () => attempt(() => api.react(message.chat.id, message.message_id, state.me, own ? null : emoji));
    return h("button", { type: "button", role: "menuitem", "aria-label": t("react", { emoji }), on: { click } }, emoji);
  };
  return h("div", { class: "menu-quick" }, QUICK.map(button));
}

function items(message) {
  const mine = message.from?.id === state.me;
  const text = message.text || message.caption;
  const deletable = mine || chat()?.type === "private";
  const begin = (mode) => () => {
    state.replying = mode === "replying" ? message : null;
    state.editing = mode === "editing" ? message : null;
    tell("composing");
  };
  return [
    item("reply", t("reply"), begin("replying")),
    mine && text && !message.forward_origin ? item("edit", t("edit"), begin("editing")) : null,
    text ? item("copy", t("copy"), () => copy(text)) : null,
    item("forward", t("forward"), () => forwardDialog(message)),
    item("trace", t("trace"), () => tell("trace", message)),
    deletable ? item("trash", t("delete"), () => attempt(() => api.remove(message.chat.id, message.message_id, state.me)), "danger") : null,
  ];
}

/** One line of a menu. */
export function item(sign, label, click, kind = "") {
  return h("button", { type: "button", role: "menuitem", class: `menu-item ${kind}`, on: { click } }, icon(sign), label);
}
