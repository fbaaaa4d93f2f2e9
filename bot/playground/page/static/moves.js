// Going about: being somebody, opening a chat, and the address that remembers both.

import { chat, chatsOf, isIn, markSeen, on, person, state, tell } from "./store.js";

const narrow = window.matchMedia("(max-width: 760px)");

/** Be another person, in the same chat if that person is in it. */
export function be(id) {
  if (!person(id)) return;
  state.me = id;
  reset();
  const here = chat();
  if (!here || !isIn(here, id)) state.chat = narrow.matches ? 0 : (chatsOf(id)[0]?.id ?? 0);
  look();
  tell("me");
  tell("chat");
  remember();
}

/** Open a chat; 0 closes it. */
export function open(id) {
  state.chat = id;
  reset();
  view(id ? "chat" : "list");
  look();
  tell("chat");
  remember();
}

/** Choose a topic of the chat that is open; 0 is General. */
export function openTopic(id) {
  state.topic = id;
  state.replying = null;
  state.editing = null;
  tell("topic");
}

/** Show the list, the chat or the panel where there is room for one only. */
export function view(name) {
  document.body.dataset.view = name;
}

/** Take what is on the screen as seen. */
export function look() {
  const here = chat();
  if (!here || document.hidden || (narrow.matches && document.body.dataset.view !== "chat")) return;
  markSeen(state.me, here);
  tell("seen");
}

/** Take up the person and chat of the address, or begin with the first ones. */
export function restore() {
  const [me, here] = location.hash.replace(/^#\/?/, "").split("/").map(Number);
  state.me = person(me) ? me : (state.people[0]?.id ?? 0);
  const room = chat(here);
  const known = room && isIn(room, state.me);
  reset();
  state.chat = known ? here : narrow.matches ? 0 : (chatsOf(state.me)[0]?.id ?? 0);
  view(known && state.chat ? "chat" : "list");
  look();
}

function reset() {
  state.topic = 0;
  state.anonymous = false;
  state.replying = null;
  state.editing = null;
}

function remember() {
  const address = `#/${state.me}${state.chat ? `/${state.chat}` : ""}`;
  if (location.hash !== address) history.pushState(null, "", address);
}

/** Follow the browser's way back, and lose a chat that is gone. */
export function watch() {
  window.addEventListener("popstate", () => {
    restore();
    tell("me");
    tell("chat");
  });
  document.addEventListener("visibilitychange", look);
  on("reloaded members people", () => {
    if (!person()) state.me = state.people[0]?.id ?? 0;
    const here = chat();
    if (state.chat && (!here || !isIn(here, state.me))) open(0);
  });
}
