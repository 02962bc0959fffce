// The web interfaces that functions may expect and a bare V8 context lacks, written for the realm: no object of the
// outer realm is borrowed, only texts are asked of it. What is absent here is absent for learner code.
(function (realm) {
  "use strict";
  const { assign, defineProperty, keys, getPrototypeOf } = Object;
  const { apply, get } = Reflect;
  const { parse, stringify } = JSON;
  const { Error, Promise, String, TypeError, RangeError, Uint8Array, Uint16Array, ArrayBuffer } = globalThis;

  function provide(name, value) {
    defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }

  provide("self", globalThis);
  // Variables are asked for by name: they cannot be listed or changed, and whatever else `env` is given, it says its own.
  const variables = { __proto__: null };
  const env = new Proxy({}, {
    __proto__: null,
    get(target, name, receiver) {
      if (typeof name !== "string") return get(target, name, receiver);
      if (name === "inspect" && variables[name] === undefined) return () => "[process.env]";
      return variables[name];
    },
  });
  provide("process", { env });
  realm.setEnvironment = (text) => {
    assign(variables, parse(text));
  };

  // Their places are the codes of old, from 1.
  const CODES = [
    "IndexSize", "DOMStringSize", "HierarchyRequest", "WrongDocument", "InvalidCharacter", "NoDataAllowed",
    "NoModificationAllowed", "NotFound", "NotSupported", "InUseAttribute", "InvalidState", "Syntax", "InvalidModification",
    "Namespace", "InvalidAccess", "Validation", "TypeMismatch", "Security", "Network", "Abort", "URLMismatch",
    "QuotaExceeded", "Timeout", "InvalidNodeType", "DataClone",
  ];

  class DOMException extends Error {
    #name;
    constructor(message = "", name = "Error") {
      super(message);
      this.#name = name;
    }
    get name() { return this.#name; }
    get code() { return CODES.findIndex((code) => `${code}Error` === this.#name) + 1; }
  }
  for (const [place, code] of CODES.entries()) {
    const words = code === "InUseAttribute" ? "Inuse_Attribute" : code.replace(/(?<=[a-z]|URL|DOM(?=S))(?=[A-Z])/g, "_");
    const name = `${words.toUpperCase().replace("DOM_STRING", "DOMSTRING")}_ERR`;
    for (const holder of [DOMException, DOMException.prototype]) defineProperty(holder, name, { value: place + 1, enumerable: true });
  }
  provide("DOMException", DOMException);

  // ---- text and bytes ------------------------------------------------------------------------------------------

  // Texts of many megabytes go through here, so bytes and characters are not gathered one by one.
  function utf8Length(text) {
    let length = text.length;
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff)) length += 2;
      else if (unit >= 0x80) length += 1; // each half of a surrogate pair is half of four bytes
    }
    return length;
  }

  function encodeUtf8(text) {
    const whole = text.toWellFormed();
    const bytes = new Uint8Array(utf8Length(whole));
    for (let i = 0, at = 0; i < whole.length; i += 1) {
      const unit = whole.charCodeAt(i);
      if (unit < 0x80) bytes[at++] = unit;
      else {
        const point = whole.codePointAt(i);
        if (point > 0xffff) i += 1;
        at = putUtf8(bytes, at, point);
      }
    }
    return bytes;
  }

  // Writes a code point of several bytes; returns where the next one goes.
  function putUtf8(bytes, at, point) {
    if (point < 0x800) bytes[at++] = 0xc0 | (point >> 6);
    else {
      if (point < 0x10000) bytes[at++] = 0xe0 | (point >> 12);
      else {
        bytes[at++] = 0xf0 | (point >> 18);
        bytes[at++] = 0x80 | ((point >> 12) & 63);
      }
      bytes[at++] = 0x80 | ((point >> 6) & 63);
    }
    bytes[at++] = 0x80 | (point & 63);
    return at;
  }

  provide("TextEncoder", class TextEncoder {
    get encoding() { return "utf-8"; }
    encode(text = "") { return encodeUtf8(String(text)); }
    encodeInto(text, target) {
      let read = 0;
      let written = 0;
      for (const character of String(text).toWellFormed()) {
        const bytes = encodeUtf8(character);
        if (written + bytes.length > target.length) break;
        target.set(bytes, written);
        read += character.length;
        written += bytes.length;
      }
      return { read, written };
    }
  });

  // One code point from `bytes` at `i`: [point or -1, bytes used]. A broken sequence uses up its valid start only.
  function readUtf8(bytes, i) {
    const lead = bytes[i];
    if (lead < 0x80) return [lead, 1];
    const length = lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
    if (length === 0) return [-1, 1];
    let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    let point = lead & (0x7f >> length);
    for (let k = 1; k < length; k += 1) {
      const byte = bytes[i + k];
      if (!(byte >= low && byte <= high)) return [-1, k];
      point = (point << 6) | (byte & 63);
      low = 0x80;
      high = 0xbf;
    }
    return [point, length];
  }

  // How many bytes at the end are the start of a character that may still become whole.
  function unfinished(bytes) {
    for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
      const start = bytes.length - back;
      if (bytes[start] >= 0xc0) {
        const [point, used] = readUtf8(bytes, start);
        return point < 0 && used === back ? back : 0;
      }
      if (bytes[start] < 0x80) return 0;
    }
    return 0;
  }

  const UNITS = 8192;

  function decodeUtf8(bytes, fatal) {
    const units = new Uint16Array(Math.min(bytes.length, UNITS) + 1);
    let text = "";
    let count = 0;
    for (let i = 0; i < bytes.length; ) {
      if (count >= UNITS) {
        text += apply(String.fromCharCode, null, units.subarray(0, count));
        count = 0;
      }
      if (bytes[i] < 0x80) {
        units[count++] = bytes[i++];
        continue;
      }
      const [point, used] = readUtf8(bytes, i);
      if (point < 0 && fatal) throw new TypeError("The encoded data was not valid.");
      i += used;
      if (point <= 0xffff) units[count++] = point < 0 ? 0xfffd : point;
      else {
        units[count++] = 0xd7c0 + (point >> 10);
        units[count++] = 0xdc00 | (point & 0x3ff);
      }
    }
    return text + apply(String.fromCharCode, null, units.subarray(0, count));
  }

  function characterForEach(bytes) {
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return text;
  }

  provide("TextDecoder", class TextDecoder {
    #encoding = "utf-8";
    #fatal;
    #ignoreBOM;
    #before = ""; // of another encoding: all bytes of the stream until now, and how much of their text was returned
    #returned = 0;
    #held = new Uint8Array(0); // the start of a character whose rest may come with the next chunk
    #isInside = false; // whether a chunk came before, so that a mark at the start is none
    constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
      if (!/^\s*(unicode-1-1-utf-8|utf-?8)\s*$/i.test(label)) this.#encoding = realm.legacyText(label, "");
      if (this.#encoding === "") throw new DOMException(`The encoding label provided ('${label}') is invalid.`, "RangeError");
      this.#fatal = Boolean(fatal);
      this.#ignoreBOM = Boolean(ignoreBOM);
    }
    get encoding() { return this.#encoding; }
    get fatal() { return this.#fatal; }
    get ignoreBOM() { return this.#ignoreBOM; }
    decode(input = new Uint8Array(0), { stream = false } = {}) {
      let bytes = input instanceof ArrayBuffer ? new Uint8Array(input) : new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
      if (this.#encoding !== "utf-8") return this.#decodeOther(bytes, stream);
      if (this.#held.length > 0) bytes = Uint8Array.from([...this.#held, ...bytes]);
      const end = stream ? bytes.length - unfinished(bytes) : bytes.length;
      this.#held = bytes.slice(end);
      const text = decodeUtf8(bytes.subarray(0, end), this.#fatal);
      const isMarked = !this.#isInside && !this.#ignoreBOM && text[0] === "\ufeff";
      this.#isInside = stream && (this.#isInside || end > 0);
      return isMarked ? text.slice(1) : text;
    }
    #decodeOther(bytes, stream) {
      const all = this.#before + characterForEach(bytes);
      const question = stringify({ encoding: this.#encoding, fatal: this.#fatal, ignoreBOM: this.#ignoreBOM, stream });
      const answer = realm.legacyText(question, all);
      if (answer === "!") throw new TypeError("The encoded data was not valid.");
      const text = answer.slice(1 + this.#returned);
      this.#before = stream ? all : "";
      this.#returned = stream ? answer.length - 1 : 0;
      return text;
    }
  });

  const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

  function refuseBase64(name, why) {
    throw new DOMException(`Failed to execute '${name}': ${why}`, "InvalidCharacterError");
  }

  function textGiven(given) {
    if (given.length === 0) throw new TypeError('The "input" argument must be specified');
    return String(given[0]);
  }

  provide("btoa", function btoa(input) {
    const text = textGiven(arguments);
    let output = "";
    for (let i = 0; i < text.length; i += 3) {
      const codes = [text.charCodeAt(i), text.charCodeAt(i + 1), text.charCodeAt(i + 2)];
      if (codes.some((code) => code > 255)) refuseBase64("btoa", "The string to be encoded contains characters outside of the Latin1 range.");
      const word = (codes[0] << 16) | ((codes[1] || 0) << 8) | (codes[2] || 0);
      output += BASE64[word >> 18] + BASE64[(word >> 12) & 63];
      output += i + 1 < text.length ? BASE64[(word >> 6) & 63] : "=";
      output += i + 2 < text.length ? BASE64[word & 63] : "=";
    }
    return output;
  });

  provide("atob", function atob(input) {
    let text = textGiven(arguments).replace(/[\t\n\f\r ]/g, "");
    if (text.length % 4 === 0) text = text.replace(/={1,2}$/, "");
    const wrong = text.search(/[^A-Za-z0-9+/]/);
    if (wrong >= 0) refuseBase64("atob", `Invalid byte ${encodeUtf8(text.slice(wrong, wrong + 2))[0]}, offset ${wrong}.`);
    if (text.length % 4 === 1) refuseBase64("atob", "Encoded text cannot have a 6-bit remainder.");
    let output = "";
    let held = 0;
    let bits = 0;
    for (const character of text) {
      held = ((held << 6) | BASE64.indexOf(character)) & 0xffff;
      bits += 6;
      if (bits < 8) continue;
      bits -= 8;
      output += String.fromCharCode((held >> bits) & 255);
    }
    return output;
  });

  // ---- structuredClone -----------------------------------------------------------------------------------------

  function refuseClone(value) {
    throw new DOMException(`${typeof value === "symbol" ? "A symbol" : String(value)} could not be cloned.`, "DataCloneError");
  }

  function clone(value, seen) {
    if (typeof value === "function" || typeof value === "symbol") refuseClone(value);
    if (typeof value !== "object" || value === null) return value;
    if (seen.has(value)) return seen.get(value);
    const copy = emptyCopy(value, seen);
    seen.set(value, copy);
    if (value instanceof Map) for (const [key, item] of value) copy.set(clone(key, seen), clone(item, seen));
    else if (value instanceof Set) for (const item of value) copy.add(clone(item, seen));
    else if (Array.isArray(value) || !isLeaf(value)) for (const key of keys(value)) copy[key] = clone(value[key], seen);
    return copy;
  }

  function isLeaf(value) {
    const leaf = [Date, RegExp, ArrayBuffer, Boolean, Number, String, BigInt, Error];
    return ArrayBuffer.isView(value) || leaf.some((type) => value instanceof type);
  }

  function emptyCopy(value, seen) {
    if (Array.isArray(value)) return new Array(value.length);
    if (value instanceof Map) return new Map();
    if (value instanceof Set) return new Set();
    if (value instanceof Date) return new Date(value.getTime());
    if (value instanceof RegExp) return new RegExp(value.source, value.flags);
    if (value instanceof ArrayBuffer) return value.slice(0);
    if (ArrayBuffer.isView(value)) return cloneView(value, seen);
    if (value instanceof Error) return cloneError(value);
    if (isLeaf(value)) return Object(value.valueOf());
    if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) refuseClone(value);
    return {};
  }

  function cloneView(value, seen) {
    const buffer = clone(value.buffer, seen);
    const length = value instanceof DataView ? value.byteLength : value.length;
    return new (getPrototypeOf(value).constructor)(buffer, value.byteOffset, length);
  }

  function cloneError(value) {
    const types = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
    const copy = new (types[value.name] ?? Error)(value.message);
    defineProperty(copy, "stack", { value: value.stack, writable: true, configurable: true });
    return copy;
  }

  provide("structuredClone", function structuredClone(value, options) {
    if (arguments.length === 0) throw new TypeError("structuredClone needs a value");
    if (options !== undefined) realm.end("structuredClone with transfer not supported");
    return clone(value, new Map());
  });
});
