// The console of a realm: `[LEVEL] a b` lines, the methods that Convex has and no others (docs/spec/semantics.md §7).
(function (realm) {
  "use strict";
  const { log, uncurry, inspect, elapsedMs } = realm;
  const { Error, Object, String } = globalThis;
  const { keys } = Object;
  const slice = uncurry(String.prototype.slice);
  const charCodeAt = uncurry(String.prototype.charCodeAt);

  const LINES_MAX = 256;
  const LINE_BYTES_MAX = 32_768;
  const TRUNCATED = " (truncated due to length)";

  // ---- lines ---------------------------------------------------------------------------------------------------

  let lines = 0;

  function write(level, values) {
    if (hasRoom()) log(truncated(`[${level}]${shownAll(values) || " "}`));
  }

  // Whether a line may still be printed; the last one that may says that there are more.
  function hasRoom() {
    lines += 1;
    if (lines === LINES_MAX) log(`[ERROR] Log overflow (maximum ${LINES_MAX}). Remaining log lines omitted.`);
    return lines < LINES_MAX;
  }

  function shownAll(values) {
    const budget = { left: LINE_BYTES_MAX };
    let text = "";
    for (let i = 0; i < values.length && budget.left > 0; i += 1) text += ` ${shown(values[i], budget)}`;
    return text;
  }

  // A getter or a Proxy may throw while it is looked at; printing never stops a function.
  function shown(value, budget) {
    try {
      return inspect(value, budget);
    } catch {
      return "[unprintable]";
    }
  }

  function bytesOf(code) {
    if (code < 0x80) return 1;
    if (code < 0x800) return 2;
    return code >= 0xd800 && code < 0xe000 ? 2 : 3; // each half of a surrogate pair counts half of four
  }

  function truncated(line) {
    if (line.length * 3 <= LINE_BYTES_MAX) return line;
    let bytes = 0;
    for (let i = 0; i < line.length; i += 1) {
      bytes += bytesOf(charCodeAt(line, i));
      if (bytes > LINE_BYTES_MAX - TRUNCATED.length) return slice(line, 0, i) + TRUNCATED;
    }
    return line;
  }

  // ---- timers: they show real time, which no function can read ---------------------------------------------------

  const timers = { __proto__: null };

  function labelOf(label) {
    return label === undefined ? "default" : label === null ? "null" : `${label}`;
  }

  function writeText(level, text) {
    if (hasRoom()) log(truncated(`[${level}] ${text}`));
  }

  function time(label) {
    const name = labelOf(label);
    if (timers[name] !== undefined) return writeText("WARN", `Timer '${name}' already exists`);
    timers[name] = elapsedMs();
  }

  function writeTime(name, values) {
    if (timers[name] === undefined) return writeText("WARN", `Timer '${name}' does not exist`);
    writeText("INFO", `${name}: ${elapsedMs() - timers[name]}ms${shownAll(values)}`);
  }

  const levels = { log: "LOG", debug: "DEBUG", info: "INFO", warn: "WARN", error: "ERROR" };
  const console = {
    time(label) { time(label); },
    timeLog(label, ...values) { writeTime(labelOf(label), values); },
    trace(...values) {
      if (hasRoom()) log(truncated(`[LOG]${shownAll(values)} \n${new Error().stack}\n`));
    },
    timeEnd(label) {
      writeTime(labelOf(label), []);
      delete timers[labelOf(label)];
    },
  };
  for (const name of keys(levels)) console[name] = (...values) => write(levels[name], values);
  Object.defineProperty(globalThis, "console", { value: console, writable: true, configurable: true, enumerable: false });
  realm.forgetLines = () => {
    lines = 0;
  };
});
