// A frame whole: what it says, the rules it broke, its header bit by bit, its payload byte by byte.

/** How much is shown before somebody asks for the rest: characters of a text, bytes of a dump. */
const SHOWN_TEXT = 4096;
const SHOWN_BYTES = 512;
/** How many fragments of the same message are listed before and after the one that is looked at. */
const NEAR = 50;

/** The parts of a frame's view. */
function inspectFrame(item) {
  const data = payload(item);
  return [
    facts(item, data),
    ...(broken.get(columns.number[item]) ?? []).map((violation) => violationCard({ ...events.get(violation), frame: undefined })),
    closeCard(item, data),
    messageCard(item, data),
    fragmentsCard(item),
    headerCard(item, data),
    payloadCard(item, data),
  ];
}

const card = (title, note, ...children) => el("section", { class: "card" },
  el("h3", {}, title, el("span", { class: "note" }, ...visible(note))), ...children);

/** Names and values; what is `null` or `undefined` is left out. */
function pairs(entries) {
  const there = entries.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return el("dl", { class: "pairs" }, ...there.flatMap(([name, value]) =>
    [el("dt", {}, name), el("dd", {}, ...(value instanceof Node ? [value] : visible(String(value))))]));
}

function facts(item, data) {
  const { after, connection, time, length } = columns;
  const held = data.held ?? bytesOf(data).length;
  const cut = held < length[item] ? `${whole(held)} of ${whole(length[item])} bytes came` : null;
  return pairs([
    ["time", `${seconds(time[item])} s`],
    ["connection", roles.size > 1 ? connection[item] : null],
    ["answer", after[item] >= 0 ? `${duration(after[item])} after what it answers` : null],
    ["sent by", isAutomatic(item) ? "the connection itself, automatically" : null],
    ["on the wire", count(headerFields(item, data).reduce((sum, field) => sum + field.bits, 0) / 8 + held, "byte")],
    ["incomplete", cut],
    ["secrets", hidesSecret(item) ? "something of the payload was taken out of the recording" : null],
  ]);
}

function violationCard(event) {
  const bytes = event.bytes && el("code", {}, event.bytes.replace(/..(?=.)/g, "$& "));
  return el("section", { class: "card violation" },
    el("h3", {}, "✗ ", plain(event.rule), el("span", { class: "note" }, section(event))),
    pairs([
      ["detail", event.detail], ["bytes", bytes], ["at byte", event.offset], ["expected", event.expected],
      ["got", event.got], ["of frame", event.frame === undefined ? null : goTo(event.frame)],
    ]));
}

const section = (event) => `RFC ${plain(event.rfc ?? 6455)} section ${plain(event.section)}`;

/** A button to a frame. */
function goTo(number) {
  const there = place(number);
  if (there === undefined) return document.createTextNode(`frame ${plain(number)}`);
  return el("button", { type: "button", class: "link", onclick: () => open(there) }, `frame ${plain(number)}`);
}

function closeCard(item, data) {
  const bytes = bytesOf(data);
  if (opcode(item) !== 8 || bytes.length < 2) return null;
  const code = bytes[0] << 8 | bytes[1];
  return card("Close", `${code} ${about.codes[code] ?? ""}`, textBlock(lossy(bytes.subarray(2)) || "no reason"));
}

/** The message that the frame belongs to, if it was completed: its data, and its frames. */
function messageOf(item, data) {
  if (isControl(item)) return null;
  const frames = messages.get(fragments.get(item)?.[0]) ?? [item];
  const last = frames.at(-1);
  if (!endsMessage(last)) return null;
  const end = last === item ? data : payload(last);
  if (end.message || frames.length === 1) return { data: said(end), frames };
  const parts = frames.map(payload);
  const bytes = new Uint8Array(parts.reduce((sum, each) => sum + bytesOf(each).length, 0));
  let at = 0;
  for (const each of parts) {
    bytes.set(bytesOf(each), at);
    at += bytesOf(each).length;
  }
  const held = parts.reduce((sum, each) => sum + (each.held ?? bytesOf(each).length), 0);
  return { data: { bytes, text: utf8(bytes) ?? undefined, held, cut: held > bytes.length }, frames };
}

