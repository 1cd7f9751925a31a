"use strict";
// Common functions of all widgets. Everything from the data is inserted as text, never as HTML.
const widgets = {};
const MISSING = 255, FULL = 250;
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const palettes = {};

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function curve(i) {
  return css(`--curve-${i % 8}`);
}

// A given colour, mixed with the ink so that it stands out from the ground of either theme.
function readable(hex) {
  const ink = rgb(css("--ink"));
  return `rgb(${rgb(hex).map((value, i) => Math.round(0.7 * value + 0.3 * ink[i])).join(",")})`;
}

let ids = 0;
function fresh() {
  ids += 1;
  return `widget-${ids}`;
}

// el("button.big", {type: "button", onclick: f}, "text", child) makes an element.
function el(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElement(name);
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function labelled(text, input, after = "") {
  input.id = input.id || fresh();
  return el("label.control", {for: input.id}, input, el("span", {}, text), after);
}

// A group of radio buttons; change(position) is called with the one that was chosen.
function switches(legend, names, chosen, change) {
  const group = fresh();
  const inputs = names.map((name, i) => {
    const input = el("input", {type: "radio", name: group, onchange: () => change(i)});
    input.checked = i === chosen;
    return input;
  });
  const box = el("fieldset.switches", {}, el("legend", {}, legend),
    ...names.map((name, i) => labelled(name, inputs[i])));
  return {box, set(i) { inputs[i].checked = true; }};
}

function check(name, on, change, after = "") {
  const input = el("input", {type: "checkbox", onchange: () => change(input.checked)});
  input.checked = on;
  return labelled(name, input, after);
}

function swatch(colour, dashed = false) {
  const mark = el(dashed ? "i.swatch.dashed" : "i.swatch", {"aria-hidden": "true"});
  mark.style.setProperty("--colour", colour);
  return mark;
}

// A select with buttons to the one before and the next; arrow keys work on the select itself.
function picker(name, options, change) {
  const select = el("select", {id: fresh(), onchange: () => change(select.selectedIndex)});
  options.forEach((text, i) => select.append(el("option", {value: i}, text)));
  function step(by) {
    select.selectedIndex = (select.selectedIndex + by + options.length) % options.length;
    change(select.selectedIndex);
  }
  return el("p.pick", {}, el("label", {for: select.id}, name),
    el("button", {type: "button", "aria-label": `${name} before`, onclick: () => step(-1)}, "‹"),
    select,
    el("button", {type: "button", "aria-label": `${name} after`, onclick: () => step(1)}, "›"));
}

async function unpack(packed) {
  const text = atob(packed.zlib);
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function colourTable(name) {
  const table = new Uint8Array(3 * (FULL + 1));
  for (let i = 0; i < table.length; i++) {
    table[i] = parseInt(palettes[name].substr(2 * i, 2), 16);
  }
  return table;
}

function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.substr(i, 2), 16));
}

function decimals(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (Number.isInteger(value)) return value.toLocaleString("en");
  const size = Math.abs(value);
  if (size < 0.01) return value.toPrecision(3);
  return value.toFixed(size < 10 ? 3 : size < 1000 ? 1 : 0);
}

function picture(data) {
  return el("img", {src: data.src, alt: data.alt});
}

// What has to be drawn again when colours change: another theme, or paper.
const painters = [];
function repaint() {
  for (const paint of painters) paint();
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
addEventListener("beforeprint", () => {
  document.documentElement.classList.add("paper");
  repaint();
});
addEventListener("afterprint", () => {
  document.documentElement.classList.remove("paper");
  repaint();
});
