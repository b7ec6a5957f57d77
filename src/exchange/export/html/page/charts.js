// Rates over time and sizes of what is shown, drawn at the size that there is.

const HEIGHT = 150;
const MARGIN = { left: 76, right: 12, top: 8, bottom: 22 };

/** Draws into `root` what is shown; `jump` hears of the microsecond that is clicked. */
function drawCharts(root, shown, jump) {
  const frames = shown.filter(isFrame);
  const width = Math.max(320, root.clientWidth - 48);
  if (!frames.length) return root.replaceChildren(el("p", { class: "alone" }, "No frames to draw."));
  const slots = slotsOf(frames, Math.max(20, Math.min(160, Math.floor(width / 8))));
  const rate = (values) => values.map((value) => value / slots.step * 1e6);
  root.replaceChildren(
    legend(),
    figure("Frames a second", overTime(slots, slots.frames.map(rate), (value) => `${few(value)}/s`, width, jump)),
    figure("Bytes a second, payloads", overTime(slots, slots.bytes.map(rate), (value) => `${size(Math.round(value))}/s`, width, jump)),
    figure("Frames by size of payload", bySize(frames, width)),
  );
}

const few = (value) => value >= 1000 ? whole(Math.round(value)) : String(Number(value.toPrecision(4)));
const figure = (title, drawing) => el("figure", {}, el("figcaption", {}, title), drawing);
const legend = () => el("p", { class: "legend" }, el("span", { class: "sent" }, "▲ sent"), el("span", { class: "received" }, "▼ received"));

/** Time in equal slots: frames and bytes in each, sent and received. */
function slotsOf(frames, many) {
  const begin = columns.time[0];
  const end = Math.max(columns.time[total - 1], begin + 1000);
  const step = (end - begin) / many;
  const empty = () => [new Array(many).fill(0), new Array(many).fill(0)];
  const slots = { begin, step, many, frames: empty(), bytes: empty() };
  for (const item of frames) {
    const at = Math.max(0, Math.min(many - 1, Math.floor((columns.time[item] - begin) / step)));
    const side = isSent(item) ? 0 : 1;
    slots.frames[side][at] += 1;
    slots.bytes[side][at] += columns.length[item];
  }
  return slots;
}

/** What is sent as bars up, what is received as bars down, on one scale. */
function overTime(slots, [sent, received], words, width, jump) {
  const most = Math.max(...sent, ...received);
  const [inner, middle] = [width - MARGIN.left - MARGIN.right, MARGIN.top + (HEIGHT - MARGIN.top - MARGIN.bottom) / 2];
  const scale = (middle - MARGIN.top) / most;
  const x = (at) => MARGIN.left + at * inner / slots.many;
  const bar = inner / slots.many;
  const drawing = canvas(width, `At most ${words(Math.max(...sent))} sent and ${words(Math.max(...received))} received.`);
  rules(drawing, width, [[MARGIN.top, words(most)], [middle, "0"], [2 * middle - MARGIN.top, words(most)]]);
  for (let at = 0; at < slots.many; at += 1) {
    const time = slots.begin + at * slots.step;
    const told = `${seconds(time)} s: ${words(sent[at])} sent, ${words(received[at])} received`;
    drawing.append(
      svg("rect", { class: "sent", x: x(at), y: middle - sent[at] * scale, width: Math.max(1, bar - 1), height: sent[at] * scale }),
      svg("rect", { class: "received", x: x(at), y: middle, width: Math.max(1, bar - 1), height: received[at] * scale }),
      svg("rect", { class: "slot", x: x(at), y: MARGIN.top, width: bar, height: HEIGHT - MARGIN.top - MARGIN.bottom,
        onclick: () => jump(time) }, svg("title", {}, told)),
    );
  }
  const step = roundStep(slots.step * slots.many * 90 / inner);
  for (let tick = Math.ceil(slots.begin / step); tick * step <= slots.begin + slots.step * slots.many; tick += 1) {
    label(drawing, x((tick * step - slots.begin) / slots.step), `${few(tick * step / 1e6)} s`, "middle");
  }
  return drawing;
}

/** The next of 1, 2, 5, 10, 20, ... */
function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

/** How many frames have which size, a power of two a pair of bars. */
function bySize(frames, width) {
  const bucket = (length) => length ? Math.floor(Math.log2(length)) + 1 : 0;
  const most = frames.reduce((most, item) => Math.max(most, bucket(columns.length[item])), 0);
  const counts = [new Array(most + 1).fill(0), new Array(most + 1).fill(0)];
  for (const item of frames) counts[isSent(item) ? 0 : 1][bucket(columns.length[item])] += 1;
  const highest = Math.max(...counts[0], ...counts[1]);
  const [inner, floor] = [width - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.bottom];
  const step = inner / (most + 1);
  const bar = Math.min(22, step / 2 - 2);
  const drawing = canvas(width, `Sizes of ${count(frames.length, "frame")}; the largest has ${size(2 ** most - 1)} at most.`);
  rules(drawing, width, [[MARGIN.top, whole(highest)], [floor, "0"]]);
  for (let at = 0; at <= most; at += 1) {
    const from = at ? 2 ** (at - 1) : 0;
    const words = `${size(from)}${at > 1 ? ` to ${size(2 ** at - 1)}` : ""}: ${whole(counts[0][at])} sent, ${whole(counts[1][at])} received`;
    const middle = MARGIN.left + (at + 0.5) * step;
    for (const [side, name] of [[0, "sent"], [1, "received"]]) {
      const height = counts[side][at] / highest * (floor - MARGIN.top);
      drawing.append(svg("rect", { class: name, x: middle - (side ? 0 : bar), y: floor - height, width: bar - 1, height }));
    }
    drawing.append(svg("rect", { class: "slot", x: middle - step / 2, y: MARGIN.top, width: step, height: floor - MARGIN.top },
      svg("title", {}, words)));
    if (step > 44 || at % Math.ceil(44 / step) === 0) label(drawing, middle, size(from), "middle");
  }
  return drawing;
}

const canvas = (width, told) => svg("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": told });

function rules(drawing, width, lines) {
  for (const [y, words] of lines) {
    drawing.append(svg("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y }),
      svg("text", { x: MARGIN.left - 8, y: y + 4, "text-anchor": "end" }, words));
  }
}

const label = (drawing, x, words, anchor) =>
  drawing.append(svg("text", { x, y: HEIGHT - 6, "text-anchor": anchor }, words));
