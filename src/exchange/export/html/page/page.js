// The page: what is at its top, its views, and what the keys do.

const find = (id) => document.getElementById(id);
const VIEWS = ["frames", "diagram", "charts"];
const state = { view: "frames", shown: new Int32Array(0), diagram: { rows: [], places: [] }, selected: -1, asked: 0 };

const lists = {
  frames: new List(find("frames"), {
    name: "Frames", height: 24, head: listHead(), draw: (at) => listRow(state.shown[at], state.shown[at - 1]),
    opened: (at) => open(state.shown[at]),
  }),
  diagram: new List(find("diagram"), {
    name: "Sequence diagram", height: 38, head: diagramHead(), draw: (at) => diagramRow(state.diagram.rows[at], state.shown),
    opened: (at) => { if (state.diagram.rows[at] >= 0) open(state.diagram.rows[at]); },
  }),
};

/** Where an index is in what is shown: itself, or the one that would be after it. */
function placeInShown(item) {
  let [low, high] = [0, state.shown.length];
  while (low < high) {
    const middle = low + high >> 1;
    if (state.shown[middle] < item) low = middle + 1; else high = middle;
  }
  return low;
}

/** Selects an event in both lists. */
function choose(item) {
  state.selected = item;
  const at = placeInShown(item);
  const isShown = state.shown[at] === item;
  lists.frames.select(isShown ? at : -1);
  lists.diagram.select(isShown ? state.diagram.places[at] : -1);
  if (!find("inspector").hidden) inspect(item);
}

/** Selects an event and looks into it. */
function open(item) {
  find("inspector").hidden = false;
  choose(item);
}

function inspect(item) {
  const event = events.get(item);
  const title = event ? KINDS[event.ev] ?? plain(event.ev) : `frame ${columns.number[item]}`;
  const what = event ? [] : [el("span", { class: `tag ${look(item)}` }, `${isSent(item) ? "▲ sent" : "▼ received"} ${opcodeName(opcode(item))}`)];
  const close = el("button", { type: "button", class: "close", "aria-label": "Close the inspector", onclick: shut }, "✕");
  const parts = event ? inspectHappening(item) : inspectFrame(item);
  find("inspector").replaceChildren(el("div", { class: "title" }, el("h2", {}, title), ...what, close), ...parts.filter(Boolean));
  find("inspector").scrollTop = 0;
}

function shut() {
  find("inspector").hidden = true;
  lists[state.view]?.focus();
}

/** Goes so many rows on in what is shown. */
function move(rows) {
  if (!state.shown.length) return;
  const at = placeInShown(state.selected);
  const isShown = state.shown[at] === state.selected;
  const next = isShown || rows < 0 ? at + rows : at + rows - 1;
  choose(state.shown[Math.max(0, Math.min(state.shown.length - 1, next))]);
}

/** Shows what is wanted now. */
async function refresh() {
  const asked = state.asked += 1;
  const shown = await select(() => asked !== state.asked, (part) => tell(`searching, ${Math.floor(part * 100)} %`));
  if (!shown) return;
  state.shown = shown;
  state.diagram = diagramRows(shown);
  lists.frames.fill(shown.length);
  lists.diagram.fill(state.diagram.rows.length);
  if (state.view === "charts") charts();
  if (state.selected >= 0) choose(state.selected);
  const all = totals.sent.frames + totals.received.frames;
  const frames = shown.reduce((sum, item) => sum + (isFrame(item) ? 1 : 0), 0);
  tell(frames === all ? count(all, "frame") : `${whole(frames)} of ${count(all, "frame")}`);
}

const tell = (text, isWrong = false) => {
  find("found").textContent = text;
  find("found").classList.toggle("wrong", isWrong);
};

function view(name) {
  state.view = name;
  for (const each of VIEWS) {
    find(each).hidden = each !== name;
    find(`tab-${each}`).setAttribute("aria-selected", each === name ? "true" : "false");
    find(`tab-${each}`).tabIndex = each === name ? 0 : -1;
  }
  if (name === "charts") charts();
  else if (state.selected >= 0) choose(state.selected);
  else lists[name].draw();
}

function charts() {
  drawCharts(find("charts"), state.shown, (time) => {
    view("frames");
    const next = state.shown.find((item) => columns.time[item] >= time);
    if (next !== undefined) choose(next);
    lists.frames.focus();
  });
}

