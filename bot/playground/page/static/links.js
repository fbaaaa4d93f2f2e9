// Links that lead into the playground itself instead of to Telegram's site.

import { t } from "./i18n.js";
import { bot, state, tell } from "./store.js";
import { toast } from "./toast.js";

const HOSTS = ["t.me", "telegram.me", "telegram.dog"];

/** Open an address: links to our own bot and chats stay here, others go where they say. */
export function follow(event, address) {
  const target = inside(address);
  if (!target) return;
  event?.preventDefault();
  if (target.unknown) toast(t("noLink"));
  else tell("goto", target);
}

/** Where an address leads within the playground; null if it leads out of it. */
export function inside(address) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (url.protocol === "tg:") return ofApp(url);
  if (!HOSTS.includes(url.hostname)) return null;
  const path = url.pathname.split("/").filter(Boolean);
  if (path[0] === "c") return place(Number(`-100${path[1]}`), path.at(-1));
  if (path[0]?.toLowerCase() === bot().username.toLowerCase()) return ofBot(url.searchParams, path[1]);
  const named = [...state.chats.values()].find((room) => room.username && room.username === path[0]);
  return named ? place(named.id, path.at(-1)) : { unknown: true };
}

function ofApp(url) {
  if (url.searchParams.get("domain")?.toLowerCase() === bot().username.toLowerCase()) {
    return ofBot(url.searchParams, url.searchParams.get("post"));
  }
  if (url.hostname === "openmessage") return place(state.me, url.searchParams.get("message_id"));
  if (url.hostname === "privatepost") {
    return place(Number(`-100${url.searchParams.get("channel")}`), url.searchParams.get("post"));
  }
  return { unknown: true };
}

function ofBot(parameters, message) {
  const start = parameters.get("start");
  return { chat: state.me, message: Number(message) || 0, say: start === null ? "" : `/start ${start}`.trim() };
}

function place(chat, message) {
  return state.chats.has(chat) ? { chat, message: Number(message) || 0, say: "" } : { unknown: true };
}
