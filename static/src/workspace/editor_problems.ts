/**
 * Problems inside the editor: a squiggle under the place and, below its line, the problem in words. Places
 * follow the text while it is edited, until the next answer replaces them.
 */
import { type Extension, StateEffect, StateField, type Text } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";
import { el, icon } from "./marks.ts";
import type { Problem } from "./messages.ts";
import { schemaJump } from "./schema_jump.ts";

const SERVER_WORDS_MAX = 400;
const LINES_SHOWN_MAX = 2;

interface MarkedProblem {
  from: number;
  to: number;
  problem: Problem;
}

interface Marked {
  problems: readonly MarkedProblem[];
  decorations: DecorationSet;
}

export const showProblems = StateEffect.define<readonly Problem[]>();

/** The offset of a place that counts from 1, moved into the text when it lies outside. */
export function offsetOf(doc: Text, line: number, column: number): number {
  const { from, to } = doc.line(Math.min(Math.max(line, 1), doc.lines));
  return Math.min(from + Math.max(column - 1, 0), to);
}

/** Where the problem ends; without an end, the word that starts there or the rest of the line. */
function endOffset(doc: Text, problem: Problem, from: number): number {
  if (problem.endLine !== undefined) return offsetOf(doc, problem.endLine, problem.endColumn ?? 1);
  const line = doc.lineAt(from);
  const word = /^[\w$]+/.exec(line.text.slice(from - line.from))?.[0].length;
  return word === undefined ? line.to : from + word;
}

function mark(doc: Text, problem: Problem): MarkedProblem {
  const from = offsetOf(doc, problem.line, problem.column);
  return { from, to: Math.max(endOffset(doc, problem, from), from), problem };
}

/** A long type is known by how it begins and ends. */
const shortenTypes = (text: string): string =>
  text.replace(/'([^']{70,})'/g, (_, type: string) => `'${type.slice(0, 40).trimEnd()} … ${type.slice(-16).trimStart()}'`);

/** TypeScript explains in steps, each indented further: the first says what, the last says why. */
export function shortMessage(message: string): string {
  const lines = message.split("\n").map((line) => line.trim()).filter(Boolean);
  const first = lines[0] ?? "";
  const last = lines[lines.length - 1] ?? "";
  return shortenTypes(first === last ? first : `${first} ${last}`);
}

/** A deploy's message says path, value and validator on lines of their own, and all of them matter. */
function wordsOf(problem: Problem): string {
  if (problem.source !== "server") return shortMessage(problem.message);
  const lines = problem.message.split("\n").map((line) => line.trim()).filter(Boolean);
  const whole = lines.join(" · ");
  return whole.length > SERVER_WORDS_MAX ? `${whole.slice(0, SERVER_WORDS_MAX)}…` : whole;
}

function originOf(problem: Problem): string {
  if (problem.source === "server") return "from the last deploy";
  return problem.code === undefined ? "" : `ts ${problem.code}`;
}

class Lens extends WidgetType {
  readonly #problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super();
    this.#problems = problems;
  }

  override eq(other: Lens): boolean {
    return this.#text() === other.#text();
  }

  override toDOM(): HTMLElement {
    const severity = this.#problems.some((problem) => problem.severity === "error") ? "error" : "warning";
    const lens = el("div", { class: `cm-lens ${severity}` });
    for (const problem of this.#problems.slice(0, LINES_SHOWN_MAX)) {
      const words = el("p", { title: problem.message }, `${wordsOf(problem)} `);
      words.append(el("span", { class: "origin" }, originOf(problem)));
      const rows = schemaJump(problem);
      if (rows) words.append(" · ", rows);
      lens.append(icon(problem.severity === "error" ? "cross" : "warn"), words);
    }
    const more = this.#problems.length - LINES_SHOWN_MAX;
    if (more > 0) lens.append(el("p", { class: "more" }, `and ${more} more in this line`));
    return lens;
  }

  #text(): string {
    return JSON.stringify(this.#problems.map(({ message, severity, source }) => [message, severity, source]));
  }
}

function decorate(doc: Text, problems: readonly MarkedProblem[]): DecorationSet {
  const ranges = [];
  const byLine = new Map<number, Problem[]>();
  for (const { from, to, problem } of problems) {
    if (to > from) ranges.push(Decoration.mark({ class: `cm-squiggle ${problem.severity}` }).range(from, to));
    const lineEnd = doc.lineAt(from).to;
    byLine.set(lineEnd, [...(byLine.get(lineEnd) ?? []), problem]);
  }
  for (const [lineEnd, ofLine] of byLine) {
    ranges.push(Decoration.widget({ widget: new Lens(ofLine), block: true, side: 1 }).range(lineEnd));
  }
  return Decoration.set(ranges, true);
}

const markedProblems = StateField.define<Marked>({
  create: () => ({ problems: [], decorations: Decoration.none }),
  update(marked, transaction) {
    const shown = transaction.effects.findLast((effect) => effect.is(showProblems));
    const doc = transaction.newDoc;
    if (shown) {
      const problems = (shown.value as readonly Problem[]).map((problem) => mark(doc, problem));
      return { problems, decorations: decorate(doc, problems) };
    }
    if (!transaction.docChanged) return marked;
    const { changes } = transaction;
    const problems = marked.problems.map(({ from, to, problem }) => {
      const start = changes.mapPos(from, 1);
      return { from: start, to: Math.max(start, changes.mapPos(to, -1)), problem };
    });
    return { problems, decorations: decorate(doc, problems) };
  },
  provide: (field) => EditorView.decorations.from(field, ({ decorations }) => decorations),
});

export function problemMarks(): Extension {
  return markedProblems;
}
