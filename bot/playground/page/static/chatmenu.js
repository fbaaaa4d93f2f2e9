// What one can do with the chat that is open.

import { api } from "./api.js";
import { nameOf } from "./avatar.js";
import { t } from "./i18n.js";
import { membersDialog } from "./members.js";
import { item, popup } from "./menu.js";
import { open } from "./moves.js";
import { bot, chat, isIn, leads, load, state, statusIn, tell } from "./store.js";
import { attempt } from "./toast.js";
import { topicDialog, topicNow } from "./topics.js";

/** Open the menu of the chat that is open. */
export function chatMenu(event) {
  const room = chat();
  popup(event, t("chatMenu"), room.type === "private" ? blocking(room) : group(room));
}

function blocking(room) {
  const change = () => attempt(() => api.block(room.id, state.me, !room.blocked));
  return item("stop", t(room.blocked ? "unblock" : "block"), change, room.blocked ? "" : "danger");
}

function group(room) {
  const creator = statusIn(room, state.me) === "creator";
  return [
    item("group", t("membersTitle"), () => membersDialog(room.id)),
    room.is_forum ? item("plus", t("newTopic"), topicDialog) : null,
    closing(room),
    room.type === "supergroup" && leads(room) ? item(state.anonymous ? "check" : "mask", t("asGroup"), speakAsGroup) : null,
    isIn(room, bot().id) ? privacy() : null,
    room.type === "group" && creator ? item("up", t("upgrade"), () => attempt(() => upgrade(room))) : null,
    item("leave", t("leave"), () => attempt(() => api.removeMember(room.id, state.me, state.me)), "danger"),
  ].filter(Boolean);
}

function closing(room) {
  const topic = topicNow();
  if (!topic || (!leads(room) && topic.by !== state.me)) return null;
  const change = () => attempt(() => api.closeTopic(room.id, state.me, topic.id, !topic.closed));
  return item("lock", t(topic.closed ? "reopenTopic" : "closeTopic", { name: topic.name }), change);
}

function speakAsGroup() {
  state.anonymous = !state.anonymous;
  tell("composing");
}

function privacy() {
  const one = bot();
  const word = t(one.privacy ? "privacyOff" : "privacyOn", { name: nameOf(one) });
  return item("eye", word, () => attempt(() => api.privacy(one.id, !one.privacy)));
}

async function upgrade(room) {
  const made = await api.upgrade(room.id, state.me);
  load(await api.state());
  tell("people");
  open(made.id);
}
