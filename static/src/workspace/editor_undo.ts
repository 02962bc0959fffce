/** Keeps the undo history of each file over a reload of this tab. */
import { historyField } from "@codemirror/commands";
import { EditorState, type EditorStateConfig } from "@codemirror/state";

const FIELDS = { history: historyField };
const LENGTH_MAX = 500_000;

interface KeptState {
  doc: string;
}

const keyOf = (workspace: string): string => `undo:${workspace}`;

function read(workspace: string): Map<string, KeptState> {
  try {
    return new Map(Object.entries(JSON.parse(sessionStorage.getItem(keyOf(workspace)) ?? "{}") as Record<string, KeptState>));
  } catch {
    return new Map();
  }
}

export class KeptUndo {
  readonly #workspace: string;
  readonly #kept: Map<string, KeptState>;

  constructor(workspace: string) {
    this.#workspace = workspace;
    this.#kept = read(workspace);
  }

  /** Whether there is a history that ends with this text. */
  has(file: string, text: string): boolean {
    return this.#kept.get(file)?.doc === text;
  }

  /** The file's state with its history, if one was kept for this text; each is used once. */
  createState(file: string, text: string, config: EditorStateConfig): EditorState {
    const kept = this.#kept.get(file);
    if (kept?.doc !== text) return EditorState.create({ ...config, doc: text });
    this.#kept.delete(file);
    try {
      return EditorState.fromJSON(kept, config, FIELDS);
    } catch {
      return EditorState.create({ ...config, doc: text });
    }
  }

  /** What is too long to keep is left out: undo is a comfort, the texts themselves are saved elsewhere. */
  keep(states: Iterable<readonly [string, EditorState]>): void {
    const kept: Record<string, unknown> = {};
    for (const [file, state] of states) {
      const json: unknown = state.toJSON(FIELDS);
      if (JSON.stringify(json).length <= LENGTH_MAX) kept[file] = json;
    }
    try {
      sessionStorage.setItem(keyOf(this.#workspace), JSON.stringify(kept));
    } catch {
      sessionStorage.removeItem(keyOf(this.#workspace));
    }
  }
}
