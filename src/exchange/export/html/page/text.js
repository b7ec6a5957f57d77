// Text and elements: everything a peer said goes into the page as the text of a node, with what can't be seen made visible.

const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}]/u;
const CONTROLS = ("NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US"
  ).split(" ");
const ENCODER = new TextEncoder();

/** An element with properties (`class`, `on...`, others as attributes) and children: nodes, or text. */
function el(tag, properties = {}, ...children) {
  return dress(document.createElement(tag), properties, children);
}

/** The same for a part of a drawing. */
function svg(tag, properties = {}, ...children) {
  return dress(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

function dress(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** What stands for a character that can't be seen: the name of a control, else its number. */
function symbol(character) {
  const code = character.codePointAt(0);
  return CONTROLS[code] ?? (code === 0x7f ? "DEL" : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`);
}

/** Nodes that show the text; `lines`: it may take several, else everything is on one. */
function visible(text, lines = false) {
  if (!HIDDEN.test(text)) return [text];
  const nodes = [];
  let start = 0;
  const flush = (end) => { if (end > start) nodes.push(text.slice(start, end)); };
  for (const { 0: character, index } of text.matchAll(new RegExp(HIDDEN, "gu"))) {
    flush(index);
    nodes.push(el("span", { class: "escape" }, symbol(character)));
    if (lines && character === "\n") nodes.push("\n");
    start = index + character.length;
  }
  flush(text.length);
  return nodes;
}

/** A name from the recording as plain text. */
const plain = (text) => String(text).replace(new RegExp(HIDDEN, "gu"), (character) => `[${symbol(character)}]`);

const WHOLE = new Intl.NumberFormat("en-US");
const whole = (number) => WHOLE.format(number);
const count = (number, one, many = `${one}s`) => `${whole(number)} ${number === 1 ? one : many}`;

/** Microseconds as seconds, six decimals. */
const seconds = (micros) => (micros / 1e6).toFixed(6);

/** Microseconds as people read them. */
function duration(micros) {
  const short = (value) => value < 100 ? value.toPrecision(3) : String(Math.round(value));
  if (micros < 1e3) return `${micros} µs`;
  if (micros < 1e6) return `${short(micros / 1e3)} ms`;
  if (micros < 60e6) return `${short(micros / 1e6)} s`;
  const minutes = Math.floor(micros / 60e6);
  return minutes < 60 ? `${minutes} min ${Math.floor(micros / 1e6) % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Bytes as people read them. */
function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let unit = -1;
  do { bytes /= 1024; unit += 1; } while (bytes >= 1024 && unit < units.length - 1);
  return `${bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

const hex = (byte) => byte.toString(16).padStart(2, "0");
const hexes = (bytes) => Array.from(bytes, hex).join(" ");

function fromBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** The bytes as text, `null` if they are no UTF-8. */
function utf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
const lossy = (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
