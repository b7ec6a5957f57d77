// Which events are shown: by direction, opcode, connection, violations, and what they say.

/** How long is searched before the page gets its turn, in milliseconds. */
const TURN = 12;

/** What is asked for. */
const wanted = { direction: "", opcodes: new Set(), connection: 0, violations: false, matcher: null };

/** What a search box says: `{ matcher }`, a regular expression or `null` for everything, or `{ problem }`. */
function matcher(typed) {
  const asked = typed.match(/^\/(.+)\/([a-z]*)$/s);
  if (!typed) return { matcher: null };
  try {
    const pattern = asked ? asked[1] : typed.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
    return { matcher: new RegExp(pattern, asked ? asked[2].replace(/[gy]/g, "") : "iu") };
  } catch (error) {
    return { problem: error.message.replace(/^Invalid regular expression: /, "") };
  }
}

/** Whether its fixed fields are as wanted. */
function isWanted(item) {
  const { direction, opcodes, connection, violations } = wanted;
  if (connection && columns.connection[item] !== connection) return false;
  if (!isFrame(item)) {
    if (direction || opcodes.size) return false;
    return !violations || events.get(item).ev === "violation";
  }
  if (direction && isSent(item) !== (direction === "sent")) return false;
  if (opcodes.size && !opcodes.has(opcode(item))) return false;
  return !violations || isBroken(item);
}

/** Everything that is said in an event, one text. */
function wording(item) {
  if (!isFrame(item)) return happeningWords(events.get(item));
  return textOf(said(payload(item)));
}

/**
 * The indices of all that is wanted, in order; `null` if `isStale` says that nobody wants them any longer. `told` hears
 * how far it is, from 0 to 1.
 */
async function select(isStale, told) {
  const found = new Int32Array(total);
  let [many, since] = [0, performance.now()];
  for (let item = 0; item < total; item += 1) {
    if (isWanted(item) && (!wanted.matcher || wanted.matcher.test(wording(item)))) found[many++] = item;
    if (wanted.matcher && item % 64 === 63 && performance.now() - since > TURN) {
      told(item / total);
      await new Promise((resume) => setTimeout(resume));
      if (isStale()) return null;
      since = performance.now();
    }
  }
  return found.subarray(0, many);
}
