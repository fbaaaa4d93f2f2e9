// Who is in a group: letting people in and out, and giving roles.

import { api } from "./api.js";
import { avatar, nameOf } from "./avatar.js";
import { show } from "./dialogs.js";
import { fill, h, iconButton } from "./dom.js";
import { t } from "./i18n.js";
import { bot, chat, isBot, isIn, leads, on, state, statusIn } from "./store.js";
import { attempt } from "./toast.js";

/** Show the members of a group, with what one may do about them. */
export function membersDialog(id) {
  const list = h("div", { class: "member-list" });
  const draw = () => {
    const room = chat(id);
    if (!room) return;
    const absent = [...state.people, bot()].filter((one) => !isIn(room, one.id));
    fill(list, room.members.map((one) => memberRow(room, one)), absent.length ? h("h3", {}, t("addMember")) : null, absent.map((one) => absentRow(room, one)));
  };
  const dialog = show(t("membersTitle"), list);
  on("members", () => dialog.isConnected && draw());
  draw();
}

function line(one, ...more) {
  return h(
    "div",
    { class: "member" },
    avatar(one.id, nameOf(one), { bot: isBot(one.id), size: "small" }),
    h("span", { class: "member-name" }, nameOf(one), one.username ? h("small", {}, `@${one.username}`) : null),
    more,
  );
}

function memberRow(room, one) {
  const role = ["creator", "administrator"].includes(one.status) ? h("span", { class: "chip" }, t(one.status)) : null;
  return line(one, role, mayPromote(room, one) ? promotion(room, one) : null, mayRemove(room, one) ? removal(room, one) : null);
}

const mayPromote = (room, one) => one.id !== state.me && statusIn(room, state.me) === "creator";

const mayRemove = (room, one) => one.id === state.me || mayPromote(room, one) || (leads(room) && one.status === "member");

function promotion(room, one) {
  const down = one.status === "administrator";
  const change = () => attempt(() => api.setMember(room.id, one.id, state.me, down ? "member" : "administrator"));
  return iconButton(down ? "down" : "up", `${t(down ? "demote" : "promote")}: ${nameOf(one)}`, change);
}

function removal(room, one) {
  const mine = one.id === state.me;
  const label = mine ? t("leave") : `${t("remove")}: ${nameOf(one)}`;
  return iconButton(mine ? "leave" : "close", label, () => attempt(() => api.removeMember(room.id, one.id, state.me)));
}

function absentRow(room, one) {
  const add = () => attempt(() => api.setMember(room.id, one.id, state.me));
  return line(one, iconButton("plus", `${t("add")}: ${nameOf(one)}`, add));
}
