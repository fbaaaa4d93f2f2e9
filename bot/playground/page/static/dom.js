// Building the document from plain values: text always becomes text nodes.

const SVG = "http://www.w3.org/2000/svg";

/** An element with properties and children; `on` holds listeners, `data` the data attributes. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "class") element.className = value;
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...flat(children));
  return element;
}

/** Put children in the place of those that are there. */
export function fill(element, ...children) {
  element.replaceChildren(...flat(children));
  return element;
}

/** Like `fill`, but what looks the same stays: a press or the focus on it is not lost. */
export function refill(element, ...children) {
  const fresh = flat(children);
  const old = [...element.childNodes];
  old.slice(fresh.length).forEach((node) => node.remove());
  fresh.forEach((node, index) => {
    const there = old[index];
    if (!there) element.append(node);
    else if (!there.isEqualNode(node)) {
      const focused = there.contains(document.activeElement);
      there.replaceWith(node);
      if (focused) (node.matches("button, a") ? node : node.querySelector("button, a"))?.focus({ preventScroll: true });
    }
  });
  return element;
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

const PATHS = {
  send: "M4 12 20 4l-5 16-4-6.500L4 12Zm7 1.500L20 4",
  reply: "M10 7 4 12l6 5v-3.500c5 0 8 1.3 10 4.5-.6-5.5-4-8.5-10-8.700V7Z",
  edit: "m5 19 .8-4L15.5 5.300a2 2 0 0 1 2.9 0l.3.300a2 2 0 0 1 0 2.900L9 18.2 5 19Zm8.5-11.5 3 3",
  copy: "M9 9h10v10H9zM5 15V5h10",
  trash: "M5 7h14M10 7V5h4v2m-7 0 1 12h8l1-12m-7 3v6m4-6v6",
  forward: "m14 7 6 5-6 5v-3.500c-5 0-8 1.3-10 4.5.6-5.5 4-8.5 10-8.700V7Z",
  more: "M12 5.500v.01M12 12v.01M12 18.500v.01",
  attach: "m19 11-7.2 7.200a4.3 4.3 0 0 1-6.1-6.100l7.6-7.600a2.9 2.9 0 0 1 4.1 4.100l-7.5 7.500a1.4 1.4 0 0 1-2-2L14.5 8",
  slash: "M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1Zm9 4-4 8",
  back: "m14 6-6 6 6 6",
  down: "m6 10 6 6 6-6",
  plus: "M12 5v14M5 12h14",
  close: "m6 6 12 12M18 6 6 18",
  group: "M9 11a3.2 3.2 0 1 0 0-6.400A3.2 3.2 0 0 0 9 11Zm-6 8c.4-3.3 2.800-5 6-5s5.6 1.7 6 5M16 5.200a3 3 0 0 1 0 5.600m2 3.600c1.7.7 2.7 2.3 3 4.6",
  panel: "M4 5h16v14H4zM14.5 5v14",
  trace: "M6 6.500v.01M6 12v.01M6 17.500v.01M10 6.500h9M10 12h6M10 17.500h8",
  spark: "M12 4c.7 4.7 3.3 7.3 8 8-4.7.7-7.3 3.3-8 8-.7-4.7-3.3-7.3-8-8 4.7-.7 7.3-3.3 8-8Z",
  plug: "M9 4v5m6-5v5M6.5 9h11v3a5.5 5.5 0 0 1-11 0V9ZM12 17.500V21",
  stop: "M7 7h10v10H7z",
  smile: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Zm-3.5-6.500c1.7 2.6 5.3 2.6 7 0M9.3 9.800v.01m5.4-.01v.01",
  check: "m5 12.5 4.5 4.500L19 7.5",
  pin: "M12 21c4-5 6-8 6-11a6 6 0 0 0-12 0c0 3 2 6 6 11Zm0-9a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  person: "M12 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM5 20c.5-3.700 3.300-5.500 7-5.500s6.500 1.800 7 5.500",
  lock: "M7 11h10v8H7zm2 0V8.500a3 3 0 0 1 6 0V11",
  eye: "M3 12c2.300-3.800 5.300-5.700 9-5.700s6.700 1.900 9 5.700c-2.300 3.800-5.300 5.700-9 5.700S5.300 15.800 3 12Zm9 2.300a2.300 2.300 0 1 0 0-4.600 2.300 2.300 0 0 0 0 4.600Z",
  mask: "M4 8c3-1.300 5.700-1.300 8 0 2.300-1.300 5-1.300 8 0 0 5-1.500 8-4 8-1.800 0-2.700-1.500-4-1.500S9.800 16 8 16c-2.500 0-4-3-4-8Zm3.500 3h2m5 0h2",
  up: "M12 19V6m-5 5 5-5 5 5",
  leave: "M13 5H6v14h7m-3-7h10m-3.500-3.500L20 12l-3.500 3.500",
  bolt: "M13 3 5 14h6l-1 7 8-11h-6l1-7Z",
  file: "M7 4h7l4 4v12H7zM14 4v4h4",
  mic: "M12 14.500a3 3 0 0 0 3-3V7a3 3 0 0 0-6 0v4.500a3 3 0 0 0 3 3Zm-6-3a6 6 0 0 0 12 0M12 17.500V20",
};

/** A line icon; it says nothing to a screen reader. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon", `icon-${name}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A round or square button that shows an icon and is called by `label`. */
export function iconButton(name, label, click, props = {}) {
  const { class: extra = "", on = {}, ...rest } = props;
  return h(
    "button",
    { type: "button", class: `icon-button ${extra}`, "aria-label": label, title: label, on: { click, ...on }, ...rest },
    icon(name),
  );
}
