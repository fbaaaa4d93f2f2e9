// What can be sent beside text: pictures, files, sounds, stickers, places, contacts.

import { api } from "./api.js";
import { form, show, textField } from "./dialogs.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { item, popup } from "./menu.js";
import { person, placeNow, state } from "./store.js";
import { attempt } from "./toast.js";

const STICKERS = ["👋", "😂", "🥳", "😍", "🤔", "😴", "👍", "🔥", "🎂", "⛺", "🐈", "🌻"];
const SIDE = 512;

/** Open the menu of what can be sent; `choose` is told the kind of file that is wanted and what it accepts. */
export function attachMenu(event, choose) {
  popup(
    event,
    t("attach"),
    item("attach", t("photo"), () => choose("photo", "image/*")),
    item("file", t("document"), () => choose("document", "")),
    item("mic", t("voice"), () => choose("voice", "audio/*")),
    item("smile", t("sticker"), stickerDialog),
    item("pin", t("location"), locationDialog),
    item("person", t("contact"), contactDialog),
  );
}

/** The kind under which a file goes that was dropped or pasted. */
export const kindOf = (file) => (/^image\/(png|jpeg|webp|gif)$/.test(file.type) ? "photo" : "document");

/** Send files; pictures go together, and the caption stands under the first. */
export async function sendFiles(room, me, chosen, caption, place) {
  const pictures = chosen.filter((one) => one.kind === "photo").map((one) => one.file);
  const others = chosen.filter((one) => one.kind !== "photo");
  if (pictures.length) await api.photos(room, me, pictures, caption, place);
  for (const [index, { file, kind }] of others.entries()) {
    await api.file(room, me, file, { ...place, kind, caption: pictures.length || index ? "" : caption });
  }
}

function stickerDialog() {
  const send = (emoji) => async () => {
    dialog.close();
    const file = await drawn(emoji);
    await attempt(() => api.file(state.chat, state.me, file, { ...placeNow(), kind: "sticker", emoji }));
  };
  const button = (emoji) => h("button", { type: "button", class: "sticker-choice", on: { click: send(emoji) } }, emoji);
  const dialog = show(t("sticker"), h("div", { class: "sticker-choices" }, STICKERS.map(button)));
}

function drawn(emoji) {
  const canvas = h("canvas", { width: SIDE, height: SIDE });
  const pen = canvas.getContext("2d");
  pen.font = `${SIDE * 0.75}px sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(emoji, SIDE / 2, SIDE / 2 + SIDE * 0.04);
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(new File([blob], "sticker.webp", { type: "image/webp" })), "image/webp"));
}

function locationDialog() {
  const degrees = (name, label, value, most) => textField(name, label, { type: "number", step: "any", min: -most, max: most, value, required: true });
  const fields = [degrees("latitude", t("latitude"), "50.4501", 90), degrees("longitude", t("longitude"), "30.5234", 180)];
  show(
    t("location"),
    form(t("send"), fields, async (data) => {
      const location = { latitude: Number(data.get("latitude")), longitude: Number(data.get("longitude")) };
      return api.content(state.chat, state.me, { location }, placeNow());
    }),
  );
}

function contactDialog() {
  const me = person();
  const fields = [
    textField("first_name", t("firstName"), { required: true, maxlength: "64", value: me.first_name }),
    textField("last_name", t("lastName"), { maxlength: "64", value: me.last_name ?? "" }),
    textField("phone_number", t("phone"), { type: "tel", required: true, maxlength: "32", value: "+380441234567" }),
  ];
  show(
    t("contact"),
    form(t("send"), fields, (data) => api.content(state.chat, state.me, { contact: Object.fromEntries(data) }, placeNow())),
  );
}
