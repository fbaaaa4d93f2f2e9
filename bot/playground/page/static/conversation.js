// The conversation: its head, its messages, and what the bot is doing in it.

import { api } from "./api.js";
import { avatar } from "./avatar.js";
import { composer } from "./composer.js";
import { chatMenu } from "./chatmenu.js";
import { fill, h, icon, iconButton, refill } from "./dom.js";
import { rich } from "./entities.js";
import { day, t } from "./i18n.js";
import { membersDialog } from "./members.js";
import { messageNode } from "./message.js";
import { look, open, openTopic } from "./moves.js";
import { togglePanel } from "./panel.js";
import { actionIn, bot, chat, history, isIn, on, prepend, shownMessages, state, statusIn, titleOf, topicOf } from "./store.js";
import { attempt, toast } from "./toast.js";
import { topicStrip } from "./topics.js";

const nodes = new Map();
const list = h("div", { class: "messages", role: "log", tabindex: "-1" });
const scroller = h("div", { class: "scroller" }, list);
const live = h("div", { class: "live" });
const toEnd = iconButton("down", "", () => scrollToEnd(true), { class: "to-end", hidden: true });
const head = h("header", { class: "conversation-head" });
const hint = h("p", { class: "privacy-hint", hidden: true });

/** Draw the conversation and keep it up to date. */
export function showConversation(place) {
  const box = composer();
  const strip = topicStrip();
  const draw = () => {
    place.classList.toggle("nothing", !state.chat);
    if (!state.chat) return fill(place, nothing());
    fill(place, head, strip, hint, h("div", { class: "stage" }, scroller, toEnd), box);
    drawHead();
    return drawAll();
  };
  scroller.addEventListener("scroll", onScroll, { passive: true });
  on("chat me language reloaded", draw);
  on("members online people", () => state.chat && drawHead());
  on("topic", () => state.chat && drawAll());
  on("message", (event) => event.chat_id === state.chat && added(event.message));
  on("changed", (event) => event.chat_id === state.chat && replaced(event.message));
  on("dropped", (event) => event.chat_id === state.chat && drawAll());
  on("action", (id) => {
    if (id !== state.chat) return;
    drawHead();
    keepingEnd(drawLive);
  });
  on("goto", go);
  draw();
}

function nothing() {
  return h(
    "div",
    { class: "nothing-note" },
    h("img", { src: "/playground/static/mark.svg", alt: "", width: "72", height: "72" }),
    h("h2", {}, t("pick")),
    h("p", {}, t("pickHint")),
  );
}

function drawHead() {
  const room = chat();
  if (!room) return;
  const group = room.type !== "private";
  const title = titleOf(room);
  drawHint(room);
  refill(
    head,
    iconButton("back", t("back"), () => open(0), { class: "only-narrow" }),
    avatar(room.id, title, { bot: !group }),
    h("div", { class: "head-text" }, h("h2", {}, title), h("p", {}, status(room))),
    group ? iconButton("group", t("membersTitle"), () => membersDialog(state.chat)) : null,
    iconButton("more", t("chatMenu"), chatMenu),
    iconButton("panel", t("panel"), () => togglePanel()),
  );
}

function status(room) {
  if (!state.online) return t("offline");
  const action = actionIn(room.id);
  if (action) return h("span", { class: "accent" }, t(action === "upload_photo" ? "sendsPhoto" : "typing"));
  if (room.type !== "private") return t("members", { n: room.members.length });
  return room.blocked ? t("blocked") : `@${bot().username} · ${t("bot")}`;
}

function drawHint(room) {
  const one = bot();
  const shown = room.type !== "private" && one.privacy && isIn(room, one.id) && statusIn(room, one.id) !== "administrator";
  hint.hidden = !shown;
  fill(hint, shown ? [icon("eye"), t("privacyNow", { name: one.first_name })] : []);
}

async function drawAll() {
  const id = state.chat;
  const kept = history(id);
  toEnd.setAttribute("aria-label", t("toEnd"));
  list.setAttribute("aria-label", titleOf(chat()));
  if (!kept.loaded) {
    fill(list);
    const answer = await attempt(() => api.messages(id));
    if (!answer) return;
    prepend(id, answer.messages, answer.more);
    for (const draft of answer.drafts) kept.drafts.set(draft.draft_id, draft);
    if (state.chat !== id) return;
  }
  nodes.clear();
  const shown = shownMessages(id);
  fill(list, kept.more ? olderButton() : null, shown.length ? rows(shown) : empty(), live);
  drawLive();
  scrollToEnd();
}

