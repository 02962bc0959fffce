// The lines that the host sends, for the runners that do not block: action_runner.js and node_runner.js.
import { setImmediate } from "node:timers";
import { stdin, exit } from "./realms.js";

const READ_BYTES = 1 << 16;
const decoder = new TextDecoder();
const turn = () => new Promise((resolve) => setImmediate(resolve));
let pieces = []; // of a line whose end has not come yet

function join(last) {
  if (pieces.length === 0) return decoder.decode(last);
  let text = "";
  const stream = new TextDecoder();
  for (const piece of pieces) text += stream.decode(piece, { stream: true });
  pieces = [];
  return text + stream.decode(last);
}

// Calls `handle` with every line; the process ends with its input.
export async function eachLine(handle) {
  const chunk = new Uint8Array(READ_BYTES);
  for (;;) {
    const count = await stdin.read(chunk);
    if (count === null) exit(0);
    let start = 0;
    for (let newline = chunk.indexOf(10); newline >= 0 && newline < count; newline = chunk.indexOf(10, start)) {
      handle(join(chunk.subarray(start, newline)));
      start = newline + 1;
      // Between two answers a function goes on as far as it can: nobody sees them come at once.
      await turn();
    }
    if (start < count) pieces.push(chunk.slice(start, count));
  }
}
