/**
 * <parsons-blocks>: lines of code to put in order. Two lists: the blocks that lie ready, and those that are chosen.
 *
 * By keyboard: arrows walk a list, Enter chooses or takes out, Alt with an arrow moves. By pointer and finger: a tap
 * selects, the buttons below move, and a block can be dragged by its grip. Indentation follows the brackets by itself.
 * The server compares the order; the first wrong block is marked. Nothing is written into the editor.
 */
import { postForm } from "../workspace/bus.ts";
import { el, icon } from "../workspace/marks.ts";
import { beginning, depths, move, type Order, place, takeOut } from "./parsons_model.ts";
import { say } from "./phrases.ts";

type ListName = "ready" | "chosen";
type Tool = "in" | "up" | "down" | "out";

interface Answer {
  right?: boolean;
  wrong?: number | null;
  message: string;
  code?: string;
}

export class ParsonsBlocks extends HTMLElement {
  #lines: string[] = [];
  #order: Order = beginning(0);
  #selected: number | null = null;
  #wrong: number | null = null;
  #dragged: number | null = null;
  readonly #items = new Map<number, HTMLLIElement>();
  readonly #lists: Record<ListName, HTMLUListElement> = { ready: el("ul"), chosen: el("ul") };
  readonly #status = el("p", { class: "small muted", role: "status" });
  readonly #verdict = el("div", { class: "parsons-verdict", role: "status" });
  readonly #tools: Record<Tool, HTMLButtonElement> = {
    in: this.#tool(say("blockIn"), () => this.#choose()),
    up: this.#tool(say("blockUp"), () => this.#move(-1)),
    down: this.#tool(say("blockDown"), () => this.#move(1)),
    out: this.#tool(say("blockOut"), () => this.#takeOut()),
  };

  connectedCallback(): void {
    if (this.childElementCount) return;
    this.#lines = JSON.parse(this.dataset.blocks || "[]") as string[];
    this.#order = beginning(this.#lines.length);
    this.append(
      ...this.#listWithTitle("ready", say("blocksReady")),
      ...this.#listWithTitle("chosen", say("blocksChosen")),
      el("div", { class: "parsons-tools" }, ...Object.values(this.#tools)),
      el("p", { class: "small muted parsons-keys" }, say("blockKeys")),
      this.#status,
      this.#checkButton(),
      this.#verdict,
    );
    // A finger that drags makes no gesture of the browser's, which would swallow the next tap.
    const holdGesture = (event: TouchEvent): void => {
      if (this.#dragged !== null && event.cancelable) event.preventDefault();
    };
    this.addEventListener("touchmove", holdGesture, { passive: false });
    this.#draw();
  }

  #listWithTitle(name: ListName, title: string): HTMLElement[] {
    const list = this.#lists[name];
    const id = `parsons-${name}-${this.dataset.url?.replace(/\W+/g, "-")}`;
    const attributes = { class: "parsons-list", role: "listbox", "aria-labelledby": id, tabindex: "0", "data-list": name };
    for (const [key, value] of Object.entries(attributes)) list.setAttribute(key, value);
    list.addEventListener("keydown", (event) => this.#byKey(event, name));
    list.addEventListener("focus", () => this.#selectFirst(name));
    list.addEventListener("click", (event) => this.#byClick(event));
    list.addEventListener("dblclick", () => (name === "ready" ? this.#choose() : this.#takeOut()));
    list.addEventListener("pointerdown", (event) => this.#beginDrag(event));
    const none = el("p", { class: "small muted none" }, say(name === "ready" ? "noneReady" : "noneChosen"));
    return [el("h4", { id, class: "small" }, title), list, none];
  }

  #tool(label: string, act: () => void): HTMLButtonElement {
    const button = el("button", { class: "btn sm", type: "button" }, label);
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") !== "true") act();
    });
    return button;
  }

  #checkButton(): HTMLButtonElement {
    const button = el("button", { class: "btn", type: "button" }, say("blockCheck"));
    button.addEventListener("click", () => void this.#check());
    return button;
  }

  // ── what can be done

  #choose(): void {
    const block = this.#selected;
    if (block === null || this.#order.chosen.includes(block)) return;
    const next = this.#neighbour("ready", block);
    this.#change(place(this.#order, block, this.#order.chosen.length));
    this.#announce(block);
    this.#selected = next ?? block;
    this.#draw();
  }

  #takeOut(): void {
    const block = this.#selected;
    if (block === null || !this.#order.chosen.includes(block)) return;
    const next = this.#neighbour("chosen", block);
    this.#change(takeOut(this.#order, block));
    this.#say(say("blockTakenOut", { line: this.#text(block) }));
    this.#selected = next ?? block;
    this.#draw();
  }

  #move(by: -1 | 1): void {
    const block = this.#selected;
    if (block === null) return;
    this.#change(move(this.#order, block, by));
    this.#announce(block);
    this.#draw();
  }

  async #check(): Promise<void> {
    let answer: Answer;
    try {
      answer = (await (await postForm(this.dataset.url ?? "", { order: this.#order.chosen.join(",") })).json()) as Answer;
    } catch {
      answer = { message: say("blocksNotChecked") };
    }
    this.#wrong = answer.wrong ?? null;
    this.#draw();
    const state = answer.right === undefined ? "warn" : answer.right ? "ok" : "bad";
    const mark = el("p", { class: `badge ${state} answer` }, icon({ ok: "tick", bad: "cross", warn: "warn" }[state]), answer.message);
    this.#verdict.replaceChildren(mark);
    if (answer.code) this.#verdict.append(el("pre", { tabindex: "0" }, el("code", {}, answer.code)));
  }

  #change(order: Order): void {
    this.#order = order;
    this.#wrong = null;
    this.#verdict.replaceChildren();
  }

  // ── words

  #text(block: number): string {
    return this.#lines[block] ?? "";
  }

  #announce(block: number): void {
    const at = this.#order.chosen.indexOf(block);
    this.#say(say("blockAt", { line: this.#text(block), at: at + 1, count: this.#order.chosen.length }));
  }

  #say(text: string): void {
    this.#status.textContent = text;
  }

  // ── keyboard and pointer

  #neighbour(list: ListName, block: number): number | null {
    const blocks = this.#order[list];
    const at = blocks.indexOf(block);
    return blocks[at + 1] ?? blocks[at - 1] ?? null;
  }

  #selectFirst(list: ListName): void {
    const blocks = this.#order[list];
    if (this.#selected !== null && blocks.includes(this.#selected)) return;
    this.#selected = blocks[0] ?? null;
    this.#draw();
  }

  #byKey(event: KeyboardEvent, list: ListName): void {
    const arrow = { ArrowUp: -1, ArrowDown: 1 }[event.key] as -1 | 1 | undefined;
    if (arrow !== undefined && event.altKey) {
      if (list === "chosen") this.#move(arrow);
    } else if (arrow !== undefined) {
      this.#walk(list, arrow);
    } else if (event.key === "Enter" || event.key === " ") {
      if (list === "ready") this.#choose();
      else this.#takeOut();
    } else if ((event.key === "Delete" || event.key === "Backspace") && list === "chosen") {
      this.#takeOut();
    } else if (event.key === "Home" || event.key === "End") {
      this.#selected = this.#order[list].at(event.key === "Home" ? 0 : -1) ?? null;
      this.#draw();
    } else {
      return;
    }
    event.preventDefault();
  }

  #walk(list: ListName, by: -1 | 1): void {
    const blocks = this.#order[list];
    const at = this.#selected === null ? -1 : blocks.indexOf(this.#selected);
    this.#selected = blocks[Math.min(Math.max(at + by, 0), blocks.length - 1)] ?? null;
    this.#draw();
  }

  #byClick(event: MouseEvent): void {
    const block = blockOf(event.target);
    if (block === null) return;
    this.#selected = block;
    this.#draw();
  }

  /** The mouse may take a block anywhere; a finger takes its grip, so that the page still scrolls. */
  #beginDrag(event: PointerEvent): void {
    const block = blockOf(event.target);
    if (block === null || event.button !== 0) return;
    const grips = event.target instanceof Element && event.target.closest(".grip") !== null;
    if (event.pointerType !== "mouse" && !grips) return;
    const fromY = event.clientY;
    const follow = (moved: PointerEvent): void => {
      if (moved.pointerId !== event.pointerId) return;
      if (this.#dragged === null && Math.abs(moved.clientY - fromY) < 5) return;
      // The block under the finger is drawn anew while it moves; the exercise itself stays.
      if (this.#dragged === null) this.setPointerCapture(event.pointerId);
      this.#dragged = block;
      this.#selected = block;
      this.#dragTo(moved.clientX, moved.clientY);
    };
    const end = (): void => {
      removeEventListener("pointermove", follow);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
      if (this.#dragged === null) return;
      this.#dragged = null;
      this.#announceWherever(block);
      this.#draw();
    };
    addEventListener("pointermove", follow);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  }

  #dragTo(x: number, y: number): void {
    const block = this.#dragged;
    if (block === null) return;
    if (isOver(this.#lists.ready, x, y)) {
      this.#change(takeOut(this.#order, block));
    } else if (isOver(this.#lists.chosen, x, y)) {
      const others = [...this.#lists.chosen.querySelectorAll<HTMLElement>("[data-block-number]")].filter((item) => blockOf(item) !== block);
      const at = others.filter((item) => middleOf(item) < y).length;
      this.#change(place(this.#order, block, at));
    }
    this.#draw();
  }

  #announceWherever(block: number): void {
    if (this.#order.chosen.includes(block)) this.#announce(block);
    else this.#say(say("blockTakenOut", { line: this.#text(block) }));
  }

  // ── drawing

  #draw(): void {
    const deep = depths(this.#order.chosen.map((block) => this.#text(block)));
    this.#fill("ready", () => 0);
    this.#fill("chosen", (at) => deep[at] ?? 0);
    const at = this.#selected === null ? -1 : this.#order.chosen.indexOf(this.#selected);
    this.#enable("in", this.#selected !== null && at < 0);
    this.#enable("up", at > 0);
    this.#enable("down", at >= 0 && at < this.#order.chosen.length - 1);
    this.#enable("out", at >= 0);
  }

  #enable(tool: Tool, enabled: boolean): void {
    this.#tools[tool].setAttribute("aria-disabled", String(!enabled));
  }

  #fill(name: ListName, depthAt: (at: number) => number): void {
    const list = this.#lists[name];
    const items = this.#order[name].map((block, at) => this.#item(name, block, at, depthAt(at)));
    // A finger that is down on a block must find the same block when it is lifted.
    if (items.length !== list.children.length || items.some((item, at) => item !== list.children[at])) list.replaceChildren(...items);
    list.classList.toggle("is-empty", !items.length);
    const active = items.find((item) => item.getAttribute("aria-selected") === "true");
    if (active) list.setAttribute("aria-activedescendant", active.id);
    else list.removeAttribute("aria-activedescendant");
  }

  #item(name: ListName, block: number, at: number, depth: number): HTMLLIElement {
    const item = this.#items.get(block) ?? this.#newItem(block);
    const isWrong = name === "chosen" && this.#wrong === at + 1;
    item.className = [`depth-${Math.min(depth, 6)}`, isWrong && "is-wrong", this.#dragged === block && "is-dragged"].filter(Boolean).join(" ");
    item.setAttribute("aria-selected", String(block === this.#selected));
    item.querySelector(".badge")?.remove();
    if (isWrong) item.append(el("span", { class: "badge bad" }, icon("cross"), say("firstWrong")));
    return item;
  }

  #newItem(block: number): HTMLLIElement {
    const id = `parsons-${this.dataset.url?.replace(/\W+/g, "-")}-${block}`;
    const grip = el("span", { class: "grip", "aria-hidden": "true" }, "⠿");
    const item = el("li", { id, role: "option", "data-block-number": block }, grip, el("code", {}, this.#text(block)));
    this.#items.set(block, item);
    return item;
  }
}

function blockOf(target: EventTarget | null): number | null {
  const item = target instanceof Element ? target.closest<HTMLElement>("[data-block-number]") : null;
  return item ? Number(item.dataset.blockNumber) : null;
}

function isOver(list: Element, x: number, y: number): boolean {
  const box = list.getBoundingClientRect();
  return x >= box.left - 40 && x <= box.right + 40 && y >= box.top && y <= box.bottom;
}

function middleOf(item: Element): number {
  const box = item.getBoundingClientRect();
  return box.top + box.height / 2;
}

customElements.define("parsons-blocks", ParsonsBlocks);
