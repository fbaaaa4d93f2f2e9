// What is real, what is a rehearsal, and what to try.

import { api } from "./api.js";
import { propose } from "./composer.js";
import { fill, h, icon } from "./dom.js";
import { current, t } from "./i18n.js";
import { view } from "./moves.js";
import { state } from "./store.js";
import { togglePanel } from "./panel.js";

const QUOTED = /[“«]([^”»]+)[”»]/g;
const narrow = window.matchMedia("(max-width: 1179px)");

let abilities = null;
let model = null;

/** The tab "Try it". */
export function guideTab() {
  const element = h("div", { class: "guide" });
  const draw = async () => {
    paint(element);
    if (abilities) return;
    [abilities, model] = await Promise.all([api.abilities().catch(() => ({})), api.model().catch(() => null)]);
    paint(element);
  };
  return { element, draw };
}

function paint(element) {
  const real = model?.mode === "real";
  const lines = abilities?.[current()] ?? [];
  fill(
    element,
    card("check", t("realTitle"), [t("real1"), t("real2"), ...(real ? [t("realModel", { model: model.model })] : [])]),
    card("spark", t("rehearsalTitle"), [t("rehearsal1"), ...(real ? [] : [t("rehearsal2")])], "amber"),
    lines.length ? h("section", { class: "abilities" }, h("h3", {}, t(real ? "tryRealTitle" : "tryTitle")), h("p", { class: "quiet" }, t("tryHint")), h("ul", {}, lines.map(ability))) : null,
  );
}

function card(sign, title, lines, kind = "") {
  return h("section", { class: `card ${kind}` }, h("h3", {}, icon(sign), title), h("ul", {}, lines.map((line) => h("li", {}, line))));
}

function ability(line) {
  const parts = [];
  let at = 0;
  for (const match of line.matchAll(QUOTED)) {
    const between = line.slice(at, match.index);
    // A comma between two buttons would only hang in the air.
    parts.push(at && /^,?\s*$/.test(between) ? " " : between, example(match[1]));
    at = match.index + match[0].length;
  }
  const [first = "", ...rest] = parts.length ? parts : [line];
  return h("li", {}, upper(first), rest, parts.length ? line.slice(at) : "");
}

function upper(text) {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}

function example(text) {
  const click = () => {
    if (narrow.matches) togglePanel(false);
    propose(text.replace(/\s*…$/, " "));
    if (state.chat) view("chat");
  };
  return h("button", { type: "button", class: "example", on: { click } }, text);
}
