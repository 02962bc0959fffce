/** What the Data panel asks the server for over HTTP; a refusal is an answer, too. */
import { postJson, workspaceConfig } from "./bus.ts";

export interface Refusal {
  error: string;
  /** What is wrong, for the person. */
  message: string;
  /** The field it is about, where there is one. */
  field?: string;
  /** Of ChangedMeanwhile: what the cell holds by now. */
  now?: unknown;
}

export type Answer<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

const UNREACHABLE: Refusal = {
  error: "unreachable",
  message: "The server cannot be reached. What you typed is still here; try again in a moment.",
};

/** `what` is the last part of the address: "change". */
export async function askData<T>(what: string, body: unknown): Promise<Answer<T>> {
  try {
    return await answerOf<T>(await postJson(workspaceConfig().urls.data + what, body));
  } catch {
    return { ok: false, refusal: UNREACHABLE };
  }
}

export async function answerOf<T>(response: Response): Promise<Answer<T>> {
  if (response.ok) return { ok: true, value: (await response.json()) as T };
  if (response.headers.get("Content-Type")?.startsWith("application/json")) {
    return { ok: false, refusal: (await response.json()) as Refusal };
  }
  const message = response.status === 413 ? "This is too large to send." : `The server answered ${response.status}. Reload the page and try again.`;
  return { ok: false, refusal: { error: String(response.status), message } };
}