function rows(messages) {
  return messages.flatMap((message, index) => rowOf(message, messages[index - 1]));
}

function rowOf(message, before) {
  const node = messageNode(message, before);
  nodes.set(message.message_id, node);
  const heading = day(message.date);
  if (before && day(before.date) === heading) return [node];
  return [h("div", { class: "day" }, h("span", {}, heading)), node];
}

function empty() {
  const room = chat();
  const group = room.type !== "private";
  return h(
    "div",
    { class: "empty" },
    group ? avatar(room.id, titleOf(room), { size: "large" }) : avatar(room.id, "", { bot: true, size: "large" }),
    h("h3", {}, group ? t("emptyGroup") : t("emptyPrivate", { name: titleOf(room) })),
    h("p", {}, t(group ? "emptyGroupHint" : "emptyPrivateHint")),
  );
}

function added(message) {
  const all = shownMessages();
  if (!all.includes(message)) return;
  const before = all[all.indexOf(message) - 1];
  keepingEnd(() => {
    list.querySelector(".empty")?.remove();
    live.before(...rowOf(message, before));
    drawLive();
  }, message.from?.id === state.me);
  drawHead();
  look();
}

function replaced(message) {
  const old = nodes.get(message.message_id);
  if (!old) return;
  const all = shownMessages();
  const fresh = messageNode(message, all[all.indexOf(message) - 1]);
  keepingEnd(() => {
    // The frame stays, and with it the focus; only what has changed inside is put anew.
    old.className = fresh.className;
    refill(old, [...fresh.childNodes].map((part, index) => sameBody(old.childNodes[index], part)));
    drawLive();
  });
  drawHead();
}

function sameBody(old, fresh) {
  if (!fresh.classList.contains("message-body") || !old?.classList.contains("message-body")) return fresh;
  return refill(old, [...fresh.childNodes]);
}

function drawLive() {
  const kept = history(state.chat);
  const drafts = [...kept.drafts.values()];
  const action = actionIn(state.chat, state.topic);
  const dots = thinking(t("typing"));
  refill(live, drafts.map(draftNode), action && !drafts.length ? h("div", { class: "message theirs from-bot" }, dots) : null);
}

function thinking(label) {
  return h("div", { class: "bubble dots", "aria-label": label }, h("i"), h("i"), h("i"));
}

function draftNode(draft) {
  const stop = () => attempt(() => api.stop(state.chat, state.me, draft.draft_id));
  const button = draft.can_stop && !draft.stopped ? h("button", { type: "button", class: "key", on: { click: stop } }, icon("stop"), t("stop")) : null;
  return h(
    "div",
    { class: "message theirs from-bot draft", data: { draft: draft.draft_id } },
    h("div", { class: "message-body" }, draft.text ? h("div", { class: "bubble" }, h("div", { class: "text" }, rich(draft.text, draft.entities))) : thinking(t("thinking")), button),
  );
}

function olderButton() {
  const click = async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    const id = state.chat;
    const first = history(id).messages.keys().next().value;
    const answer = await attempt(() => api.messages(id, first));
    if (!answer || state.chat !== id) return;
    prepend(id, answer.messages, answer.more);
    const fromEnd = scroller.scrollHeight - scroller.scrollTop;
    await drawAll();
    scroller.scrollTop = scroller.scrollHeight - fromEnd;
  };
  return h("button", { type: "button", class: "older plain", on: { click } }, t("older"));
}

const atEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;

function keepingEnd(change, force = false) {
  const stay = force || atEnd();
  change();
  if (stay) scrollToEnd();
  else toEnd.hidden = false;
}

function scrollToEnd(smooth = false) {
  scroller.scrollTo({ top: scroller.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  toEnd.hidden = true;
}

function onScroll() {
  toEnd.hidden = atEnd();
}

async function go(target) {
  if (target.chat !== state.chat) open(target.chat);
  if (target.message && target.message > 0) await find(target.message);
}

async function find(id) {
  if (!history(state.chat).loaded || !nodes.size) await drawAll();
  const wanted = history(state.chat).messages.get(id);
  if (wanted && chat().is_forum && topicOf(wanted) !== state.topic) {
    openTopic(topicOf(wanted));
    await drawAll();
  }
  const node = nodes.get(id);
  if (!node) return toast(t("gone"));
  node.scrollIntoView({ block: "center", behavior: "smooth" });
  node.classList.add("found");
  setTimeout(() => node.classList.remove("found"), 1800);
  return node.focus({ preventScroll: true });
}
