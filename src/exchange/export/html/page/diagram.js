// The recording as a sequence diagram: two lifelines, an arrow a frame, and the silences between them.

/** A silence is drawn where it lasts so many microseconds, and so many times as long as the mean one. */
const SILENCE = 5e3;
const TIMES = 4;

/** What is drawn, an entry a row: an index, or for the silence before it its complement; and the row of each index. */
function diagramRows(shown) {
  const rows = [];
  const places = new Int32Array(shown.length);
  const { time } = columns;
  const mean = shown.length > 1 ? (time[shown.at(-1)] - time[shown[0]]) / (shown.length - 1) : 0;
  for (let at = 0; at < shown.length; at += 1) {
    const silence = at ? time[shown[at]] - time[shown[at - 1]] : 0;
    if (silence >= SILENCE && silence >= TIMES * mean) rows.push(~at);
    places[at] = rows.length;
    rows.push(shown[at]);
  }
  return { rows, places };
}

function diagramHead() {
  return el("div", { class: "row head", role: "row", "aria-rowindex": 1 }, el("span", { role: "columnheader" }, "time"),
    el("span", { class: "lane ends", role: "columnheader" }, el("b", {}, "client"), el("b", {}, "server")));
}

/** A row of the diagram; `shown` is what is shown. */
function diagramRow(entry, shown) {
  if (entry < 0) {
    const silence = columns.time[shown[~entry]] - columns.time[shown[~entry - 1]];
    return el("div", { class: "row silence" }, cell(""), el("span", { role: "gridcell", class: "lane" },
      el("span", { class: "label" }, `silence, ${duration(silence)}`)));
  }
  const time = cell(seconds(columns.time[entry]), columns.connection[entry] && roles.size > 1
    ? el("span", { class: "of" }, `c ${columns.connection[entry]}`) : null);
  const lane = (kind, ...label) => el("span", { role: "gridcell", class: `lane ${kind}` }, el("span", { class: "label" }, ...label));
  if (!isFrame(entry)) {
    const event = events.get(entry);
    return el("div", { class: `row happening ${happeningLook(event)}` }, time, lane(happeningLane(event), ...excerpt(happeningLabel(event))));
  }
  const wrong = isBroken(entry);
  const words = `${opcodeWord(opcode(entry))} `;
  return el("div", { class: `row ${look(entry)}${wrong ? " broken" : ""}` }, time,
    lane(isFromClient(entry) ? "right" : "left", el("span", { class: "number" }, `${columns.number[entry]} `),
      wrong ? el("b", { class: "mark" }, "✗ ") : null, el("b", {}, words), el("span", { class: "size" }, `${size(columns.length[entry])}  `),
      el("span", { class: "preview" }, ...preview(entry))));
}

/** The handshake's halves are arrows, the end is the lifelines' end, and all else stands between them. */
function happeningLane(event) {
  if (event.ev === "request") return "right";
  if (event.ev === "response") return "left";
  return event.ev === "close" ? "end" : "between";
}
