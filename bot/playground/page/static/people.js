// The rail of people: who one is now, and who else one could be.

import { avatar, nameOf } from "./avatar.js";
import { h, icon, refill } from "./dom.js";
import { personDialog } from "./dialogs.js";
import { t } from "./i18n.js";
import { be } from "./moves.js";
import { chatsOf, on, state, unread } from "./store.js";

/** Draw the rail and keep it up to date. */
export function showPeople(place) {
  const list = h("div", { class: "people-list" });
  place.append(h("img", { class: "logo", src: "/playground/static/mark.svg", alt: "Mnema", width: "40", height: "40" }), list);
  const draw = () => {
    place.setAttribute("aria-label", t("who"));
    refill(list, state.people.map(face), adder());
  };
  on("people me chats language reloaded seen members", draw);
  draw();
}

function face(person) {
  const mine = person.id === state.me;
  const waiting = mine ? 0 : chatsOf(person.id).reduce((sum, room) => sum + unread(person.id, room), 0);
  const label = [nameOf(person), waiting ? t("unread", { n: waiting }) : ""].filter(Boolean).join(", ");
  return h(
    "button",
    {
      type: "button",
      class: "face",
      "aria-pressed": String(mine),
      "aria-label": label,
      title: `${nameOf(person)}${person.username ? ` @${person.username}` : ""}`,
      data: { person: person.id },
      on: { click: () => be(person.id) },
    },
    h("span", { class: "face-ring" }, avatar(person.id, nameOf(person)), waiting ? h("i", { class: "dot" }) : null),
    h("span", { class: "face-name" }, person.first_name),
  );
}

function adder() {
  return h(
    "button",
    { type: "button", class: "face face-new", title: t("newPerson"), "aria-label": t("newPerson"), on: { click: personDialog } },
    h("span", { class: "face-ring" }, h("span", { class: "avatar avatar-new" }, icon("plus"))),
  );
}
