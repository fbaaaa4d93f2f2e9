// Following what happens: server-sent events into the store.

import { api } from "./api.js";
import { acting, chat, drop, forgetHistories, history, load, place, state, tell } from "./store.js";

const KINDS = ["message", "edit", "delete", "reaction", "action", "draft", "answer", "commands", "person", "chat", "member", "bot", "network", "reset"];

// Telegram forgets a draft so long after its last frame.
const DRAFT_SECONDS = 30;

let source = null;
let last = 0;
let retry = 0;

/** Load the state and follow it from there on. */
export async function follow() {
  const answer = await api.state();
  load(answer);
  last = answer.last_event;
  connect();
}

function connect() {
  source?.close();
  source = new EventSource(`/playground/api/events?after=${last}`);
  for (const kind of KINDS) source.addEventListener(kind, (event) => take(kind, JSON.parse(event.data)));
  source.addEventListener("open", () => {
    if (!state.online) resume();
  });
  source.addEventListener("error", () => {
    setOnline(false);
    // The browser gives up for good when the server answers with anything but a stream.
    if (source.readyState === EventSource.CLOSED) {
      clearTimeout(retry);
      retry = setTimeout(connect, 2000);
    }
  });
}

async function resume() {
  // The bot may have been restarted with another world: nothing loaded is sure to be still true.
  await reload();
  setOnline(true);
}

function setOnline(online) {
  if (state.online === online) return;
  state.online = online;
  tell("online", online);
}

async function reload() {
  load(await api.state());
  forgetHistories();
  tell("reloaded");
}

async function refresh(topic) {
  load(await api.state());
  tell(topic);
  tell("chats");
}

function take(kind, event) {
  last = event.id;
  const id = event.chat_id;
  if (kind === "reset") return reload();
  if (kind === "person") return refresh("people");
  if (kind === "chat" || kind === "member" || kind === "bot" || (id && !chat(id))) return refresh("members");
  if (kind === "message" || kind === "edit" || kind === "reaction") place(event.message);
  if (kind === "delete") drop(id, event.message_id);
  if (kind === "action") acting(id, event.action, event.thread_id);
  if (kind === "draft") setDraft(id, event.draft);
  if (kind === "answer") return tell("answer", event);
  if (kind === "commands" || kind === "network") return tell(kind);
  const topic = { edit: "changed", reaction: "changed", delete: "dropped" }[kind] ?? kind;
  tell(topic === "draft" ? "action" : topic, topic === "action" || topic === "draft" ? id : event);
  return tell("chats");
}

function setDraft(id, draft) {
  const { drafts } = history(id);
  if (draft.stopped && !draft.keep_on_stop) drafts.delete(draft.draft_id);
  else drafts.set(draft.draft_id, draft);
  setTimeout(() => {
    if (drafts.get(draft.draft_id) !== draft) return;
    drafts.delete(draft.draft_id);
    tell("action", id);
  }, DRAFT_SECONDS * 1000);
}
