// The topics of a forum: a strip under the head of the conversation.

import { api } from "./api.js";
import { form, show, textField } from "./dialogs.js";
import { h, icon, iconButton, refill } from "./dom.js";
import { t } from "./i18n.js";
import { openTopic } from "./moves.js";
import { chat, on, state, topicOf } from "./store.js";

const fresh = new Set();
const mark = (room, topic) => `${room}:${topic}`;

/** The strip's element, kept up to date; hidden in chats without topics. */
export function topicStrip() {
  const element = h("div", { class: "topics", role: "tablist" });
  const draw = () => {
    const room = chat();
    element.hidden = !room?.is_forum;
    element.setAttribute("aria-label", t("topics"));
    if (!room?.is_forum) return;
    fresh.delete(mark(room.id, state.topic));
    const all = [{ id: 0, name: t("general"), closed: false }, ...room.topics];
    refill(element, all.map((topic) => tab(room, topic)), iconButton("plus", t("newTopic"), topicDialog, { class: "topic-new" }));
    element.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  on("message", ({ message }) => {
    const elsewhere = message.chat.id !== state.chat || topicOf(message) !== state.topic;
    if (elsewhere && message.from?.id !== state.me) fresh.add(mark(message.chat.id, topicOf(message)));
    draw();
  });
  on("topic chat me members language reloaded", draw);
  draw();
  return element;
}

function tab(room, topic) {
  const news = fresh.has(mark(room.id, topic.id));
  return h(
    "button",
    {
      type: "button",
      role: "tab",
      class: "topic",
      "aria-selected": String(topic.id === state.topic),
      "aria-label": news ? `${topic.name}, ${t("newMessages")}` : null,
      data: { topic: topic.id },
      on: { click: () => openTopic(topic.id) },
    },
    h("span", {}, topic.name),
    topic.closed ? icon("lock") : null,
    news ? h("i", { class: "topic-news" }) : null,
  );
}

/** Open a new topic and go there. */
export function topicDialog() {
  const fields = [textField("name", t("topicName"), { autofocus: true, required: true, maxlength: "128" })];
  const room = state.chat;
  show(
    t("newTopic"),
    form(t("create"), fields, async (data) => {
      const made = await api.addTopic(room, state.me, data.get("name"));
      if (state.chat === room) openTopic(made.thread_id);
      return true;
    }),
  );
}

/** The topic that is open, or nothing in General and in chats without topics. */
export const topicNow = () => chat()?.topics.find((topic) => topic.id === state.topic);
