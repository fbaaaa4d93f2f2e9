// What the page knows: people, chats, messages, and who one is. Views listen to topics.

const SEEN = "mnema.seen";

export const state = {
  bots: [],
  people: [],
  chats: new Map(),
  me: 0,
  chat: 0,
  topic: 0,
  anonymous: false,
  replying: null,
  editing: null,
  online: true,
};

const listeners = new Map();
const histories = new Map();
const actions = new Map();
const seen = JSON.parse(localStorage.getItem(SEEN) || "{}");

/** Call `listener` whenever one of the topics changes. */
export function on(topics, listener) {
  for (const topic of topics.split(" ")) {
    if (!listeners.has(topic)) listeners.set(topic, new Set());
    listeners.get(topic).add(listener);
  }
}

/** Tell a topic's listeners. */
export function tell(topic, detail) {
  for (const listener of listeners.get(topic) ?? []) listener(detail);
}

/** Take over the server's state. */
export function load(answer) {
  state.bots = answer.bots;
  state.people = answer.people.filter((person) => !person.deactivated);
  state.chats = new Map(answer.chats.map((chat) => [chat.id, chat]));
}

export const bot = () => state.bots[0];
export const person = (id = state.me) => state.people.find((one) => one.id === id);
export const chat = (id = state.chat) => state.chats.get(id);
export const isBot = (id) => state.bots.some((one) => one.id === id);

/** Whether somebody is in a chat now. */
export const isIn = (room, who) => room.members.some((member) => member.id === who);

/** The chats that a person sees, the liveliest first. */
export function chatsOf(who) {
  const mine = [...state.chats.values()].filter((room) => isIn(room, who));
  const order = (room) => room.last_message?.date ?? 0;
  return mine.sort((a, b) => order(b) - order(a) || a.type.localeCompare(b.type) || a.id - b.id);
}

/** The name under which `who` sees a chat: a private one bears the bot's. */
export function titleOf(room) {
  return room.type === "private" ? bot().first_name : room.title;
}

/** The loaded messages of a chat, by id and in order. */
export function history(id) {
  if (!histories.has(id)) histories.set(id, { messages: new Map(), drafts: new Map(), more: false, loaded: false });
  return histories.get(id);
}

/** A message as it stands now: elements may have been made from an older state of it. */
export const latest = (message) => histories.get(message.chat.id)?.messages.get(message.message_id) ?? message;

/** Drop loaded messages, because some events were missed. */
export function forgetHistories() {
  histories.clear();
}

/** Put loaded messages before those that are there. */
export function prepend(id, messages, more) {
  const kept = history(id);
  const all = [...messages.map((message) => [message.message_id, message]), ...kept.messages];
  kept.messages = new Map(all.sort(([a], [b]) => a - b));
  kept.more = more;
  kept.loaded = true;
}

/** Put in a message that is new or has changed. */
export function place(message) {
  const id = message.chat.id;
  const kept = history(id);
  if (kept.loaded) kept.messages.set(message.message_id, message);
  const room = state.chats.get(id);
  if (room && message.message_id >= (room.last_message?.message_id ?? 0)) room.last_message = message;
  if (message.out) {
    kept.drafts.clear();
    actions.delete(id);
  } else if (room && message.from) {
    markSeen(message.from.id, room);
  }
}

/** Take a message away. */
export function drop(id, messageId) {
  const kept = history(id);
  kept.messages.delete(messageId);
  const room = state.chats.get(id);
  if (room?.last_message?.message_id === messageId) room.last_message = [...kept.messages.values()].pop() ?? null;
}

/** Note what the bot shows to be doing; Telegram forgets it after five seconds. */
export function acting(id, action, topic) {
  actions.set(id, { action, topic: topic ?? 0, until: Date.now() + 5500 });
  setTimeout(() => tell("action", id), 5600);
}

/** What the bot is doing in a chat now (in one topic of it, if one is named), or null. */
export function actionIn(id, topic = null) {
  const found = actions.get(id);
  const here = found && (topic === null || found.topic === topic);
  return here && found.until > Date.now() ? found.action : null;
}

/** The topic of a message; General is 0, as in chats without topics. */
export const topicOf = (message) => message.message_thread_id ?? 0;

/** The messages that show now: all of a chat, or those of the chosen topic. */
export function shownMessages(id = state.chat) {
  const all = [...history(id).messages.values()];
  return chat(id)?.is_forum ? all.filter((message) => topicOf(message) === state.topic) : all;
}

/** How somebody stands in a chat. */
export const statusIn = (room, who) => room.members.find((member) => member.id === who)?.status ?? "left";

/** Whether somebody leads a group. */
export const leads = (room, who = state.me) => ["creator", "administrator"].includes(statusIn(room, who));

/** Where what one writes now goes: the topic, the message replied to, and whether the group says it. */
export function placeNow() {
  const room = chat();
  const anonymous = state.anonymous && room?.type === "supergroup" && leads(room);
  return { reply_to: state.replying?.message_id, thread_id: state.topic || undefined, anonymous: anonymous || undefined };
}

const mark = (who, id) => `${who}:${id}`;

/** How many messages of a chat a person has not seen. */
export function unread(who, room) {
  const last = room.last_message?.message_id ?? 0;
  return Math.max(0, last - (seen[mark(who, room.id)] ?? 0));
}

/** Take what stands there at the first visit as seen. */
export function beginSeen() {
  for (const room of state.chats.values()) {
    for (const member of room.members) if (!(mark(member.id, room.id) in seen)) markSeen(member.id, room);
  }
}

/** Note that a person has seen a chat up to its end. */
export function markSeen(who, room) {
  const last = room.last_message?.message_id ?? 0;
  if (last === seen[mark(who, room.id)]) return;
  seen[mark(who, room.id)] = last;
  localStorage.setItem(SEEN, JSON.stringify(seen));
}
