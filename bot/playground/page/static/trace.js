// What the bot did for each message and pressed button.

import { api } from "./api.js";
import { nameOf } from "./avatar.js";
import { fill, h } from "./dom.js";
import { clock, t } from "./i18n.js";
import { on, person, state, tell } from "./store.js";

const SHOWN = 30;

/** The tab "What it did". */
export function traceTab() {
  const element = h("div", { class: "trace" });
  let entries = [];
  let only = null;
  let timer = 0;

  const paint = () => {
    const found = only ? entries.filter((entry) => concerns(entry, only)) : entries.slice(-SHOWN).reverse();
    const all = () => {
      only = null;
      paint();
    };
    fill(
      element,
      h("p", { class: "quiet" }, t("traceHint")),
      only ? h("button", { type: "button", class: "plain", on: { click: all } }, t("traceAll")) : null,
      found.length ? found.map(entryNode) : h("p", { class: "empty-note" }, t(only ? "traceNothing" : "traceEmpty")),
    );
  };
  const draw = async () => {
    const id = state.chat;
    const answer = id ? await api.ledger(id).catch(() => []) : [];
    if (id !== state.chat) return;
    entries = answer;
    paint();
  };
  const later = () => {
    if (!element.isConnected) return;
    clearTimeout(timer);
    timer = setTimeout(draw, 250);
  };
  on("message changed dropped answer action", later);
  on("chat reloaded", () => {
    only = null;
    later();
  });
  return {
    element,
    draw,
    focus: (message) => {
      only = message;
    },
  };
}

function concerns(entry, message) {
  const id = message.message_id;
  return entry.message_id === id || entry.sent.includes(id);
}

function entryNode(entry) {
  const who = nameOf(person(entry.from_id)) || "?";
  const what = entry.kind === "callback" ? t("tracePressed", { data: entry.text }) : entry.text || t("message");
  const begun = Date.parse(entry.at);
  const show = () => tell("goto", { chat: entry.chat_id, message: entry.message_id, say: "" });
  const steps = merged(entry.actions);
  return h(
    "section",
    { class: "entry" },
    h("button", { type: "button", class: "entry-head", on: { click: show } }, h("strong", {}, who), h("span", {}, what), h("time", {}, clock(begun / 1000))),
    steps.length ? h("ol", {}, steps.map((step) => stepNode(step, begun))) : h("p", { class: "quiet" }, t("traceNothing")),
  );
}

function merged(actions) {
  const steps = [];
  for (const action of actions) {
    const last = steps.at(-1);
    if (last && last.kind === action.kind && last.message_id === action.message_id && action.kind !== "send") {
      last.count += 1;
      last.until = action.at;
      last.text = action.text;
    } else {
      steps.push({ ...action, count: 1, until: action.at });
    }
  }
  return steps;
}

function stepNode(step, begun) {
  const text = step.kind === "chat_action" ? "" : step.text.replace(/\s+/g, " ");
  return h(
    "li",
    { class: `step step-${step.kind}` },
    h("span", { class: "step-what" }, t(`act.${step.kind}`, { n: step.count }), step.count > 1 && step.kind === "chat_action" ? ` ×${step.count}` : ""),
    h("span", { class: "step-when" }, span(Date.parse(step.at) - begun, Date.parse(step.until) - begun)),
    text ? h("span", { class: "step-text" }, text) : null,
  );
}

function span(from, to) {
  const said = (ms) => (ms < 1000 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`);
  return from === to || to - from < 20 ? `+${said(from)}` : `+${said(from)} – ${said(to)}`;
}
