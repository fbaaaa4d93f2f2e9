// The panel beside the conversation: a guide, connections, and what the bot did.

import { connectTab } from "./connect.js";
import { fill, h, iconButton } from "./dom.js";
import { guideTab } from "./guide.js";
import { t } from "./i18n.js";
import { networkTab } from "./network.js";
import { on } from "./store.js";
import { traceTab } from "./trace.js";

const CLOSED = "mnema.panel.closed";
const TABS = [
  ["guide", "tabTry"],
  ["trace", "tabTrace"],
  ["network", "tabNetwork"],
  ["connect", "tabConnect"],
];
const wide = window.matchMedia("(min-width: 1180px)");
// Below this the open panel would leave the talk too little room to begin with.
const roomy = window.matchMedia("(min-width: 1400px)");
let chosen = "guide";

/** Draw the panel and keep it up to date. */
export function showPanel(place) {
  const tabs = h("div", { class: "tabs", role: "tablist" });
  const body = h("div", { class: "panel-body", role: "tabpanel", tabindex: "0" });
  const views = { guide: guideTab(), trace: traceTab(), network: networkTab(), connect: connectTab() };
  const scrim = h("div", { class: "scrim", on: { click: () => togglePanel(false) } });
  place.after(scrim);
  place.append(h("header", { class: "panel-head" }, tabs, iconButton("close", t("close"), () => togglePanel(false), { class: "panel-close" })), body);
  const draw = () => {
    place.setAttribute("aria-label", t("panel"));
    fill(tabs, TABS.map(tab));
    fill(body, views[chosen].element);
    views[chosen].draw();
  };
  on("language tab", draw);
  on("trace", (message) => {
    views.trace.focus(message);
    choose("trace");
    togglePanel(true);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !wide.matches && !document.querySelector("dialog[open]")) togglePanel(false);
  });
  settle();
  wide.addEventListener("change", settle);
  choose = (name) => {
    chosen = name;
    draw();
  };
  draw();
}

let choose = () => {};

function settle() {
  const kept = localStorage.getItem(CLOSED);
  const closed = kept ? kept === "yes" : !roomy.matches;
  document.body.classList.toggle("panel-closed", !wide.matches || closed);
}

/** Open or close the panel; without a word, the other way round. */
export function togglePanel(opened = document.body.classList.contains("panel-closed")) {
  document.body.classList.toggle("panel-closed", !opened);
  if (wide.matches) localStorage.setItem(CLOSED, opened ? "no" : "yes");
}

function tab([name, word]) {
  return h(
    "button",
    { type: "button", role: "tab", "aria-selected": String(name === chosen), data: { tab: name }, on: { click: () => choose(name) } },
    t(word),
  );
}
