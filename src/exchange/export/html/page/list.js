// A list of any length, of which only the rows that are seen exist.

/** Rows beyond the edges, so that scrolling shows no blanks; and the tallest that an element may be in every browser. */
const BEYOND = 8;
const TALLEST = 8e6;

class List {
  #root; #rows; #height; #draw; #length = 0; #made = new Map(); #current = -1;

  /** `draw` makes the row at an index; `opened` hears of the one that is clicked. */
  constructor(root, { name, height, head, draw, opened }) {
    this.#height = height;
    this.#draw = draw;
    this.#rows = el("div", { class: "rows", role: "rowgroup" });
    this.#root = el("div", { class: "list", role: "grid", tabindex: 0, "aria-label": name, id: `${root.id}-list` }, head, this.#rows);
    root.replaceChildren(this.#root);
    this.#root.addEventListener("scroll", () => this.draw(), { passive: true });
    this.#root.addEventListener("click", (event) => {
      const row = event.target.closest("[aria-rowindex]");
      if (row && this.#rows.contains(row)) opened(Number(row.getAttribute("aria-rowindex")) - 2);
    });
    new ResizeObserver(() => this.draw()).observe(this.#root);
  }

  /** Shows other rows: so many. */
  fill(length) {
    this.#length = length;
    this.#made.forEach((row) => row.remove());
    this.#made.clear();
    this.#root.setAttribute("aria-rowcount", length + 1);
    this.#rows.style.height = `${Math.min(length * this.#height, TALLEST)}px`;
    this.draw();
  }

  focus() { this.#root.focus({ preventScroll: true }); }

  /** How many rows are seen. */
  get page() { return Math.max(1, Math.floor(this.#view / this.#height) - 1); }

  get #view() { return this.#root.clientHeight - this.#rows.offsetTop; }

  /** What an offset into the rows is as an offset of the scroll bar, and back. They differ in lists taller than can be. */
  get #scale() {
    const [full, tall] = [this.#length * this.#height, Math.min(this.#length * this.#height, TALLEST)];
    return full === tall ? 1 : (tall - this.#view) / (full - this.#view);
  }

  /** Marks the row, and brings it into sight. */
  select(at) {
    this.#current = at;
    if (at >= 0) {
      const [top, bottom] = [at * this.#height, (at + 1) * this.#height];
      const offset = this.#root.scrollTop / this.#scale;
      if (top < offset) this.#root.scrollTop = top * this.#scale;
      else if (bottom > offset + this.#view) this.#root.scrollTop = (bottom - this.#view) * this.#scale;
    }
    this.draw();
  }

  draw() {
    const view = this.#view;
    if (view <= 0) return;
    const scroll = this.#root.scrollTop;
    const offset = scroll / this.#scale;
    const first = Math.max(0, Math.floor(offset / this.#height) - BEYOND);
    const last = Math.min(this.#length, Math.ceil((offset + view) / this.#height) + BEYOND);
    for (const [at, row] of this.#made) {
      if (at >= first && at < last) continue;
      row.remove();
      this.#made.delete(at);
    }
    for (let at = first; at < last; at += 1) {
      let row = this.#made.get(at);
      if (!row) this.#made.set(at, row = this.#make(at));
      row.style.transform = `translateY(${at * this.#height - offset + scroll}px)`;
      row.setAttribute("aria-selected", at === this.#current ? "true" : "false");
    }
    const current = this.#made.get(this.#current);
    if (current) this.#root.setAttribute("aria-activedescendant", current.id);
    else this.#root.removeAttribute("aria-activedescendant");
  }

  #make(at) {
    const row = this.#draw(at);
    row.id = `${this.#root.id}-${at}`;
    row.setAttribute("role", "row");
    row.setAttribute("aria-rowindex", at + 2);
    this.#rows.append(row);
    return row;
  }
}
