// From rehearsal to the real thing: a model and Telegram.

import { api } from "./api.js";
import { textField } from "./dialogs.js";
import { fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { sentence } from "./toast.js";

/** The tab "Connect". */
export function connectTab() {
  const element = h("div", { class: "connect" });
  const status = h("div", { class: "model-status" });
  const draw = async () => {
    fill(element, modelCard(status), telegramCard());
    const model = await api.model().catch(() => null);
    fill(status, statusOf(model), ollama(model, element));
  };
  return { element, draw };
}

function statusOf(model) {
  if (!model) return h("p", { class: "quiet" }, t("modelUnknown"));
  const real = model.mode === "real";
  return [
    h("p", { class: "status-line" }, h("span", { class: `lamp ${real ? "lamp-on" : ""}` }), h("strong", {}, real ? t("modelReal") : t("modelRehearsal")), h("code", {}, model.model)),
    real ? null : h("p", { class: "quiet" }, t("modelRehearsalHint")),
  ];
}

function ollama(model, element) {
  if (!model?.ollama?.length) return null;
  const take = (name) => () => {
    const form = element.querySelector("form.model-form");
    form.elements.base_url.value = model.ollama_url;
    form.elements.model.value = name;
    form.elements.api_key.value = "";
    form.requestSubmit();
  };
  return h("div", { class: "ollama" }, h("p", {}, t("ollamaFound")), model.ollama.map((name) => h("button", { type: "button", class: "example", on: { click: take(name) } }, name)));
}

function modelCard(status) {
  const fields = [
    textField("base_url", t("baseUrl"), { placeholder: "https://…/v1", hint: t("baseUrlHint"), inputmode: "url" }),
    textField("api_key", t("apiKey"), { type: "password", autocomplete: "new-password", hint: t("apiKeyHint") }),
    textField("model", t("modelName"), { required: true }),
  ];
  const submit = async (data) => {
    const done = await api.connectModel(Object.fromEntries(data));
    return [t("modelDone", { model: done.model }), restart()];
  };
  return h("section", { class: "card plain-card" }, h("h3", {}, icon("spark"), t("modelTitle")), status, checked("model-form", fields, t("checkModel"), submit));
}

function telegramCard() {
  const fields = [textField("token", t("token"), { type: "password", required: true, placeholder: "123456789:AbC…", autocomplete: "new-password", hint: t("stays") })];
  const submit = async (data) => {
    const done = await api.connectTelegram(data.get("token"));
    const warning = done.needs_model ? h("p", { class: "warning" }, t("needsModel")) : null;
    return [t("telegramDone", { name: done.name, username: done.username }), warning, restart()];
  };
  return h("section", { class: "card plain-card" }, h("h3", {}, icon("plug"), t("telegramTitle")), h("p", { class: "quiet" }, t("telegramHint")), checked("telegram-form", fields, t("connectTelegram"), submit));
}

function restart() {
  return h("p", {}, `${t("restart")} `, h("code", {}, "make run"));
}

function checked(name, fields, label, submit) {
  const button = h("button", { type: "submit", class: "primary" }, label);
  const outcome = h("div", { class: "outcome", role: "status" });
  const form = h("form", { class: `form ${name}` }, fields, button, outcome);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    fill(outcome, t("checking"));
    outcome.className = "outcome";
    try {
      fill(outcome, await submit(new FormData(form)));
      outcome.classList.add("good");
      form.reset();
    } catch (error) {
      fill(outcome, sentence(error));
      outcome.classList.add("bad");
    } finally {
      button.disabled = false;
    }
  });
  return form;
}
