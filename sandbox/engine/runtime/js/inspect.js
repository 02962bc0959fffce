// A value as Convex's console prints it: the form of the npm package object-inspect with an indent of two, so that an
// object takes a line for every property and an array stays on one line while its items do (docs/spec/semantics.md §7).
(function (realm) {
  "use strict";
  const { uncurry } = realm;
  const { Array, Boolean, Date, Error, Map, Number, Object, RegExp, Set, String, Symbol, WeakMap, WeakSet } = globalThis;
  const { getPrototypeOf, getOwnPropertySymbols, keys, hasOwn, is } = Object;
  const isArray = Array.isArray;
  const test = uncurry(RegExp.prototype.test);
  const replace = uncurry(String.prototype.replace);
  const slice = uncurry(String.prototype.slice);
  const indexOf = uncurry(String.prototype.indexOf);
  const repeat = uncurry(String.prototype.repeat);
  const charCodeAt = uncurry(String.prototype.charCodeAt);
  const toHex = uncurry(Number.prototype.toString);
  const classOf = uncurry(Object.prototype.toString);
  const isEnumerable = uncurry(Object.prototype.propertyIsEnumerable);
  const forEachOfMap = uncurry(Map.prototype.forEach);
  const forEachOfSet = uncurry(Set.prototype.forEach);
  const sizeOfMap = uncurry(Object.getOwnPropertyDescriptor(Map.prototype, "size").get);
  const sizeOfSet = uncurry(Object.getOwnPropertyDescriptor(Set.prototype, "size").get);

  const DEPTH = 5; // levels that are shown; what lies deeper is named only
  const INDENT = "  ";
  const NAMED_ITEMS_MAX = 1024;
  const ESCAPES = { __proto__: null, "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "'": "\\'", "\\": "\\\\" };
  const BOXES = {
    __proto__: null,
    "[object Number]": uncurry(Number.prototype.valueOf),
    "[object String]": uncurry(String.prototype.valueOf),
    "[object Boolean]": uncurry(Boolean.prototype.valueOf),
    "[object Symbol]": uncurry(Symbol.prototype.valueOf),
    "[object BigInt]": uncurry(BigInt.prototype.valueOf),
  };

  // The text of a value. `budget` ends the work on a huge one once the line is longer than what is kept anyway.
  realm.inspect = (value, budget) => inspect(value, { depth: 0, parents: [], isIndented: true, budget });

  function inspect(value, at) {
    switch (typeof value) {
      case "string": return spend(at, quote(value));
      case "number": return spend(at, is(value, -0) ? "-0" : String(value));
      case "bigint": return spend(at, `${value}n`);
      case "function": return inspectFunction(value, at);
      case "object": return value === null ? "null" : inspectObject(value, at);
      default: return spend(at, String(value)); // undefined, boolean, symbol
    }
  }

  function spend(at, text) {
    at.budget.left -= text.length;
    return text;
  }

  function quote(text) {
    const escaped = replace(text, /['\\\x00-\x1f]/g, (character) => {
      const known = ESCAPES[character];
      if (known !== undefined) return known;
      const code = charCodeAt(character, 0);
      return `\\x${code < 16 ? "0" : ""}${toHex(code, 16)}`;
    });
    return `'${escaped}'`;
  }

  function within(parent, at) {
    return { ...at, depth: at.depth + 1, parents: [...at.parents, parent] };
  }

  function isParent(value, at) {
    for (const parent of at.parents) if (parent === value) return true;
    return false;
  }

  function inspectFunction(value, at) {
    if (isParent(value, at)) return "[Circular]";
    const name = typeof value.name === "string" ? value.name : "";
    const properties = propertiesOf(value, within(value, at));
    const tag = spend(at, `[Function${name === "" ? " (anonymous)" : `: ${name}`}]`);
    return properties.length === 0 ? tag : `${tag} { ${joined(properties)} }`;
  }

  function inspectObject(value, at) {
    if (at.depth >= DEPTH) return isArray(value) ? "[Array]" : "[Object]";
    if (isParent(value, at)) return "[Circular]";
    const inner = within(value, at);
    if (isArray(value)) return inspectArray(value, inner, at);
    const kind = classOf(value);
    if (kind === "[object Error]") return inspectError(value, inner);
    if (typeof value.inspect === "function") return spend(at, `${value.inspect()}`);
    if (kind === "[object Map]" && value instanceof Map) return inspectMap(value, inner, at);
    if (kind === "[object Set]" && value instanceof Set) return inspectSet(value, inner, at);
    if (value instanceof WeakMap || value instanceof WeakSet) return `${slice(kind, 8, -1)} { ? }`;
    if (BOXES[kind] !== undefined) return inspectBox(value, kind, inner, at);
    if (value === globalThis) return "{ [object globalThis] }";
    if (kind === "[object Date]" || kind === "[object RegExp]") return spend(at, String(value));
    return inspectPlain(value, kind, inner, at);
  }

  function inspectPlain(value, kind, inner, at) {
    const properties = propertiesOf(value, inner);
    const tag = tagOf(value, kind);
    if (properties.length === 0) return `${tag}{}`;
    return at.isIndented ? `${tag}{${onLines(properties, at)}}` : `${tag}{ ${joined(properties)} }`;
  }

  function tagOf(value, kind) {
    const prototype = getPrototypeOf(value);
    if (prototype === Object.prototype) return "";
    if (prototype === null) return "[Object: null prototype] ";
    const name = typeof value.constructor === "function" ? `${value.constructor.name}` : "";
    const stringTag = Symbol.toStringTag in value ? `[${slice(kind, 8, -1)}] ` : "";
    return `${name === "" ? "" : `${name} `}${stringTag}`;
  }

  // A box that only says it is one (by its string tag) is shown as the object it is.
  function inspectBox(value, kind, inner, at) {
    try {
      return `Object(${inspect(BOXES[kind](value), at)})`;
    } catch {
      return inspectPlain(value, kind, inner, at);
    }
  }

  function joined(parts) {
    let text = "";
    for (let i = 0; i < parts.length; i += 1) text += (i === 0 ? "" : ", ") + parts[i];
    return text;
  }

  function onLines(parts, at) {
    if (parts.length === 0) return "";
    const outer = `\n${repeat(INDENT, at.depth)}`;
    let text = "";
    for (let i = 0; i < parts.length; i += 1) text += `${i === 0 ? "" : ","}${outer}${INDENT}${parts[i]}`;
    return text + outer;
  }

  function inspectArray(value, inner, at) {
    if (value.length === 0) return "[]";
    const parts = [];
    for (let i = 0; i < value.length && at.budget.left > 0; i += 1) {
      parts[i] = hasOwn(value, i) ? inspect(value[i], inner) : "";
      spend(at, ", ");
    }
    // What a regular expression matched is an array with names; a large array is not asked for any.
    if (value.length <= NAMED_ITEMS_MAX) {
      for (const part of propertiesOf(value, inner, isName)) parts[parts.length] = part;
    }
    return at.isIndented && hasLines(parts) ? `[${onLines(parts, at)}]` : `[ ${joined(parts)} ]`;
  }

  function hasLines(parts) {
    for (let i = 0; i < parts.length; i += 1) if (indexOf(parts[i], "\n") >= 0) return true;
    return false;
  }

  function isName(key) {
    return !test(/^(0|[1-9]\d*)$/, key);
  }

  function propertiesOf(value, inner, isShown = () => true) {
    const parts = [];
    for (const key of keys(value)) {
      if (inner.budget.left <= 0) break;
      if (!isShown(key)) continue;
      const name = spend(inner, test(/[^\w$]/, key) ? quote(key) : key);
      parts[parts.length] = `${name}: ${inspect(value[key], inner)}`;
    }
    for (const symbol of getOwnPropertySymbols(value)) {
      if (isEnumerable(value, symbol)) parts[parts.length] = `[${String(symbol)}]: ${inspect(value[symbol], inner)}`;
    }
    return parts;
  }

  function inspectError(value, inner) {
    const parts = propertiesOf(value, inner);
    const text = spend(inner, `[${String(value)}]`);
    const hasCause = "cause" in value && !isEnumerable(value, "cause");
    const shown = hasCause ? [`[cause]: ${inspect(value.cause, inner)}`, ...parts] : parts;
    return shown.length === 0 ? text : `{ ${text} ${joined(shown)} }`;
  }

  function inspectMap(value, inner, at) {
    const parts = [];
    forEachOfMap(value, (item, key) => {
      if (at.budget.left <= 0) return;
      parts[parts.length] = `${inspect(key, { ...inner, isIndented: false })} => ${inspect(item, inner)}`;
    });
    return collection(`Map (${sizeOfMap(value)})`, parts, at);
  }

  function inspectSet(value, inner, at) {
    const parts = [];
    forEachOfSet(value, (item) => {
      if (at.budget.left > 0) parts[parts.length] = inspect(item, inner);
    });
    return collection(`Set (${sizeOfSet(value)})`, parts, at);
  }

  function collection(name, parts, at) {
    return `${name} {${at.isIndented ? onLines(parts, at) : joined(parts)}}`;
  }
});
