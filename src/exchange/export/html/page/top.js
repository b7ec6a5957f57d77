// What is at the top of the page: the recording in numbers, and its connections.

/** The most connections that are listed. */
const LISTED = 500;

const totals = { sent: { frames: 0, bytes: 0 }, received: { frames: 0, bytes: 0 }, opcodes: new Map(), violations: 0 };
/** By number: the last of each kind of event, and how many frames. */
const connections = new Map();
countAll();

function countAll() {
  for (let item = 0; item < total; item += 1) {
    const number = columns.connection[item];
    if (number && !connections.has(number)) connections.set(number, { frames: 0, violations: 0 });
    const connection = connections.get(number);
    if (isFrame(item)) {
      const side = isSent(item) ? totals.sent : totals.received;
      side.frames += 1;
      side.bytes += columns.length[item];
      totals.opcodes.set(opcode(item), (totals.opcodes.get(opcode(item)) ?? 0) + 1);
      if (connection) connection.frames += 1;
      continue;
    }
    const event = events.get(item);
    if (connection) connection[event.ev] = event;
    if (event.ev !== "violation") continue;
    totals.violations += 1;
    if (connection) connection.violations += 1;
  }
}

function showTop() {
  find("name").replaceChildren(...visible(about.name));
  const created = about.created?.replace("T", " ").replace(/\.\d+Z$/, " UTC");
  find("when").replaceChildren(...visible([created, about.by, about.secrets && `secrets ${about.secrets}`].filter(Boolean).join(" · ")));
  const length = total ? columns.time[total - 1] - columns.time[0] : 0;
  const side = (name, { frames, bytes }) => [name, `${count(frames, "frame")}, ${size(bytes)}`];
  const shown = [["lasted", duration(length)], side("▲ sent", totals.sent), side("▼ received", totals.received),
    ["violations", whole(totals.violations)]];
  find("totals").replaceChildren(...shown.map(([name, value]) => el("div",
    { class: name === "violations" && totals.violations ? "wrong" : undefined }, el("dt", {}, name), el("dd", {}, value))));
  showConnections();
}

function showConnections() {
  const all = Array.from(connections);
  const [first] = all;
  const summary = all.length === 1 ? plain(inWords(first[1])) : count(all.length, "connection");
  find("connections").querySelector("summary").textContent = summary;
  const head = ["c", "URL", "role", "status", "subprotocol", "extensions", "TLS", "frames", "violations", "end"];
  const rows = all.slice(0, LISTED).map(([number, connection]) => el("tr", {},
    ...connectionCells(number, connection).map((value) => el("td", {}, ...visible(String(value ?? ""))))));
  find("connections").querySelector(".table").replaceChildren(
    el("table", {}, el("thead", {}, el("tr", {}, ...head.map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, ...rows)),
    all.length > LISTED ? el("p", {}, `${count(all.length - LISTED, "further connection")}`) : "");
}

function connectionCells(number, { open, response, ready, close, error, frames, violations }) {
  const tls = open?.tls ? [open.tls.version, open.tls.cipher].filter(Boolean).join(" ") || "yes" : "";
  return [number, open?.url, open?.role, response?.status, ready?.subprotocol, ready?.extensions, tls, whole(frames),
    violations || "", close ? closing(close) : error?.text ?? "none recorded"];
}

const inWords = ({ open, response, ready, close, error }) => [open?.url, open?.tls?.version, response?.status, ready?.subprotocol,
  ready?.extensions, close ? closing(close) : error?.text].filter(Boolean).join("  ·  ");
