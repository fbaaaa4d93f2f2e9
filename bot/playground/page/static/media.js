// What a message carries beside its text.

import { api } from "./api.js";
import { lightbox } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { nameOf } from "./avatar.js";
import { t } from "./i18n.js";

// What a browser shows by itself, and the server gives as what it is; all else is for keeping.
const SHOWN = /^(image\/(jpeg|png|webp|gif)|text\/plain)$/;

/** The element for a message's picture, sound, file, sticker, place or contact; null where there is none. */
export function media(message) {
  if (message.photo) return photo(message);
  if (message.sticker) return sticker(message.sticker);
  if (message.voice) return voice(message.voice);
  if (message.document) return documentLink(message.document);
  if (message.location) return location(message.location);
  if (message.contact) return contact(message.contact);
  return null;
}

function photo(message) {
  const largest = message.photo.at(-1);
  const source = api.fileUrl(largest.file_id);
  const image = h("img", { src: source, alt: message.caption || t("photo"), decoding: "async" });
  // Known before the bytes are here, so that the list does not jump.
  image.style.aspectRatio = `${largest.width} / ${largest.height}`;
  image.style.width = `${Math.round(largest.width * Math.min(1, 400 / largest.width, 340 / largest.height))}px`;
  return h("button", { type: "button", class: "photo", "aria-label": t("photo"), on: { click: () => lightbox(source, message.caption) } }, image);
}

function sticker({ emoji = "🙂" }) {
  return h("div", { class: "sticker", role: "img", "aria-label": `${t("sticker")} ${emoji}` }, emoji);
}

function voice({ file_id, file_size, mime_type }) {
  const source = api.fileUrl(file_id);
  return h(
    "div",
    { class: "voice" },
    h("audio", { controls: true, preload: "none", src: source, "aria-label": t("voice") }),
    h("a", { class: "quiet", href: source, download: `voice.${mime_type?.split("/")[1] ?? "ogg"}` }, size(file_size)),
  );
}

function documentLink({ file_id, file_name, file_size, mime_type = "" }) {
  const name = file_name || t("document");
  const opening = SHOWN.test(mime_type) ? { target: "_blank", rel: "noopener" } : { download: name };
  return card("file", name, size(file_size), { href: api.fileUrl(file_id), ...opening });
}

function location({ latitude, longitude }) {
  const at = [latitude, longitude].map((degrees) => degrees.toFixed(4));
  const href = `https://www.openstreetmap.org/?mlat=${at[0]}&mlon=${at[1]}#map=14/${at.join("/")}`;
  return card("pin", t("location"), at.join(", "), { href, target: "_blank", rel: "noopener noreferrer" });
}

function contact(who) {
  return card("person", nameOf(who), who.phone_number, { href: `tel:${who.phone_number.replace(/[^+\d]/g, "")}` });
}

function card(sign, name, detail, link) {
  return h(
    "a",
    { class: "attachment", ...link },
    h("span", { class: "attachment-sign" }, icon(sign)),
    h("span", { class: "attachment-text" }, h("strong", {}, name), h("small", {}, detail)),
  );
}

function size(bytes = 0) {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
