/** Long work of the Data panel that the server tells step by step, as JSON lines: an import, a table that is cleared. */
import { workspaceConfig } from "./bus.ts";
import { type Answer, answerOf } from "./data_calls.ts";

export interface Step {
  checked?: number;
  written?: number;
  gone?: number;
  changed?: number;
  total?: number;
  done?: boolean;
  error?: string;
  message?: string;
}

const BROKEN_OFF = { error: "broken-off", message: "The connection broke. Look at the table: what was written until then stays." };

/** Posts, and tells every step. The answer is the last one. */
export async function askInSteps(what: string, body: BodyInit, tell: (step: Step) => void): Promise<Answer<Step>> {
  try {
    const headers = { "Content-Type": "application/octet-stream", "X-CSRFToken": workspaceConfig().csrf };
    const response = await fetch(workspaceConfig().urls.data + what, { method: "POST", headers, body });
    if (!response.ok || !response.body) return await answerOf<Step>(response);
    let last: Step | null = null;
    for await (const line of linesOf(response.body)) {
      last = JSON.parse(line) as Step;
      tell(last);
    }
    if (last?.error !== undefined) return { ok: false, refusal: { error: last.error, message: last.message ?? "" } };
    return last?.done ? { ok: true, value: last } : { ok: false, refusal: BROKEN_OFF };
  } catch {
    return { ok: false, refusal: BROKEN_OFF };
  }
}

export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
    if (done) break;
  }
  if (rest !== "") yield rest;
}
