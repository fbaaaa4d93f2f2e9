// Writing: text, replies, edits, pictures, commands.

import { api } from "./api.js";
import { attachMenu, kindOf, sendFiles } from "./attach.js";
import { commandMenu } from "./commands.js";
import { fill, h, icon, iconButton } from "./dom.js";
import { t } from "./i18n.js";
import { open } from "./moves.js";
import { chat, leads, on, person, placeNow, shownMessages, state, tell, titleOf } from "./store.js";
import { attempt } from "./toast.js";
import { topicNow } from "./topics.js";
import { senderOf, summary } from "./words.js";

const kept = new Map();
const field = h("textarea", { id: "composer-text", rows: "1", autocomplete: "off", enterkeyhint: "send" });
const input = h("input", { type: "file", multiple: true, hidden: true, tabindex: "-1" });
const above = h("div", { class: "composer-above" });
const row = h("form", { class: "composer-row" });
const menu = commandMenu(field, (text) => send(text));
let files = [];
let wanted = "";
let place = "";

/** The composer's element. */
export function composer() {
  const box = h("div", { class: "composer" }, menu.element, above, row, input);
  field.addEventListener("keydown", onKey);
  field.addEventListener("input", onInput);
  field.addEventListener("paste", (event) => take([...event.clipboardData.files], event));
  box.addEventListener("dragover", (event) => event.preventDefault());
  box.addEventListener("drop", (event) => take([...event.dataTransfer.files], event));
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
    choose("", "");
  });
  row.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  on("me chat topic", changePlace);
  on("language reloaded members", draw);
  on("composing", compose);
  on("say", (text) => send(text));
  on("insert", insert);
  on("goto", (target) => target.say && setTimeout(() => send(target.say), 0));
  draw();
  return box;
}

const here = () => `${state.me}:${state.chat}:${state.topic}`;

function changePlace() {
  if (place !== here()) {
    kept.set(place, field.value);
    place = here();
    field.value = kept.get(place) ?? "";
    files = [];
  }
  menu.close();
  draw();
  if (window.matchMedia("(hover: hover)").matches && state.chat) field.focus({ preventScroll: true });
}

function draw() {
  const room = chat();
  if (!room) return;
  drawAbove();
  if (room.type === "private" && room.blocked) return fill(row, wide("unblock", () => api.block(room.id, state.me, false)));
  if (topicNow()?.closed && !leads(room)) return fill(row, h("p", { class: "composer-note" }, t("topicIsClosed")));
  const asGroup = placeNow().anonymous;
  field.placeholder = t(files.length ? "caption" : "write");
  field.setAttribute("aria-label", t("writeAs", { name: asGroup ? titleOf(room) : (person()?.first_name ?? "") }));
  fill(
    row,
    iconButton("slash", t("commands"), () => menu.toggle(), { class: "command-button" }),
    field,
    iconButton("attach", t("attach"), (event) => attachMenu(event, pick), { class: "attach-button" }),
    h("button", { type: "submit", class: "send", "aria-label": t(state.editing ? "save" : "send"), title: t(state.editing ? "save" : "send") }, icon(state.editing ? "check" : "send")),
  );
  return grow();
}

function wide(word, click) {
  return h("button", { type: "button", class: "primary wide", on: { click: () => attempt(click) } }, t(word));
}

function drawAbove() {
  const about = state.editing ?? state.replying;
  const quote = about
    ? h(
        "div",
        { class: "composer-about" },
        icon(state.editing ? "edit" : "reply"),
        h("div", {}, h("strong", {}, state.editing ? t("editing") : t("replyTo", { name: senderOf(about) })), h("span", {}, summary(about).text)),
        iconButton("close", t("cancel"), cancel),
      )
    : null;
  const room = chat();
  const fresh = room.type === "private" && !room.started && !room.blocked && !room.last_message;
  const start = fresh && !files.length ? wide("start", () => send("/start")) : null;
  const speaking = placeNow().anonymous
    ? h("div", { class: "composer-about" }, icon("mask"), h("div", {}, h("strong", {}, t("speakingAs", { name: titleOf(room) }))), iconButton("close", t("cancel"), speakAsOneself))
    : null;
  fill(above, start, speaking, quote, files.length ? h("div", { class: "composer-files" }, files.map(chip)) : null);
}

function chip(one) {
  const drop = () => {
    files = files.filter((other) => other !== one);
    draw();
    field.focus();
  };
  return h("span", { class: "file-chip" }, icon(SIGNS[one.kind]), h("span", {}, one.file.name || t("photo")), iconButton("close", t("remove"), drop));
}

const SIGNS = { photo: "attach", document: "file", voice: "mic" };

function speakAsOneself() {
  state.anonymous = false;
  draw();
}

function pick(kind, accept) {
  choose(kind, accept);
  input.click();
}

function choose(kind, accept) {
  wanted = kind;
  input.accept = accept;
}

function take(found, event) {
  if (!found.length) return;
  event?.preventDefault();
  files = [...files, ...found.map((file) => ({ file, kind: wanted || kindOf(file) }))].slice(0, 10);
  draw();
  field.focus();
}

function compose() {
  if (state.editing) field.value = state.editing.text ?? state.editing.caption ?? "";
  draw();
  field.focus();
}

function cancel() {
  if (state.editing) field.value = "";
  state.editing = null;
  state.replying = null;
  draw();
  field.focus();
}

function insert(text) {
  const gap = field.value && !/\s$/.test(field.value) ? " " : "";
  field.value += gap + text;
  draw();
  field.focus();
}

function onInput() {
  grow();
  menu.filter();
}

function grow() {
  if (!field.isConnected) return;
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 180)}px`;
}

function onKey(event) {
  if (event.isComposing || menu.key(event)) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    send();
  } else if (event.key === "Escape" && (state.replying || state.editing)) {
    cancel();
  } else if (event.key === "ArrowUp" && !field.value && !files.length) {
    const own = shownMessages().filter((message) => message.from?.id === state.me && message.text && !message.forward_origin).pop();
    if (!own) return;
    event.preventDefault();
    state.replying = null;
    state.editing = own;
    tell("composing");
  }
}

async function send(given) {
  const text = (given ?? field.value).trim();
  const [room, from, spot, place, edited] = [state.chat, state.me, here(), placeNow(), state.editing?.message_id];
  if (!room || (!text && !files.length)) return;
  const chosen = given === undefined ? files : [];
  const done = await attempt(async () => {
    if (edited && given === undefined) await api.edit(room, edited, from, text);
    else if (chosen.length) await sendFiles(room, from, chosen, text, place);
    else await api.say(room, from, text, place);
    return true;
  });
  if (!done || here() !== spot) return;
  if (given === undefined) {
    // What was typed while the request was under way stays.
    if (field.value.trim() === text) field.value = "";
    files = [];
  }
  const own = chat(room);
  if (own) own.started = true;
  state.replying = null;
  state.editing = null;
  draw();
}

/** Put a text into the composer of a fitting chat, ready to be sent. */
export function propose(text) {
  if (!state.chat) open(state.me);
  field.value = text;
  files = [];
  draw();
  field.focus();
}
