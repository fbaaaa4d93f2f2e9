// The list of the bot's commands over the composer, in the person's own language.

import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { on, state } from "./store.js";
import { attempt } from "./toast.js";

/** A menu for `field`; `choose` is called with the command that was picked. */
export function commandMenu(field, choose) {
  const element = h("div", { class: "commands", role: "listbox", hidden: true, id: "commands" });
  let all = null;
  let shown = [];
  let at = 0;

  const close = () => {
    element.hidden = true;
  };
  const forget = () => {
    all = null;
  };
  on("me chat commands members", forget);
  document.addEventListener("pointerdown", (event) => {
    if (!element.contains(event.target) && !event.target.closest?.(".command-button")) close();
  });

  const draw = () => {
    element.setAttribute("aria-label", t("commands"));
    const row = (command, index) =>
      h(
        "button",
        { type: "button", role: "option", class: "command-row", "aria-selected": String(index === at), on: { click: () => pick(command) } },
        h("strong", {}, `/${command.command}`),
        h("span", {}, command.description),
      );
    fill(element, shown.length ? shown.map(row) : h("p", { class: "empty-note" }, t("noCommands")));
    element.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  };
  const pick = (command) => {
    close();
    if (field.value.startsWith("/")) field.value = "";
    choose(`/${command.command}`);
    field.focus();
  };
  const show = async (start) => {
    all ??= (await attempt(() => api.commands(state.chat, state.me))) ?? [];
    shown = all.filter((command) => command.command.startsWith(start));
    at = 0;
    element.hidden = !shown.length && start !== "";
    draw();
  };
  return {
    element,
    close,
    toggle: () => (element.hidden ? show("") : close()),
    filter: () => {
      const typed = /^\/([a-z0-9_]*)$/i.exec(field.value);
      if (typed) show(typed[1].toLowerCase());
      else close();
    },
    /** Whether a key belonged to the menu. */
    key: (event) => {
      if (element.hidden || !shown.length) return false;
      const moves = { ArrowDown: 1, ArrowUp: -1 };
      if (event.key in moves) at = (at + moves[event.key] + shown.length) % shown.length;
      else if (event.key === "Escape") close();
      else if (event.key === "Tab") field.value = `/${shown[at].command} `;
      else if (event.key === "Enter" && !event.shiftKey && field.value !== "") pick(shown[at]);
      else return false;
      if (event.key === "Tab") close();
      event.preventDefault();
      if (!element.hidden) draw();
      return true;
    },
  };
}
