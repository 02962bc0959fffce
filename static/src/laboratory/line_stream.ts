/** Asking the laboratory: a POST whose answer comes as lines of JSON, each a message. */
import type { LaboratoryMessage } from "./messages.ts";

/** Splits a stream of text into whole lines, however it was cut. */
export class LineSplitter {
  #rest = "";

  push(text: string): string[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.filter((line) => line !== "");
  }
}

/** Rejects with an Error whose message is a sentence for the page; an abort rejects as fetch does. */
export async function* ask(url: string, body: unknown, csrf: string, signal: AbortSignal): AsyncGenerator<LaboratoryMessage> {
  const response = await post(url, body, csrf, signal);
  if (!response.body) return;
  const splitter = new LineSplitter();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const line of splitter.push(value)) yield JSON.parse(line) as LaboratoryMessage;
  }
}

/** The answer of one POST. Rejects with the server's sentence, or one that says that it was not reached. */
export async function post(url: string, body: unknown, csrf: string, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
      body: JSON.stringify(body),
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error("The server cannot be reached. Try again in a moment.");
  }
  if (!response.ok) throw new Error(await sentenceOf(response));
  return response;
}

async function sentenceOf(response: Response): Promise<string> {
  try {
    const { message } = (await response.json()) as { message?: string };
    if (message) return message;
  } catch {
    // not from the laboratory
  }
  return response.status === 404 || response.status === 403
    ? "Your session has ended. Go back to the course and start again."
    : `The server answered ${response.status}. Try again in a moment.`;
}
