// Blob and File: bytes that never change, with a type.
(function (web) {
  "use strict";
  const { label, TextEncoder, TextDecoder } = web;

  function normalizedType(type) {
    const text = type === undefined ? "" : `${type}`;
    return /^[\x20-\x7e]*$/.test(text) ? text.toLowerCase() : "";
  }

  // The bytes of a part: a view of what never changes, a copy of what may.
  function bytesOfPart(part, endings) {
    if (part instanceof Blob) return bytesOf(part);
    if (part instanceof ArrayBuffer) return new Uint8Array(part.slice(0));
    if (ArrayBuffer.isView(part)) return new Uint8Array(part.buffer, part.byteOffset, part.byteLength).slice();
    const text = `${part}`;
    return new TextEncoder().encode(endings === "native" ? text.replace(/\r\n?/g, "\n") : text);
  }

  function joined(parts) {
    if (parts.length === 1) return parts[0];
    const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }

  function place(value, size) {
    const number = Math.trunc(Number(value)) || 0;
    return number < 0 ? Math.max(size + number, 0) : Math.min(number, size);
  }

  let bytesOf;

  class Blob {
    #bytes;
    #type;

    static {
      bytesOf = (blob) => blob.#bytes;
    }

    constructor(parts, options) {
      if (parts !== undefined && (parts === null || typeof parts !== "object" || typeof parts[Symbol.iterator] !== "function")) {
        throw new TypeError("Failed to construct 'Blob': The provided value cannot be converted to a sequence.");
      }
      const { type, endings } = options ?? {};
      this.#bytes = joined(Array.from(parts ?? [], (part) => bytesOfPart(part, endings)));
      this.#type = normalizedType(type);
    }

    get size() { return this.#bytes.length; }
    get type() { return this.#type; }

    slice(start = 0, end = this.size, type = "") {
      const from = place(start, this.size);
      const blob = new Blob([], { type });
      blob.#bytes = this.#bytes.subarray(from, Math.max(from, place(end, this.size)));
      return blob;
    }

    async text() { return new TextDecoder().decode(this.#bytes); }
    async arrayBuffer() { return this.#bytes.slice().buffer; }
    stream() { return web.use("streams").streamOf(this.#bytes); }
    async bytes() { return this.#bytes.slice(); }
    inspect() { return `${this.constructor.name} { size: ${this.size}, type: "${this.type}" }`; }
  }

  class File extends Blob {
    #name;
    #lastModified;

    constructor(parts, name, options) {
      if (arguments.length < 2) throw new TypeError("Failed to construct 'File': 2 arguments required");
      super(parts, options);
      this.#name = `${name}`.toWellFormed();
      this.#lastModified = options?.lastModified === undefined ? Date.now() : Math.trunc(Number(options.lastModified)) || 0;
    }

    get name() { return this.#name; }
    get lastModified() { return this.#lastModified; }
    get webkitRelativePath() { return ""; }
  }

  // A blob of bytes that nobody else holds.
  function blobOf(bytes, type) {
    return new Blob([bytes], { type });
  }

  return { Blob: label(Blob, "Blob"), File: label(File, "File"), bytesOf, blobOf, joined };
});
