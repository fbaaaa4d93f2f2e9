// Text with Bot API entities as document nodes. Offsets are UTF-16 units, as JavaScript counts them.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { follow } from "./links.js";
import { copy } from "./toast.js";

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code" };
const ADDRESS = /^(https?:|mailto:|tel:|tg:)/i;

/** Nodes for a text; `act` says what commands and mentions do when they are pressed. */
export function rich(text, entities = [], act = {}) {
  const sorted = entities
    .map((entity) => ({ ...entity, end: Math.min(entity.offset + entity.length, text.length) }))
    .filter((entity) => entity.end > entity.offset)
    .sort((a, b) => a.offset - b.offset || b.end - a.end);
  const root = document.createDocumentFragment();
  const open = [];
  for (const [from, to] of segments(text, sorted)) {
    const active = sorted.filter((entity) => entity.offset <= from && entity.end >= to);
    let same = 0;
    while (same < open.length && same < active.length && open[same].entity === active[same]) same += 1;
    open.length = same;
    for (const entity of active.slice(same)) {
      const node = wrap(entity, text.slice(entity.offset, entity.end), act);
      (open.at(-1)?.node ?? root).append(node.outer ?? node);
      open.push({ entity, node: node.inner ?? node });
    }
    (open.at(-1)?.node ?? root).append(text.slice(from, to));
  }
  for (const block of root.querySelectorAll("pre, blockquote")) trim(block);
  return root;
}

function trim(block) {
  // A block begins on a line of its own; the line breaks around it would show as empty lines.
  const { previousSibling: before, nextSibling: after } = block;
  if (before?.nodeType === Node.TEXT_NODE) before.data = before.data.replace(/\n$/, "");
  if (after?.nodeType === Node.TEXT_NODE) after.data = after.data.replace(/^\n/, "");
}

function segments(text, entities) {
  const cuts = new Set([0, text.length]);
  for (const entity of entities) cuts.add(entity.offset).add(entity.end);
  const points = [...cuts].sort((a, b) => a - b);
  return points.slice(1).map((to, index) => [points[index], to]);
}

function wrap(entity, text, act) {
  const kind = entity.type;
  if (kind in TAGS) return h(TAGS[kind]);
  if (kind === "pre") return codeBlock(entity, text);
  if (kind === "blockquote" || kind === "expandable_blockquote") return quoteBlock(kind);
  if (kind === "spoiler") return spoiler();
  if (kind === "text_link") return link(entity.url);
  if (kind === "url") return link(/^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`);
  if (kind === "email") return link(`mailto:${text}`);
  if (kind === "phone_number") return link(`tel:${text.replace(/[^\d+]/g, "")}`);
  if (kind === "bot_command" && act.command) return pressable("command", () => act.command(text));
  if (kind === "mention" && act.mention) return pressable("mention", () => act.mention(text));
  return h("span", { class: `entity-${kind}` });
}

function link(address) {
  if (!ADDRESS.test(address)) return h("span");
  return h("a", {
    href: address,
    target: "_blank",
    rel: "noopener noreferrer nofollow",
    on: { click: (event) => follow(event, address) },
  });
}

function pressable(kind, click) {
  return h("button", { type: "button", class: `word ${kind}`, on: { click } });
}

function spoiler() {
  const show = () => node.classList.add("shown");
  const node = h("button", { type: "button", class: "spoiler", title: t("spoiler"), on: { click: show } });
  return node;
}

function quoteBlock(kind) {
  if (kind === "blockquote") return h("blockquote");
  const node = h("blockquote", { class: "expandable", tabindex: "0" });
  node.addEventListener("click", () => node.classList.toggle("open"));
  return node;
}

function codeBlock(entity, text) {
  const inner = h("code");
  const head = h(
    "span",
    { class: "code-head" },
    h("span", {}, entity.language || ""),
    h("button", { type: "button", on: { click: () => copy(text) } }, t("copy")),
  );
  return { outer: h("pre", {}, head, inner), inner };
}
