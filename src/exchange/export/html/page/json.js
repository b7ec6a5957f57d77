// JSON as a tree that folds. It is read here, not by the browser, so that numbers, escapes and repeated names stay as sent.

/** How deep is read, and how many members are shown at once. */
const DEEPEST = 200;
const AT_ONCE = 100;

/** A node: `{ open, close, members: [[name or null, node]] }`, or `{ kind, raw }`; `null` if the text is no JSON. */
function readJson(text) {
  let at = 0;
  const blank = /[ \t\r\n]*/y;
  const token = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/y;
  const skip = () => { blank.lastIndex = at; blank.test(text); at = blank.lastIndex; };
  const take = (character) => { skip(); if (text[at] !== character) return false; at += 1; return true; };
  const leaf = () => {
    skip();
    token.lastIndex = at;
    const raw = token.exec(text)?.[0];
    if (!raw) throw new SyntaxError("no JSON");
    at += raw.length;
    return { raw, kind: raw[0] === '"' ? "text" : /[a-z]/.test(raw[0]) ? "word" : "number" };
  };
  const nested = (open, close, depth) => {
    if (depth > DEEPEST) throw new RangeError("too deep");
    const members = [];
    if (take(close)) return { open, close, members };
    do {
      const name = open === "{" ? leaf() : null;
      if (name && (name.kind !== "text" || !take(":"))) throw new SyntaxError("no JSON");
      members.push([name?.raw ?? null, node(depth + 1)]);
    } while (take(","));
    if (!take(close)) throw new SyntaxError("no JSON");
    return { open, close, members };
  };
  const node = (depth) => {
    if (take("{")) return nested("{", "}", depth);
    return take("[") ? nested("[", "]", depth) : leaf();
  };
  try {
    const root = node(0);
    skip();
    return at === text.length ? root : null;
  } catch {
    return null;
  }
}

/** The tree; its first two floors are unfolded if they are small. */
function jsonTree(node, name = null, depth = 0) {
  const label = name === null ? [] : [el("span", { class: "name" }, ...visible(name)), ": "];
  if (!node.members) return el("div", { class: "leaf" }, ...label, el("span", { class: node.kind }, ...visible(node.raw)));
  const { open, close, members } = node;
  if (!members.length) return el("div", { class: "leaf" }, ...label, open + close);
  const inside = open === "{" ? count(members.length, "member") : count(members.length, "item");
  const summary = el("summary", {}, ...label, open, el("span", { class: "folded" }, ` ${inside} `, close));
  const tree = el("details", {}, summary);
  const fill = () => {
    if (!tree.open || tree.children.length > 1) return;
    const body = el("div", { class: "members" });
    more(body, members, 0, depth);
    tree.append(body, el("div", {}, close));
  };
  tree.addEventListener("toggle", fill);
  tree.open = depth === 0 || (depth < 3 && members.length <= 20);
  fill();
  return tree;
}

/** The next members, and a button for those after them. */
function more(body, members, from, depth) {
  const end = Math.min(members.length, from + AT_ONCE);
  body.append(...members.slice(from, end).map(([name, node]) => jsonTree(node, name, depth + 1)));
  if (end === members.length) return;
  const button = el("button", { type: "button", onclick: () => { button.remove(); more(body, members, end, depth); } },
    `${count(members.length - end, "further member")}`);
  body.append(button);
}
