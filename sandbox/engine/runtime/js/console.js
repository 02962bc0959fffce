// The console of a realm: `[LEVEL] a b` lines, arguments rendered as Convex renders them (docs/spec/semantics.md §7).
(function (realm) {
  "use strict";
  const { log, uncurry } = realm;
  const { Array, Date, Error, Map, Object, RegExp, Set, String, Symbol } = globalThis;
  const { getPrototypeOf, getOwnPropertySymbols, keys, hasOwn, is } = Object;
  const isArray = Array.isArray;
  const test = uncurry(RegExp.prototype.test);
  const replace = uncurry(String.prototype.replace);
  const slice = uncurry(String.prototype.slice);
  const charCodeAt = uncurry(String.prototype.charCodeAt);
  const toHex = uncurry(Number.prototype.toString);
  const classOf = uncurry(Object.prototype.toString);
  const isEnumerable = uncurry(Object.prototype.propertyIsEnumerable);
  const forEachOfMap = uncurry(Map.prototype.forEach);
  const forEachOfSet = uncurry(Set.prototype.forEach);
  const sizeOfMap = uncurry(Object.getOwnPropertyDescriptor(Map.prototype, "size").get);
  const sizeOfSet = uncurry(Object.getOwnPropertyDescriptor(Set.prototype, "size").get);

  const LINES_MAX = 256;
  const LINE_BYTES_MAX = 32_768;
  const DEPTH_MAX = 5;
  const TRUNCATED = " (truncated due to length)";
  const ESCAPES = { __proto__: null, "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "'": "\\'", "\\": "\\\\" };

  // ---- one value -----------------------------------------------------------------------------------------------

  function quote(text) {
    const escaped = replace(text, /['\\\x00-\x1f]/g, (character) => {
      const known = ESCAPES[character];
      if (known !== undefined) return known;
      const code = charCodeAt(character, 0);
      return `\\x${code < 16 ? "0" : ""}${toHex(code, 16)}`;
    });
    return `'${escaped}'`;
  }

  // `budget` ends the work on a huge value once the line is longer than what is kept anyway.
  function inspect(value, depth, parents, budget) {
    switch (typeof value) {
      case "string": return spend(budget, quote(value));
      case "number": return spend(budget, is(value, -0) ? "-0" : String(value));
      case "bigint": return spend(budget, `${value}n`);
      case "function": return spend(budget, inspectFunction(value));
      case "object": return value === null ? "null" : inspectObject(value, depth, parents, budget);
      default: return spend(budget, String(value)); // undefined, boolean, symbol
    }
  }

  function spend(budget, text) {
    budget.left -= text.length;
    return text;
  }

  function inspectFunction(value) {
    const name = typeof value.name === "string" ? value.name : "";
    return `[Function${name === "" ? " (anonymous)" : `: ${name}`}]`;
  }

  function inspectObject(value, depth, parents, budget) {
    for (const parent of parents) if (parent === value) return "[Circular]";
    if (depth > DEPTH_MAX) return isArray(value) ? "[Array]" : "[Object]";
    const inner = [...parents, value];
    const part = (item) => inspect(item, depth + 1, inner, budget);
    if (isArray(value)) return inspectArray(value, part, budget);
    const kind = classOf(value);
    if (kind === "[object Error]") return inspectError(value, part, budget);
    if (kind === "[object Map]" && value instanceof Map) return inspectMap(value, part, budget);
    if (kind === "[object Set]" && value instanceof Set) return inspectSet(value, part, budget);
    if (kind === "[object Date]" || kind === "[object RegExp]") return spend(budget, String(value));
    const properties = inspectProperties(value, part, budget);
    const tag = tagOf(value, kind);
    return properties === "" ? `${tag}{}` : `${tag}{ ${properties} }`;
  }

  function tagOf(value, kind) {
    const prototype = getPrototypeOf(value);
    if (prototype === Object.prototype) return "";
    if (prototype === null) return "[Object: null prototype] ";
    const name = typeof value.constructor === "function" ? `${value.constructor.name}` : "";
    const stringTag = Symbol.toStringTag in value ? `[${slice(kind, 8, -1)}] ` : "";
    return `${name === "" ? "" : `${name} `}${stringTag}`;
  }

  function joined(parts, open, close) {
    let text = "";
    for (const part of parts) text += (text === "" ? "" : ", ") + part;
    return `${open}${text}${close}`;
  }

  function inspectArray(value, part, budget) {
    if (value.length === 0) return "[]";
    const parts = [];
    for (let i = 0; i < value.length && budget.left > 0; i += 1) parts[i] = hasOwn(value, i) ? part(value[i]) : spend(budget, " ");
    return joined(parts, "[ ", " ]");
  }

  function inspectProperties(value, part, budget) {
    const parts = [];
    for (const key of keys(value)) {
      if (budget.left <= 0) break;
      const name = test(/^[\w$]+$/, key) ? key : quote(key);
      parts[parts.length] = `${spend(budget, name)}: ${part(value[key])}`;
    }
    for (const symbol of getOwnPropertySymbols(value)) {
      if (isEnumerable(value, symbol)) parts[parts.length] = `[${String(symbol)}]: ${part(value[symbol])}`;
    }
    return joined(parts, "", "");
  }

  function inspectError(value, part, budget) {
    const properties = inspectProperties(value, part, budget);
    const text = spend(budget, `[${String(value)}]`);
    return properties === "" ? text : `{ ${text} ${properties} }`;
  }

  function inspectMap(value, part, budget) {
    const parts = [];
    forEachOfMap(value, (item, key) => {
      if (budget.left > 0) parts[parts.length] = `${part(key)} => ${part(item)}`;
    });
    return joined(parts, `Map (${sizeOfMap(value)}) {`, "}");
  }

  function inspectSet(value, part, budget) {
    const parts = [];
    forEachOfSet(value, (item) => {
      if (budget.left > 0) parts[parts.length] = part(item);
    });
    return joined(parts, `Set (${sizeOfSet(value)}) {`, "}");
  }

  // ---- lines ---------------------------------------------------------------------------------------------------

  let lines = 0;

  function write(level, values) {
    lines += 1;
    if (lines > LINES_MAX) return;
    if (lines === LINES_MAX) {
      log(`[ERROR] Log overflow (maximum ${LINES_MAX}). Remaining log lines omitted.`);
      return;
    }
    const budget = { left: LINE_BYTES_MAX };
    let line = `[${level}]`;
    for (let i = 0; i < values.length && budget.left > 0; i += 1) line += ` ${shown(values[i], budget)}`;
    log(truncated(line));
  }

  // A getter or a Proxy may throw while it is looked at; printing never stops a function.
  function shown(value, budget) {
    try {
      return inspect(value, 0, [], budget);
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

  const levels = { log: "LOG", debug: "DEBUG", info: "INFO", warn: "WARN", error: "ERROR", trace: "LOG", dir: "LOG" };
  const console = {};
  for (const name of keys(levels)) console[name] = (...values) => write(levels[name], values);
  Object.defineProperty(globalThis, "console", { value: console, writable: true, configurable: true, enumerable: false });
  realm.forgetLines = () => {
    lines = 0;
  };
});
