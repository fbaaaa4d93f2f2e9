// Dialogs: a new person, a new group, forwarding, a picture at full size.

import { api } from "./api.js";
import { avatar, nameOf } from "./avatar.js";
import { h, iconButton } from "./dom.js";
import { LANGUAGES, t } from "./i18n.js";
import { be, open } from "./moves.js";
import { chatsOf, load, state, tell, titleOf } from "./store.js";
import { attempt } from "./toast.js";

/** A dialog with a title; closed by its cross, by Escape or by a press beside it. */
export function show(title, ...content) {
  const close = () => dialog.close();
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-label": title, on: { close: () => dialog.remove(), click: (event) => event.target === dialog && close() } },
    h("div", { class: "dialog-inside" }, h("header", {}, h("h2", {}, title), iconButton("close", t("close"), close)), content),
  );
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** A labelled text field. */
export function textField(name, label, props = {}) {
  const { hint, ...rest } = props;
  return h(
    "label",
    { class: "field" },
    h("span", {}, label),
    h("input", { name, type: "text", autocomplete: "off", ...rest }),
    hint ? h("small", {}, hint) : null,
  );
}

/** A form in a dialog, which closes once `submit` has returned something true. */
export function form(button, fields, submit) {
  const element = h("form", { class: "form" }, fields, h("div", { class: "dialog-buttons" }, h("button", { type: "submit", class: "primary" }, button)));
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await attempt(() => submit(new FormData(element)))) element.closest("dialog").close();
  });
  return element;
}

async function refreshed() {
  load(await api.state());
  tell("people");
  tell("chats");
}

/** Make a person and be that person. */
export function personDialog() {
  const language = h(
    "label",
    { class: "field" },
    h("span", {}, t("personLanguage")),
    h("select", { name: "language_code" }, LANGUAGES.map(([code, , name]) => h("option", { value: code }, name))),
  );
  const fields = [
    textField("first_name", t("firstName"), { autofocus: true, required: true, maxlength: "64" }),
    textField("last_name", t("lastName"), { maxlength: "64" }),
    textField("username", t("username"), { pattern: "[A-Za-z][A-Za-z0-9_]{4,31}" }),
    language,
  ];
  show(
    t("newPerson"),
    form(t("create"), fields, async (data) => {
      const made = await api.addPerson(Object.fromEntries(data));
      await refreshed();
      be(made.id);
      return true;
    }),
  );
}

/** Make a group of some people, oneself among them. */
export function groupDialog() {
  const choice = (person) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: "checkbox", name: "members", value: String(person.id), checked: person.id === state.me, disabled: person.id === state.me }),
      avatar(person.id, nameOf(person), { size: "small" }),
      nameOf(person),
    );
  const kind = (value, word, checked) => h("label", { class: "choice" }, h("input", { type: "radio", name: "kind", value, checked }), t(word));
  const fields = [
    textField("title", t("title"), { autofocus: true, required: true, maxlength: "128" }),
    h("fieldset", {}, h("legend", {}, t("whoJoins")), state.people.map(choice), h("label", { class: "choice" }, h("input", { type: "checkbox", name: "with_bot", checked: true }), avatar(0, "", { bot: true, size: "small" }), t("withBot"))),
    h("fieldset", {}, h("legend", {}, t("groupKind")), kind("supergroup", "kindSupergroup", true), kind("forum", "kindForum"), kind("group", "kindGroup")),
  ];
  show(
    t("newGroup"),
    form(t("create"), fields, async (data) => {
      const members = [state.me, ...data.getAll("members").map(Number)];
      const is_forum = data.get("kind") === "forum";
      const type = is_forum ? "supergroup" : data.get("kind");
      const made = await api.addChat({ title: data.get("title"), members, with_bot: data.has("with_bot"), type, is_forum });
      await refreshed();
      open(made.id);
      return true;
    }),
  );
}

/** Choose where a message goes. */
export function forwardDialog(message) {
  const row = (room) => {
    const go = async () => {
      const done = await attempt(() => api.forward(message.chat.id, message.message_id, state.me, room.id));
      dialog.close();
      if (done) open(room.id);
    };
    return h("button", { type: "button", class: "member", on: { click: go } }, avatar(room.id, titleOf(room), { bot: room.type === "private", size: "small" }), titleOf(room));
  };
  const dialog = show(t("forwardTitle"), h("div", { class: "member-list" }, chatsOf(state.me).map(row)));
}

/** A picture as large as the window allows. */
export function lightbox(source, caption) {
  const dialog = h(
    "dialog",
    { class: "lightbox", "aria-label": caption || t("photo"), on: { close: () => dialog.remove(), click: () => dialog.close() } },
    h("img", { src: source, alt: caption || t("photo") }),
    caption ? h("p", {}, caption) : null,
  );
  document.body.append(dialog);
  dialog.showModal();
}
