// One message: its bubble with quote, media, text, buttons and reactions.

import { api } from "./api.js";
import { avatar, nameOf, tone } from "./avatar.js";
import { h, icon, iconButton } from "./dom.js";
import { rich } from "./entities.js";
import { clock, t } from "./i18n.js";
import { follow } from "./links.js";
import { media } from "./media.js";
import { openMenu } from "./menu.js";
import { chat, isBot, latest, state, tell } from "./store.js";
import { alertBox, attempt, copy, toast } from "./toast.js";
import { senderOf, serviceLine, summary } from "./words.js";

/** The element of a message; `before` is the message above it. */
export function messageNode(message, before) {
  const service = serviceLine(message);
  if (service) return h("div", { class: "service", data: { id: message.message_id } }, h("span", {}, service));
  const mine = message.from?.id === state.me;
  const fromBot = message.out;
  const group = chat(message.chat.id)?.type !== "private";
  const follows = before && !serviceLine(before) && before.from?.id === message.from?.id && message.date - before.date < 300;
  const classes = ["message", mine ? "mine" : "theirs", fromBot ? "from-bot" : "", follows ? "follows" : ""];
  return h(
    "article",
    {
      class: classes.filter(Boolean).join(" "),
      tabindex: "0",
      "aria-label": `${senderOf(message)}, ${clock(message.date)}`,
      data: { id: message.message_id },
      on: { contextmenu: (event) => openMenu(event, message), keydown: (event) => onKey(event, message) },
    },
    group && !mine ? h("span", { class: "message-face" }, avatar(speaker(message), senderOf(message), { bot: isBot(message.from?.id), size: "small" })) : null,
    h("div", { class: "message-body" }, bubble(message, group && !mine && !follows), keyboard(message), reactions(message)),
    tools(message),
  );
}

// A chat that speaks for itself: an anonymous administrator, a channel.
const speaker = (message) => message.sender_chat?.id ?? message.from?.id ?? 0;

function bubble(message, named) {
  const shown = message.text ?? message.caption;
  const entities = message.text === undefined ? message.caption_entities : message.entities;
  const act = { command: (text) => tell("say", text), mention: (text) => tell("insert", `${text} `) };
  const bare = (message.photo || message.sticker) && !shown;
  // A streamed answer is nothing but edits; the mark says something about people's messages only.
  const time = `${message.edited && !message.out ? `${t("edited")} ` : ""}${clock(message.date)}`;
  return h(
    "div",
    { class: `bubble${bare ? ` bubble-${message.photo ? "photo" : "sticker"}` : ""}` },
    named ? h("div", { class: `sender name-${tone(speaker(message))}` }, senderOf(message), isBot(message.from?.id) ? h("span", { class: "chip" }, t("bot")) : null) : null,
    forwarded(message),
    replied(message),
    media(message),
    // The second, hidden time keeps room for the first at the end of the last line.
    shown ? h("div", { class: "text" }, rich(shown, entities, act), h("span", { class: "meta-room", "aria-hidden": "true" }, time)) : null,
    h("span", { class: "meta" }, time),
  );
}

function forwarded(message) {
  const origin = message.forward_origin;
  if (!origin) return null;
  const name = origin.sender_user_name || nameOf(origin.sender_user || origin.sender_chat || origin.chat);
  return h("div", { class: "forwarded" }, t("forwarded", { name }));
}

function replied(message) {
  const original = message.reply_to_message;
  if (!original || original.forum_topic_created) return null;
  const go = () => tell("goto", { chat: message.chat.id, message: original.message_id, say: "" });
  const quoted = message.quote?.text ?? summary(original).text;
  return h(
    "button",
    { type: "button", class: `quote edge-${tone(original.from?.id ?? 0)}`, on: { click: go } },
    h("span", { class: `quote-name name-${tone(original.from?.id ?? 0)}` }, senderOf(original)),
    h("span", { class: "quote-text" }, quoted),
  );
}

function keyboard(message) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return h("div", { class: "keyboard" }, rows.map((row) => h("div", { class: "keyboard-row" }, row.map((button) => key(message, button)))));
}

function key(message, button) {
  const target = button.url ?? button.login_url?.url;
  if (target) {
    return h("a", { class: "key", href: target, target: "_blank", rel: "noopener noreferrer", on: { click: (event) => follow(event, target) } }, button.text);
  }
  const click = async (event) => {
    const pressed = event.currentTarget;
    if (button.copy_text) return copy(button.copy_text.text);
    if (pressed.getAttribute("aria-busy")) return undefined;
    pressed.setAttribute("aria-busy", "true");
    await attempt(() => press(message, button.callback_data));
    return pressed.removeAttribute("aria-busy");
  };
  return h("button", { type: "button", class: "key", data: { press: button.callback_data ?? "" }, on: { click } }, button.text);
}

async function press(message, data) {
  const { answer } = await api.press(message.chat.id, message.message_id, state.me, data);
  if (!answer) toast(t("noAnswer"), { error: true });
  else if (answer.text && answer.show_alert) alertBox(answer.text);
  else if (answer.text) toast(answer.text);
  if (answer?.url) follow(null, answer.url);
}

function reactions(message) {
  const found = Object.entries(message.reactions ?? {});
  if (!found.length) return null;
  const chip = ([emoji, users]) => {
    const own = users.includes(state.me);
    const click = () => attempt(() => api.react(message.chat.id, message.message_id, state.me, own ? null : emoji));
    return h("button", { type: "button", class: "reaction", "aria-pressed": String(own), "aria-label": t("react", { emoji }), on: { click } }, `${emoji} ${users.length}`);
  };
  return h("div", { class: "reactions" }, found.map(chip));
}

function tools(message) {
  const answer = () => {
    state.editing = null;
    state.replying = latest(message);
    tell("composing");
  };
  return h(
    "div",
    { class: "message-tools" },
    iconButton("reply", t("reply"), answer, { tabindex: "-1" }),
    iconButton("more", t("more"), (event) => openMenu(event, message), { tabindex: "-1" }),
  );
}

function onKey(event, message) {
  if (event.target !== event.currentTarget) return;
  if (event.key === "Enter" || (event.key === "F10" && event.shiftKey)) openMenu(event, message);
}
