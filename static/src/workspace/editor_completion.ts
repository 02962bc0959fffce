/** Completion from the TypeScript worker: tables in `ctx.db.query("`, index names, `api.`, and the rest. */
import { autocompletion, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import type { TypeScriptClient } from "./typescript.ts";

/** What a typed character must be for a list to open by itself, besides a letter of a name. */
const OPENS = /[.'"`/<]/;

async function complete(file: string, typescript: TypeScriptClient, context: CompletionContext): Promise<CompletionResult | null> {
  const word = context.matchBefore(/[\w$]*$/);
  const start = word?.from ?? context.pos;
  const before = context.state.sliceDoc(Math.max(0, context.pos - 1), context.pos);
  if (!context.explicit && start === context.pos && !OPENS.test(before)) return null;
  const found = await typescript.call("complete", { file, position: context.pos }).catch(() => null);
  if (!found || context.aborted || found.entries.length === 0) return null;
  const describe = async ({ label }: Completion): Promise<Node | null> => {
    const text = await typescript.call("describe", { file, position: context.pos, label });
    return text && text !== label ? document.createTextNode(text) : null;
  };
  return {
    from: found.from ?? start,
    ...(found.to !== undefined && { to: found.to }),
    validFor: /^[\w$]*$/,
    options: found.entries.map(({ label, sort, insert }) => ({
      label,
      apply: insert ?? label,
      // TypeScript sorts "11" (local) before "15" (global); the editor wants higher first.
      boost: 10 - Number.parseInt(sort, 10),
      info: describe,
    })),
  };
}

export function typescriptCompletion(file: string, typescript: TypeScriptClient): Extension {
  return autocompletion({ override: [(context) => complete(file, typescript, context)], icons: false });
}
