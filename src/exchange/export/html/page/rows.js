// A row of the frame list.

/** How much of a payload is looked at for its row, in characters, and shown before what was searched for. */
const PREVIEW = 240;
const BEFORE = 24;

const LIST_HEAD = ["#", "time", "delta", "c", "", "opcode", "flags", "bytes", "payload"];
const LIST_HINTS = ["number of the frame", "seconds since the beginning", "since the row before", "connection", "direction", "",
  "FIN, RSV1 to RSV3, MASK", "of the payload, as the header claims", ""];

function listHead() {
  return el("div", { class: "row head", role: "row", "aria-rowindex": 1 }, ...LIST_HEAD.map((name, at) =>
    el("span", { role: "columnheader", title: LIST_HINTS[at], "aria-label": LIST_HINTS[at] || undefined }, name)));
}

const cell = (...children) => el("span", { role: "gridcell" }, ...children);

/** A row; `before` is the index of what is shown before it. */
function listRow(item, before) {
  const delta = before === undefined ? "" : `+${seconds(columns.time[item] - columns.time[before])}`;
  const common = [cell(seconds(columns.time[item])), cell(delta), cell(String(columns.connection[item] || ""))];
  if (!isFrame(item)) {
    const event = events.get(item);
    const shown = happeningLabel(event);
    return el("div", { class: `row happening ${happeningLook(event)}` }, cell(""), ...common, cell(""),
      cell(KINDS[event.ev] ?? plain(event.ev)), el("span", { role: "gridcell", class: "wide" }, ...excerpt(shown)));
  }
  const wrong = isBroken(item);
  const direction = isSent(item) ? "▲" : "▼";
  return el("div", { class: `row ${look(item)}${wrong ? " broken" : ""}` }, cell(String(columns.number[item])), ...common,
    el("span", { role: "gridcell", class: "direction", "aria-label": isSent(item) ? "sent" : "received" }, direction),
    el("span", { role: "gridcell", class: "opcode" }, opcodeWord(opcode(item))),
    el("span", { role: "gridcell", class: "flags", "aria-label": flagWords(item) }, flags(item)),
    cell(whole(columns.length[item])),
    el("span", { role: "gridcell", class: "preview" }, wrong ? el("b", { class: "mark", title: "breaks a rule" }, "✗ ") : null,
      ...preview(item)));
}

const flags = (item) => [[isFin(item), "F"], [rsv(item) & 4, "1"], [rsv(item) & 2, "2"], [rsv(item) & 1, "3"], [isMasked(item), "M"]]
  .map(([set, letter]) => set ? letter : "·").join("");
const flagWords = (item) => [[isFin(item), "FIN"], [rsv(item) & 4, "RSV1"], [rsv(item) & 2, "RSV2"], [rsv(item) & 1, "RSV3"],
  [isMasked(item), "MASK"]].filter(([set]) => set).map(([, name]) => name).join(" ") || "none";

/** The beginning of what a frame says, or where in it is what was searched for. */
function preview(item) {
  const data = payload(item);
  const isText = said(data).text !== undefined;
  if (opcode(item) === 8) return excerpt(closeWords(bytesOf(data)));
  if (isText) return excerpt(said(data).text);
  if (wanted.matcher?.test(textOf(said(data)))) return excerpt(textOf(said(data)));
  return [el("span", { class: "bytes" }, hexes(bytesOf(said(data)).subarray(0, 32)))];
}

function closeWords(bytes) {
  if (bytes.length < 2) return bytes.length ? "half a status code" : "no status code";
  const code = bytes[0] << 8 | bytes[1];
  return `${code} ${about.codes[code] ?? ""} ${lossy(bytes.subarray(2))}`.trim();
}

/** A text on one line, with what was searched for marked. */
function excerpt(text) {
  const hit = wanted.matcher?.exec(text);
  if (!hit?.[0]) return visible(text.slice(0, PREVIEW));
  const start = hit.index < PREVIEW / 3 ? 0 : hit.index - BEFORE;
  const end = hit.index + hit[0].length;
  return [start ? "…" : "", ...visible(text.slice(start, hit.index)),
    el("mark", {}, ...visible(text.slice(hit.index, end).slice(0, PREVIEW))), ...visible(text.slice(end, end + PREVIEW))];
}
