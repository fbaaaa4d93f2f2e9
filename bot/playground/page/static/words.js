// A message in a few words: for lists, quotes and service lines.

import { nameOf } from "./avatar.js";
import { t } from "./i18n.js";

const KINDS = ["photo", "document", "voice", "sticker", "location", "contact"];

/** What kind of file a message carries, or an empty word. */
export const mediaOf = (message) => KINDS.find((kind) => message[kind]) ?? "";

/** One line for a message, and whether it is a service line. */
export function summary(message) {
  const service = serviceLine(message);
  if (service) return { text: service, service: true };
  const kind = mediaOf(message);
  const label = kind === "sticker" ? `${message.sticker.emoji ?? ""} ${t("sticker")}`.trim() : kind ? t(kind) : "";
  const text = (message.text || message.caption || "").replace(/\s+/g, " ").trim();
  return { text: [label, text].filter(Boolean).join(": ") || t("message"), service: false };
}

/** The line for a service message; an empty one for all others. */
export function serviceLine(message) {
  const by = nameOf(message.from);
  if (message.new_chat_members) {
    const names = message.new_chat_members.map(nameOf).join(", ");
    const alone = message.new_chat_members.length === 1 && message.new_chat_members[0].id === message.from?.id;
    return alone ? t("entered", { name: names }) : t("joined", { by, name: names });
  }
  if (message.left_chat_member) {
    const name = nameOf(message.left_chat_member);
    return message.left_chat_member.id === message.from?.id ? t("left", { name }) : t("kicked", { by, name });
  }
  if (message.group_chat_created) return t("groupMade");
  if (message.forum_topic_created) return t("topicOpened", { by, name: message.forum_topic_created.name });
  if (message.forum_topic_closed) return t("topicClosed", { by });
  if (message.forum_topic_reopened) return t("topicReopened", { by });
  if (message.migrate_to_chat_id || message.migrate_from_chat_id) return t("upgraded");
  if (message.new_chat_title) return t("serviceOther");
  return "";
}

/** The sender as readers see it: a person, the bot, or a chat that speaks for itself. */
export const senderOf = (message) => nameOf(message.sender_chat) || nameOf(message.from);
