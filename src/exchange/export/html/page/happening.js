// What is no frame: how a connection came to be and ended, violations, errors and notes.

/** What kind of event it is, in a word. */
const KINDS = { open: "open", request: "request", response: "response", ready: "ready", violation: "violation",
  undecoded: "undecoded", close: "close", error: "error", note: "note" };

/** The event in one line. */
function happeningLabel(event) {
  switch (event.ev) {
    case "open": return `${event.role === "server" ? "accepted from" : "connected to"} ${event.addr ?? event.via ?? event.url}${event.tls ? ` by ${event.tls.version ?? "TLS"}` : ""}`;
    case "request": return firstLine(event.raw ?? lossy(fromBase64(event.raw_b64 ?? "")));
    case "response": return firstLine(event.raw ?? lossy(fromBase64(event.raw_b64 ?? "")));
    case "ready": return ["open", event.subprotocol, event.extensions].filter(Boolean).join(", ");
    case "violation": return `${event.rule}${event.detail ? `: ${event.detail}` : ""} (${section(event)})`;
    case "undecoded": return `${count(undecoded(event).length, "byte")} after the connection failed`;
    case "close": return closing(event);
    default: return event.text ?? event.ev;
  }
}

const firstLine = (raw) => raw.split("\r\n", 1)[0];
const undecoded = (event) => event.text !== undefined ? ENCODER.encode(event.text) : fromBase64(event.b64 ?? "");

/** `closed by the peer: 1000 normal, "bye"` */
function closing(event) {
  const code = event.code === undefined ? "no status code" : `${event.code} ${about.codes[event.code] ?? ""}`.trim();
  const reason = closeReason(event);
  const why = event.clean ? "" : `, not clean${event.detail ? `: ${event.detail}` : ""}`;
  return `closed by ${event.by === "us" ? "us" : "the peer"}: ${code}${reason ? `, "${reason}"` : ""}${why}`;
}

const closeReason = (event) => event.reason ?? (event.reason_b64 ? lossy(fromBase64(event.reason_b64)) : "");

/** Everything that it says, to search in. */
function happeningWords(event) {
  const inner = (value) => typeof value === "object" && value !== null ? Object.values(value).map(inner).join("\n") : String(value);
  return `${happeningLabel(event)}\n${inner(event)}`;
}

/** How it looks: an error, a part of the handshake, ... */
function happeningLook(event) {
  if (event.ev === "violation" || event.ev === "error") return "violation";
  if (event.ev === "close") return event.clean ? "control" : "violation";
  return event.ev === "note" || event.ev === "undecoded" ? "automatic" : "plain";
}

/** The parts of its view. */
function inspectHappening(item) {
  const event = events.get(item);
  const common = [["time", `${seconds(columns.time[item])} s`], ["connection", columns.connection[item] || null]];
  const parts = {
    open: () => [pairs([...common, ["role", event.role], ["URL", event.url], ["address", event.addr], ["by way of", event.via],
      ["name resolution", took(event.dns)], ["connecting", took(event.tcp)]]), event.tls ? tlsCard(event.tls) : null],
    request: () => [pairs(common), headCard(event)],
    response: () => [pairs([...common, ["status", event.status]]), headCard(event), bodyCard(event)],
    ready: () => [pairs([...common, ["subprotocol", event.subprotocol ?? "none"], ["extensions", event.extensions ?? "none"],
      ["upgrade took", took(event.upgrade)], ...Object.entries(event.deflate ?? {})])],
    violation: () => [pairs(common), violationCard(event)],
    undecoded: () => [pairs(common), card("Bytes", "received after the connection failed", dump(undecoded(event)))],
    close: () => [pairs([...common, ["by", event.by], ["status code", event.code], ["name", about.codes[event.code]],
      ["reason", closeReason(event)], ["clean", event.clean ? "yes" : "no"], ["detail", event.detail]])],
  };
  return (parts[event.ev] ?? (() => [pairs([...common, ["hint", event.hint]]), textBlock(event.text ?? "")]))();
}

const took = (time) => time === undefined ? null : duration(Math.round(time * 1e6));

function tlsCard(tls) {
  const { certificate = {} } = tls;
  const date = (time) => time === undefined ? null : new Date(time * 1000).toISOString().slice(0, 10);
  return card("TLS", tls.version ?? "", pairs([["handshake", took(tls.time)], ["cipher suite", tls.cipher], ["ALPN", tls.alpn],
    ["server name", tls.server_name], ["subject", certificate.subject], ["issuer", certificate.issuer],
    ["names", certificate.names?.join(", ")], ["valid from", date(certificate.not_before)],
    ["valid to", date(certificate.not_after)], ["SHA-256", certificate.sha256]]));
}

/** A head of the opening handshake, line by line. */
function headCard(event) {
  const raw = event.raw ?? lossy(fromBase64(event.raw_b64 ?? ""));
  const [first, ...lines] = raw.replace(/\r\n\r\n$/, "").split("\r\n");
  const rows = lines.map((line) => {
    const at = line.indexOf(":");
    const cells = at < 0 ? ["", line] : [line.slice(0, at), line.slice(at + 1).trimStart()];
    return el("tr", {}, el("th", { scope: "row" }, ...visible(cells[0])), el("td", {}, ...visible(cells[1])));
  });
  const bytes = event.raw === undefined ? fromBase64(event.raw_b64 ?? "") : ENCODER.encode(raw);
  return card(event.ev === "request" ? "Request" : "Response", count(bytes.length, "byte"),
    el("p", { class: "first" }, ...visible(first)), el("table", { class: "headers" }, el("tbody", {}, ...rows)),
    el("details", {}, el("summary", {}, "as on the wire"), dump(bytes)));
}

function bodyCard(event) {
  const text = event.body ?? (event.body_b64 ? lossy(fromBase64(event.body_b64)) : "");
  const cut = event.body_cut ? ", cut in the recording" : "";
  return text ? card("Body", `${count(text.length, "character")}${cut}`, textBlock(text)) : null;
}
