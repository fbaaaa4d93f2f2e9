// The chats of the person one is.

import { avatar, nameOf } from "./avatar.js";
import { groupDialog } from "./dialogs.js";
import { fill, h, icon, refill } from "./dom.js";
import { LANGUAGES, brief, current, speak, t } from "./i18n.js";
import { open } from "./moves.js";
import { actionIn, chatsOf, on, person, state, tell, titleOf, unread } from "./store.js";
import { summary } from "./words.js";

/** Draw the column of chats and keep it up to date. */
export function showChats(place) {
  const list = h("div", { class: "chat-list" });
  const head = h("header", { class: "chats-head" });
  const foot = h("footer", { class: "chats-foot" });
  place.append(head, list, foot);
  const drawList = () => {
    const rooms = chatsOf(state.me);
    list.setAttribute("aria-label", t("chats"));
    refill(list, rooms.length ? rooms.map(row) : h("p", { class: "empty-note" }, t("noChats", { name: person()?.first_name })));
  };
  const drawRest = () => {
    place.setAttribute("aria-label", t("chats"));
    fill(head, brand(), identity());
    fill(foot, groupButton(), languages());
  };
  on("me people language reloaded", () => {
    drawRest();
    drawList();
  });
  on("chats chat seen action members", drawList);
  drawRest();
  drawList();
}

function brand() {
  return h("div", { class: "brand" }, h("h1", {}, "Mnema"), h("span", { class: "tag" }, t("playground")));
}

function identity() {
  const me = person();
  if (!me) return null;
  return h(
    "p",
    { class: "identity" },
    `${t("youAre")} `,
    h("strong", {}, nameOf(me)),
    me.username ? h("span", { class: "quiet" }, ` @${me.username}`) : null,
    me.owner ? h("span", { class: "chip" }, t("owner")) : null,
  );
}

function row(room) {
  const last = room.last_message;
  const waiting = room.id === state.chat ? 0 : unread(state.me, room);
  const action = actionIn(room.id);
  const title = titleOf(room);
  const preview = action ? h("span", { class: "accent" }, t(action === "upload_photo" ? "sendsPhoto" : "typing")) : last ? text(room, last) : "";
  return h(
    "button",
    {
      type: "button",
      class: "chat-row",
      "aria-current": room.id === state.chat ? "true" : null,
      data: { chat: room.id },
      on: { click: () => open(room.id) },
    },
    avatar(room.id, title, { bot: room.type === "private" }),
    h(
      "span",
      { class: "chat-row-text" },
      h("span", { class: "chat-row-top" }, h("span", { class: "chat-title" }, title), h("time", {}, last ? brief(last.date) : "")),
      h(
        "span",
        { class: "chat-row-bottom" },
        h("span", { class: "chat-preview" }, preview),
        waiting ? h("span", { class: "badge", "aria-label": t("unread", { n: waiting }) }, String(Math.min(waiting, 99))) : null,
      ),
    ),
  );
}

function text(room, message) {
  const service = !message.text && summary(message).service;
  const by = message.from?.id === state.me ? t("you") : room.type === "private" ? "" : (message.sender_chat?.title ?? message.from?.first_name);
  const who = by && !service ? h("span", { class: "accent" }, `${by}: `) : null;
  return [who, summary(message).text];
}

function groupButton() {
  return h("button", { type: "button", class: "plain", on: { click: groupDialog } }, icon("group"), t("newGroup"));
}

function languages() {
  const choose = (code) => () => {
    speak(code);
    tell("language");
  };
  const button = ([code, short, name]) =>
    h("button", { type: "button", lang: code, title: name, "aria-label": name, "aria-pressed": String(code === current()), on: { click: choose(code) } }, short);
  return h("div", { class: "languages", role: "group", "aria-label": t("language") }, LANGUAGES.map(button));
}