function messageCard(item, data) {
  const message = messageOf(item, data);
  if (!message) return null;
  const { data: said, frames } = message;
  const isBinary = opcode(frames[0]) === 2;
  const length = said.held ?? bytesOf(said).length;
  const wire = frames.reduce((sum, each) => sum + columns.length[each], 0);
  const how = isCompressed(item) ? `, inflated from ${size(wire)}` : "";
  const several = frames.length > 1 ? `, ${count(frames.length, "frame")}` : "";
  const note = `${isBinary ? "binary" : "text"}, ${size(length)}${how}${several}`;
  const json = said.text !== undefined && /^\s*[[{]/.test(said.text) ? readJson(said.text) : null;
  const shown = [];
  if (json) shown.push(el("div", { class: "json" }, jsonTree(json)));
  if (!json && !isBinary) shown.push(textBlock(textOf(said)));
  if (isBinary && !json && (frames.length > 1 || data.message)) shown.push(dump(bytesOf(said)));
  if (!shown.length && !how && !several) return null;
  return card("Message", note, ...shown, cutNote(said));
}

const cutNote = (data) => data.cut
  ? el("p", { class: "cut" }, `This page holds the first ${whole(bytesOf(data).length)} of ${count(data.held, "byte")}. The recording has all.`)
  : null;

function textBlock(text) {
  const block = el("pre", { class: "text" }, ...visible(text.slice(0, SHOWN_TEXT), true));
  return wholly(block, text.length > SHOWN_TEXT, `all ${count(text.length, "character")}`,
    () => block.append(...visible(text.slice(SHOWN_TEXT), true)));
}

/** What is shown, and if that is not all, a button for the rest. */
function wholly(block, isPart, label, rest) {
  if (!isPart) return block;
  const button = el("button", { type: "button", onclick: () => { rest(); button.remove(); } }, `Show ${label}`);
  return el("div", {}, block, button);
}

function fragmentsCard(item) {
  const frames = messages.get(fragments.get(item)?.[0]);
  if (!frames) return null;
  const first = Math.max(0, frames.indexOf(item) - NEAR);
  const shown = frames.slice(first, first + 2 * NEAR + 1);
  const part = shown.length < frames.length ? `, here ${whole(first + 1)} to ${whole(first + shown.length)}` : "";
  const row = (each) => el("li", {}, el("button", {
    type: "button", class: "link", "aria-current": each === item ? "true" : undefined, onclick: () => open(each),
  }, `frame ${columns.number[each]}  ${opcodeName(opcode(each))}  FIN ${isFin(each) ? 1 : 0}  ${size(columns.length[each])}`));
  return card("Fragments", whole(frames.length) + part, el("ol", { class: "fragments", start: first + 1 }, ...shown.map(row)));
}

/** The header's fields in the order of RFC 6455 section 5.2, each with its size in bits, value and meaning. */
function headerFields(item, data) {
  const claimed = BigInt(data.length ?? columns.length[item]);
  const further = form(item) === 7 ? 0 : form(item);
  const low = { 7: Number(claimed & 127n), 16: 126, 64: 127 }[form(item)];
  const reserved = (mask) => rsv(item) & mask ? 1 : 0;
  const minimal = claimed < 126n ? 7 : claimed < 65536n ? 16 : 64;
  const longer = minimal < form(item) ? `, ${minimal} bits would do` : "";
  const compressed = isCompressed(item) ? "compressed" : "set";
  const fields = [
    { name: "FIN", bits: 1, value: isFin(item) ? 1 : 0, meaning: isFin(item) ? "last frame of its message" : "more frames follow" },
    { name: "RSV1", bits: 1, value: reserved(4), meaning: reserved(4) ? compressed : "" },
    { name: "RSV2", bits: 1, value: reserved(2), meaning: reserved(2) ? "set" : "" },
    { name: "RSV3", bits: 1, value: reserved(1), meaning: reserved(1) ? "set" : "" },
    { name: "opcode", bits: 4, value: opcode(item), meaning: OPCODES[opcode(item)] ?? "reserved" },
    { name: "MASK", bits: 1, value: isMasked(item) ? 1 : 0, meaning: isMasked(item) ? "masked" : "not masked" },
    { name: "payload len", bits: 7, value: low, meaning: further ? `${further} further bits` : count(Number(low), "byte") },
  ];
  if (further) {
    const value = BigInt.asUintN(further, claimed);
    fields.push({ name: "extended payload length", bits: further, value, meaning: `${further} bits${longer}` });
  }
  if (isMasked(item)) {
    const key = columns.key[item];
    fields.push({ name: "masking key", bits: 32, value: key.toString(16).padStart(8, "0"), meaning: key ? "" : "all zero: it hides nothing" });
  }
  return fields;
}

function headerCard(item, data) {
  const fields = headerFields(item, data);
  const size = fields.reduce((sum, field) => sum + field.bits, 0) / 8;
  const binary = ({ bits, value }) => bits <= 7 ? value.toString(2).padStart(bits, "0") : "";
  const rows = fields.map((field) => el("tr", {}, el("th", { scope: "row" }, field.name), el("td", {}, binary(field)),
    el("td", {}, typeof field.value === "string" ? field.value : whole(field.value)), el("td", {}, field.meaning)));
  return card("Header", `${count(size, "byte")}, as in RFC 6455 section 5.2`, headerDrawing(fields),
    el("table", { class: "fields" }, el("tbody", {}, ...rows)));
}

/** The header as the RFC draws it: 32 bits a row. The table of fields says the same in words. */
function headerDrawing(fields) {
  const table = el("table", { class: "header", "aria-hidden": "true" }, el("thead", {},
    el("tr", {}, ...Array.from({ length: 32 }, (_, bit) => el("th", {}, bit % 8 && bit !== 31 ? "" : String(bit))))));
  const body = el("tbody");
  let row = null;
  let position = 0;
  for (const field of [...fields, { name: "payload data" }]) {
    // The payload is drawn to the end of a row, however long it is.
    let left = field.bits ?? 32 - position % 32;
    for (let isFirst = true; left > 0; isFirst = false) {
      if (position % 32 === 0) body.append(row = el("tr"));
      const span = Math.min(left, 32 - position % 32);
      row.append(headerCell(field, span, isFirst));
      position += span;
      left -= span;
    }
  }
  table.append(body);
  return table;
}

function headerCell(field, span, isFirst) {
  const value = field.bits <= 7 ? field.value.toString(2).padStart(field.bits, "0") : field.value ?? "";
  const kind = field.bits === undefined ? "payload" : field.bits === 1 ? "bit" : "";
  const set = field.bits === 1 && field.value ? " set" : "";
  const name = isFirst ? field.name : `${field.name}, continued`;
  return el("td", { colspan: span, class: kind + set }, el("span", { class: "name" }, name),
    el("b", {}, isFirst ? (typeof value === "bigint" ? whole(value) : String(value)) : ""));
}

function payloadCard(item, data) {
  const bytes = bytesOf(data);
  const held = data.held ?? bytes.length;
  const unmasked = isMasked(item) && held ? ", its mask taken off" : "";
  const wire = isCompressed(item) ? ", compressed as on the wire" : "";
  return card("Payload", count(held, "byte") + unmasked + wire, held ? dump(bytes) : null, cutNote(data));
}

function dump(bytes) {
  const block = el("pre", { class: "dump" }, dumpLines(bytes, 0, SHOWN_BYTES));
  return wholly(block, bytes.length > SHOWN_BYTES, `all ${count(bytes.length, "byte")}`,
    () => block.append(dumpLines(bytes, SHOWN_BYTES, bytes.length)));
}

/** `00000010  68 65 6c 6c 6f                                    hello` */
function dumpLines(bytes, from, to) {
  const lines = [];
  for (let at = from; at < Math.min(to, bytes.length); at += 16) {
    const row = bytes.subarray(at, at + 16);
    const halves = `${hexes(row.subarray(0, 8)).padEnd(23)}  ${hexes(row.subarray(8)).padEnd(23)}`;
    const ascii = Array.from(row, (byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·").join("");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${halves}  ${ascii}\n`);
  }
  return lines.join("");
}
