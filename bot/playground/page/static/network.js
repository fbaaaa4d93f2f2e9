// How the bot gets its updates, what it may see, and what is to go wrong.

import { api } from "./api.js";
import { textField } from "./dialogs.js";
import { fill, h, icon, iconButton } from "./dom.js";
import { clock, t } from "./i18n.js";
import { chat, on, state, titleOf } from "./store.js";
import { attempt } from "./toast.js";

const KINDS = ["429", "403", "502", "reset_before", "reset_after", "garbage", "hang"];
const TIMED = ["429", "hang"];
const METHODS = ["*", "sendMessage", "editMessageText", "sendMessageDraft", "sendChatAction", "answerCallbackQuery", "deleteMessage", "getFile", "getUpdates"];
const SPENT_SHOWN = 3;

/** The tab "Network". */
export function networkTab() {
  const parts = { ways: h("div"), switches: h("div"), orders: h("div", { class: "orders" }) };
  const element = h("div", { class: "network" });
  let timer = 0;
  const refresh = async () => {
    const found = await api.network().catch(() => null);
    if (!found) return;
    fill(parts.ways, found.bots.map(way));
    fill(parts.switches, switches(found));
    fill(parts.orders, orders(found.faults));
  };
  const draw = async () => {
    fill(element, parts.ways, parts.switches, faultCard(parts.orders));
    await refresh();
  };
  const later = () => {
    clearTimeout(timer);
    if (element.isConnected) timer = setTimeout(refresh, 300);
  };
  on("network message changed members reloaded online", later);
  return { element, draw };
}

function way(bot) {
  const { webhook } = bot;
  const polls = !webhook.url;
  const alive = !polls || bot.polling;
  const said = polls ? t(bot.polling ? "polls" : "pollsNot") : t("hasWebhook");
  const rows = [
    webhook.url ? [t("address"), h("code", {}, webhook.url)] : null,
    [t("pending"), String(webhook.pending_update_count)],
    polls && bot.last_poll ? [t("lastPoll"), clock(bot.last_poll)] : null,
    webhook.max_connections ? [t("maxConnections"), String(webhook.max_connections)] : null,
    webhook.last_error_message ? [t("lastError"), `${clock(webhook.last_error_date)} ${webhook.last_error_message}`] : null,
    webhook.allowed_updates ? [t("allowedUpdates"), kinds(webhook.allowed_updates)] : null,
  ];
  return h(
    "section",
    { class: "card plain-card" },
    h("h3", {}, icon("plug"), t("waysTitle")),
    h("p", { class: "status-line" }, h("span", { class: `lamp ${alive ? "lamp-on" : ""}` }), h("strong", {}, said)),
    h("dl", { class: "figures" }, rows.filter(Boolean).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
  );
}

function kinds(names) {
  return h("details", {}, h("summary", {}, String(names.length)), names.map((name) => h("div", {}, name)));
}

function switches(found) {
  const bot = found.bots[0];
  return h(
    "section",
    { class: "card plain-card" },
    toggle(t("privacy"), t("privacyHint"), bot.privacy, (wanted) => api.privacy(bot.id, wanted), "privacy"),
    toggle(t("limits"), t("limitsHint"), found.limits, (wanted) => api.limits(wanted), "limits"),
  );
}

function toggle(label, hint, value, change, name) {
  const box = h("input", { type: "checkbox", role: "switch", name, checked: value });
  box.addEventListener("change", async () => {
    const wanted = box.checked;
    if ((await attempt(async () => (await change(wanted), true))) !== true) box.checked = !wanted;
  });
  return h("label", { class: "toggle" }, box, h("span", {}, h("strong", {}, label), h("small", {}, hint)));
}

function faultCard(list) {
  const seconds = textField("seconds", t("seconds"), { type: "number", min: "1", max: "3600", value: "5", required: true });
  const kind = choice("what", t("faultKind"), KINDS.map((one) => [one, t(`fault.${one}`)]));
  const follow = () => {
    seconds.hidden = !TIMED.includes(kind.querySelector("select").value);
  };
  kind.addEventListener("change", follow);
  const form = h(
    "form",
    { class: "form fault-form" },
    kind,
    choice("method", t("faultMethod"), METHODS.map((one) => [one, one === "*" ? t("everyMethod") : one])),
    h("div", { class: "field-pair" }, textField("times", t("faultTimes"), { type: "number", min: "1", max: "1000", value: "1", required: true }), seconds),
    h("label", { class: "choice" }, h("input", { type: "checkbox", name: "here" }), t("faultHere")),
    h("button", { type: "submit", class: "primary" }, t("orderFault")),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => api.orderFault(ordered(new FormData(form))));
  });
  follow();
  return h("section", { class: "card amber" }, h("h3", {}, icon("bolt"), t("faultsTitle")), h("p", {}, t("faultsHint")), form, list);
}

function ordered(data) {
  const chat_id = data.has("here") && state.chat ? state.chat : null;
  return { what: data.get("what"), method: data.get("method"), times: Number(data.get("times")), seconds: Number(data.get("seconds")), chat_id };
}

function choice(name, label, options) {
  return h("label", { class: "field" }, h("span", {}, label), h("select", { name }, options.map(([value, word]) => h("option", { value }, word))));
}

function orders(faults) {
  const waiting = faults.filter((fault) => !fault.spent);
  const shown = [...faults.filter((fault) => fault.spent).slice(-SPENT_SHOWN), ...waiting];
  if (!shown.length) return null;
  return [h("ul", {}, shown.map(order)), h("button", { type: "button", class: "plain clear-faults", on: { click: () => attempt(api.clearFaults) } }, t("clearFaults"))];
}

function order(fault) {
  const room = fault.chat_id && chat(fault.chat_id);
  const where = [fault.method === "*" ? t("everyMethod") : fault.method, room ? titleOf(room) : null].filter(Boolean).join(" · ");
  const count = fault.times === null ? String(fault.used) : `${fault.used}/${fault.times}`;
  return h(
    "li",
    { class: `order${fault.spent ? " spent" : ""}` },
    h("span", {}, h("strong", {}, t(`fault.${fault.name || "other"}`)), h("small", {}, where)),
    h("code", { title: t("faultUsed") }, count),
    iconButton("close", t("remove"), () => attempt(() => api.clearFault(fault.number))),
  );
}