/** Buttons of which one, or any, is pressed. */
function toggles(root, entries, press) {
  const buttons = entries.map(([label, value, hint]) => {
    const button = el("button", { type: "button", "aria-pressed": "false", title: hint }, label);
    button.addEventListener("click", () => { press(value); show(); refresh(); });
    return [button, value];
  });
  const show = () => buttons.forEach(([button, value]) => button.setAttribute("aria-pressed", String(press.is(value))));
  root.replaceChildren(...buttons.map(([button]) => button));
  show();
}

function setUpFilters() {
  const direction = (value) => { wanted.direction = value; };
  direction.is = (value) => wanted.direction === value;
  toggles(find("directions"), [["All", ""], ["▲ Sent", "sent"], ["▼ Received", "received"]], direction);

  const opcodes = (value) => { if (!wanted.opcodes.delete(value)) wanted.opcodes.add(value); };
  opcodes.is = (value) => wanted.opcodes.has(value);
  const there = Array.from(totals.opcodes).sort((a, b) => a[0] - b[0]);
  toggles(find("opcodes"), there.map(([value, many]) => [opcodeWord(value), value, count(many, "frame")]), opcodes);

  const numbers = Array.from(connections.keys());
  find("connection").replaceChildren(el("option", { value: 0 }, "All connections"),
    ...numbers.map((number) => el("option", { value: number }, `Connection ${number}`)));
  find("connection").hidden = numbers.length < 2;
  find("frames").classList.toggle("single", numbers.length < 2);
  find("connection").addEventListener("change", (event) => { wanted.connection = Number(event.target.value); refresh(); });

  const button = find("violations");
  button.append(` ${whole(totals.violations)}`);
  button.classList.toggle("some", totals.violations > 0);
  button.addEventListener("click", () => {
    wanted.violations = !wanted.violations;
    button.setAttribute("aria-pressed", String(wanted.violations));
    refresh();
  });
  let timer;
  find("search").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 120); });
}

function search() {
  const { matcher: found, problem } = matcher(find("search").value);
  find("search").setAttribute("aria-invalid", problem ? "true" : "false");
  if (problem) return tell(problem, true);
  wanted.matcher = found;
  return refresh();
}

function setUpTheme() {
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const name = () => { find("theme").textContent = isDark() ? "Light" : "Dark"; };
  find("theme").addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; name(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  name();
}

const KEYS = {
  j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1),
  PageDown: () => move(lists[state.view].page), PageUp: () => move(-lists[state.view].page),
  g: () => move(-total), Home: () => move(-total), G: () => move(total), End: () => move(total),
  Enter: () => { if (state.selected >= 0) open(state.selected); find("inspector").focus(); },
};

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const { key, target } = event;
  if (key === "Escape") return escape(target);
  if (target.closest("input, select")) {
    if (key === "Enter") lists[state.view]?.focus();
    return;
  }
  const tab = VIEWS.indexOf(target.id?.replace("tab-", ""));
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
  if (tab >= 0 && step) {
    view(VIEWS.at((tab + step) % VIEWS.length));
    find(`tab-${state.view}`).focus();
  } else if (key === "/") find("search").focus();
  else if (VIEWS[key - 1]) view(VIEWS[key - 1]);
  else if (KEYS[key] && state.view !== "charts" && isForList(target, key)) {
    if (!target.closest(".list, #inspector")) lists[state.view].focus();
    KEYS[key]();
  } else return;
  event.preventDefault();
}

/** Keys that scroll or press what has the focus are left to it. */
const isForList = (target, key) => key === "j" || key === "k" || target === document.body || target.closest(".list") !== null;

function escape(target) {
  if (target.id === "search" && target.value) {
    target.value = "";
    search();
  } else if (target.closest("input, select")) lists[state.view]?.focus();
  else if (!find("inspector").hidden) shut();
}

setUpFilters();
setUpTheme();
showTop();
find("inspector").hidden = true;
for (const name of VIEWS) find(`tab-${name}`).addEventListener("click", () => view(name));
document.addEventListener("keydown", pressed);
new ResizeObserver(() => { if (state.view === "charts") charts(); }).observe(find("charts"));
view("frames");
refresh();
