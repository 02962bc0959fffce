// What a "use node" action asks of the host and still waits for.
const AT_ONCE_MAX = 1000;
let send = null; // while an action runs
let count = 0;
const waiting = new Map(); // by id

// `write` gets the id, the operation and its arguments as JSON text. Null ends it.
export function operateBy(write) {
  send = write;
}

export function requireRun() {
  if (send === null) throw new Error("Cannot invoke syscall during module imports");
}

// The answer's text. Rejects with what the host refused, as {message, data?}.
export async function ask(op, text) {
  requireRun();
  if (waiting.size >= AT_ONCE_MAX) {
    throw new Error(
      "Too many concurrent operations. See https://docs.convex.dev/functions/actions#limits for more information.",
    );
  }
  if (text === "" || text.includes("\n")) throw new Error(`Invalid arguments for ${op}`);
  return new Promise((resolve, reject) => {
    const id = `${++count}`;
    waiting.set(id, { op, resolve, reject });
    send(id, op, text);
  });
}

// `reply` is "=" and the result's text, or "!" and {"message", "data"?}.
export function settle(id, reply) {
  const operation = waiting.get(id);
  if (operation === undefined) return;
  waiting.delete(id);
  if (reply[0] === "=") return operation.resolve(reply.slice(1));
  const { message, data } = JSON.parse(reply.slice(1));
  const error = new Error(message);
  if (data !== undefined) error.data = data;
  operation.reject(error);
}

// The operations that are under way; what `fetch` asked is none of Convex's.
export const unsettled = () => [...waiting.values()].map(({ op }) => op).filter((op) => op.startsWith("1.0/"));
