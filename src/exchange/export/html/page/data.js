// The recording: columns of what every event has, read at once, and payloads, read a block at a time when they are wanted.

const OPCODES = ["continuation", "text", "binary", , , , , , "close", "ping", "pong"];
const FORMS = [7, 16, 64];
/** How many blocks of payloads are kept. */
const KEPT = 24;

const about = JSON.parse(document.getElementById("about").textContent);
const blocks = readBlocks();
const total = blocks.length ? blocks.at(-1).start + blocks.at(-1).count : 0;
const columns = readColumns();
/** By index: events that are no frame, and `[number of the message's first frame, fragment]`. */
const events = new Map();
const fragments = new Map();
/** Indices of the fragments of a message, by the number of its first frame; of the violations of a frame, by its number. */
const messages = new Map();
const broken = new Map();
readRare();
const payloads = new Map();

function readBlocks() {
  const rows = document.querySelectorAll("script.rows");
  const contents = document.querySelectorAll("script.payloads");
  let start = 0;
  return Array.from(rows, (script, at) => {
    const data = JSON.parse(script.textContent);
    script.remove();
    const block = { start, count: data.t.length, data, script: contents[at] };
    start += block.count;
    return block;
  });
}

function readColumns() {
  const made = {
    time: new Float64Array(total), connection: new Int32Array(total), flags: new Int32Array(total),
    number: new Float64Array(total), length: new Float64Array(total), key: new Uint32Array(total),
    after: new Float64Array(total),
  };
  let [time, number] = [0, 0];
  for (const { start, count, data } of blocks) {
    for (let at = 0; at < count; at += 1) {
      made.time[start + at] = time += data.t[at];
      made.number[start + at] = number += data.n[at];
    }
    for (const [name, column] of [["connection", "c"], ["flags", "f"], ["length", "l"], ["key", "k"], ["after", "a"]]) {
      made[name].set(data[column], start);
    }
  }
  return made;
}

function readRare() {
  const push = (map, key, item) => { if (map.has(key)) map.get(key).push(item); else map.set(key, [item]); };
  for (const block of blocks) {
    for (const [at, message, index] of block.data.g) {
      fragments.set(block.start + at, [message, index]);
      push(messages, message, block.start + at);
    }
    for (const [at, event] of block.data.e) {
      events.set(block.start + at, event);
      if (event.ev === "violation" && event.frame !== undefined) push(broken, event.frame, block.start + at);
    }
    block.data = null;
  }
}

const isFrame = (item) => columns.flags[item] >= 0;
const bits = (item, low, many = 1) => columns.flags[item] >> low & (1 << many) - 1;
const opcode = (item) => bits(item, 0, 4);
const opcodeName = (value) => OPCODES[value] ?? `opcode ${value}`;
/** As the terminal has it. */
const opcodeWord = (value) => value ? OPCODES[value] ?? `op ${value}` : "cont";
const isFin = (item) => bits(item, 4) === 1;
const rsv = (item) => bits(item, 5, 3);
const isMasked = (item) => bits(item, 8) === 1;
const isSent = (item) => bits(item, 9) === 1;
const form = (item) => FORMS[bits(item, 10, 2)];
const isAutomatic = (item) => bits(item, 12) === 1;
const endsMessage = (item) => bits(item, 13) === 1;
const isCompressed = (item) => bits(item, 14) === 1;
const hidesSecret = (item) => bits(item, 15) === 1;
const isControl = (item) => opcode(item) >= 8;
const isReserved = (value) => OPCODES[value] === undefined;
const isBroken = (item) => isFrame(item) && broken.has(columns.number[item]);

/** The colour's name, as in a terminal: by opcode for control frames, else by direction. */
function look(item) {
  if (isAutomatic(item)) return "automatic";
  if (isControl(item)) return "control";
  return isSent(item) ? "sent" : "received";
}

/** Where the frame of this number is. */
const place = (() => {
  let places = null;
  return (number) => {
    if (!places) {
      places = new Map();
      for (let item = 0; item < total; item += 1) if (isFrame(item)) places.set(columns.number[item], item);
    }
    return places.get(number);
  };
})();

function blockOf(item) {
  let [low, high] = [0, blocks.length - 1];
  while (low < high) {
    const middle = low + high + 1 >> 1;
    if (blocks[middle].start <= item) low = middle; else high = middle - 1;
  }
  return blocks[low];
}

/** The payloads of a block. */
function contents(block) {
  let items = payloads.get(block);
  if (items) payloads.delete(block);
  else items = JSON.parse(block.script.textContent);
  payloads.set(block, items);
  if (payloads.size > KEPT) payloads.delete(payloads.keys().next().value);
  return items;
}

/**
 * A frame's payload: `text` where it is UTF-8, else `bytes`; `held`, how many bytes the recording has; and of a compressed
 * message that it completes `message`, in the same form. What is longer than the page's limit is cut: `cut` says so.
 */
function payload(item) {
  const block = blockOf(item);
  return decoded(contents(block)[item - block.start]);
}

function decoded(slot) {
  if (typeof slot === "string") return part(slot);
  const made = part(slot.s, slot.b, slot.size);
  made.length = slot.length;
  if (slot.m !== undefined || slot.mb !== undefined) made.message = part(slot.m, slot.mb, slot.msize);
  return made;
}

function part(text, base64, held) {
  const bytes = base64 === undefined ? undefined : fromBase64(base64);
  const made = { text, bytes, held };
  made.cut = held !== undefined && held > bytesOf(made).length;
  return made;
}

/** A payload's bytes, and its text: what is no UTF-8 as replacement characters. */
const bytesOf = (data) => data.bytes ?? (data.bytes = ENCODER.encode(data.text));
const textOf = (data) => data.text ?? lossy(data.bytes);

/** What a frame says: the inflated message if that is there. */
const said = (data) => data.message ?? data;

/** Which side of the connection recorded. */
const roles = new Map();
for (const event of events.values()) if (event.ev === "open") roles.set(event.c, event.role);

/** Whether it goes from the client to the server. */
const isFromClient = (item) => isSent(item) === (roles.get(columns.connection[item]) !== "server");
