// The first import of node_runner.js: `Deno`, for Deno's own modules of Node alone. They look for the global name while
// they load and when they fail; packages take it for a sign that they run in Deno, and must not find it.
const { Deno, Error } = globalThis;

// This keeps up an appearance and is no wall: there is no permission that the object could use.
export function hideDeno() {
  Object.defineProperty(globalThis, "Deno", { get: () => (isAskedByDeno() ? Deno : undefined), configurable: true, enumerable: false });
}

function isAskedByDeno() {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.prepareStackTrace = undefined;
  Error.stackTraceLimit = 3;
  const asker = `${new Error().stack}`.split("\n")[3] ?? "";
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  return /[ (](ext|node):/.test(asker);
}
