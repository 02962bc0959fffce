// Stacks of a "use node" file's errors: `error.stack` is V8's text, as packages expect it; for the host the frames in the
// project's own modules are kept beside it, named as stacks.js names them.
const framesOf = new WeakMap();
const FRAME = /^ {4}at (?:(.+) \()?(async )?(convex\/[^\n()]+:\d+:\d+)\)?$/;

function format(error, sites) {
  const own = sites.filter((site) => `${site.getFileName()}`.startsWith("convex/"));
  framesOf.set(error, own.map(shown).join("\n"));
  return [headOf(error), ...sites.map((site) => `    at ${site}`)].join("\n");
}

function headOf(error) {
  try {
    return `${error}`;
  } catch {
    return "Error";
  }
}

const shown = (site) => `    at ${nameOf(site)} (${site.getFileName()}:${site.getLineNumber()}:${site.getColumnNumber()})`;

function nameOf(site) {
  const asynchronous = site.isAsync() ? "async " : "";
  const name = site.getFunctionName();
  if (site.isConstructor()) return `${asynchronous}new ${name ?? "<anonymous>"}`;
  const type = site.getTypeName();
  const method = site.getMethodName();
  if (name === null) return `${asynchronous}${type === null ? "" : `${type}.`}${method ?? "<anonymous>"}`;
  const owner = type !== null && name.startsWith(type) ? `${type}.` : "";
  return `${asynchronous}${owner}${name}${method !== null && name.endsWith(method) ? ` [as ${method}]` : ""}`;
}

export function keepFrames() {
  Error.stackTraceLimit = 20;
  Error.prepareStackTrace = format;
}

// The frames of an error for the host. A package may have put a formatter of its own in our place, or made a stack itself.
export function stackOf(error) {
  const stack = `${error.stack ?? ""}`; // V8 formats it when it is first looked at
  return framesOf.get(error) ?? stack.split("\n").flatMap(readFrame).join("\n");
}

function readFrame(line) {
  const [, name, asynchronous = "", place] = FRAME.exec(line) ?? [];
  return place === undefined ? [] : [`    at ${name ?? `${asynchronous}<anonymous>`} (${place})`];
}
