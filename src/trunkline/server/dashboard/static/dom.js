// Builds elements from data. Text is only ever set as text: whatever a model's name or a prompt holds, it stays a text.

const SVG = "http://www.w3.org/2000/svg";

/** An element: `el("td", {class: "number"}, "12")`. Functions among the attributes are listeners, null ones left out. */
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same for a drawing. */
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

/** A table that scrolls by itself. `columns` are [heading, cell of a row, class]; `empty` is said where there is no row. */
export function table(caption, columns, rows, empty) {
  if (!rows.length) return el("p", {class: "empty"}, empty);
  const head = columns.map(([name, , kind]) => el("th", {scope: "col", class: kind}, name));
  const body = rows.map((row) => el("tr", {}, columns.map(([, cell, kind]) => el("td", {class: kind}, cell(row)))));
  return el("div", {class: "scroll", id: caption.replaceAll(/\W+/g, "-"), tabindex: 0, role: "region", "aria-label": caption},
    el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)));
}

/** A figure with its name and a remark. */
export function card(label, value, note) {
  return el("div", {class: "card"}, el("p", {class: "label"}, label), el("p", {class: "value"}, value),
    note ? el("p", {class: "note"}, note) : null);
}

/** A word on a ground of its own; the word says it too, so that no meaning hangs on the colour. */
export function mark(kind, word) {
  return el("span", {class: `mark ${kind}`}, word);
}

/** How full something is, 0 to 1. */
export function meter(share, label, kind = "") {
  const width = Math.max(0, Math.min(1, share)) * 100;
  return el("div", {class: "meter", role: "img", "aria-label": label},
    svg("svg", {viewBox: "0 0 100 10", preserveAspectRatio: "none"},
      svg("rect", {class: `full ${kind}`, width, height: 10})));
}

/** Where something is, 0 to 1, with how sure that is: a bar from `low` to `high` and a mark at `value`. */
export function interval(low, value, high, label) {
  return el("div", {class: "interval", role: "img", "aria-label": label},
    svg("svg", {viewBox: "0 0 100 10", preserveAspectRatio: "none"},
      svg("rect", {class: "range", x: low * 100, y: 3, width: Math.max(0.5, (high - low) * 100), height: 4}),
      svg("rect", {class: "point", x: Math.min(98.5, value * 100 - 0.75), y: 0, width: 1.5, height: 10})));
}

/** Puts `children` in the place of what is there, and keeps the focus on the control of the same id. */
export function show(place, ...children) {
  const focused = document.activeElement?.id;
  place.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  if (focused) document.getElementById(focused)?.focus();
}
