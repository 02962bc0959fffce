/** Asks a demonstration's part of the server, whose answer comes as lines of JSON while it goes on. */
import { LineSplitter, post } from "../laboratory/line_stream.ts";

/** Rejects with an Error whose message is a sentence for the page; an abort rejects as fetch does. */
export async function* linesOf<Line>(url: string, csrf: string, signal: AbortSignal): AsyncGenerator<Line> {
  const response = await post(url, {}, csrf, signal);
  if (!response.body) return;
  const splitter = new LineSplitter();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const line of splitter.push(value)) yield JSON.parse(line) as Line;
  }
}
