// The streams of the web. Their classes come from a library that is put in front of this text (realm_sources.py) and
// declares `streams`; here are the two of text, and what bodies and files need.
(function (web) {
  "use strict";
  const { label, TextDecoder, TextEncoder } = web;
  /* global streams */
  const { ReadableStream, TransformStream } = streams;

  class TextEncoderStream {
    #pair;
    #high = ""; // the first half of a surrogate pair, waiting for the second

    constructor() {
      const encoder = new TextEncoder();
      this.#pair = new TransformStream({
        transform: (chunk, controller) => {
          const text = this.#high + `${chunk}`;
          const isSplit = /[\ud800-\udbff]$/.test(text);
          this.#high = isSplit ? text.slice(-1) : "";
          const whole = isSplit ? text.slice(0, -1) : text;
          if (whole !== "") controller.enqueue(encoder.encode(whole));
        },
        flush: (controller) => {
          if (this.#high !== "") controller.enqueue(encoder.encode(this.#high));
        },
      });
    }

    get encoding() { return "utf-8"; }
    get readable() { return this.#pair.readable; }
    get writable() { return this.#pair.writable; }
  }

  class TextDecoderStream {
    #pair;
    #decoder;

    constructor(label, options) {
      const decoder = new TextDecoder(label, options);
      this.#decoder = decoder;
      const pass = (text, controller) => { if (text !== "") controller.enqueue(text); };
      this.#pair = new TransformStream({
        transform: (chunk, controller) => pass(decoder.decode(chunk, { stream: true }), controller),
        flush: (controller) => pass(decoder.decode(), controller),
      });
    }

    get encoding() { return this.#decoder.encoding; }
    get fatal() { return this.#decoder.fatal; }
    get ignoreBOM() { return this.#decoder.ignoreBOM; }
    get readable() { return this.#pair.readable; }
    get writable() { return this.#pair.writable; }
  }

  // A stream of bytes that stay as they are: what it hands out is a copy.
  function streamOf(bytes) {
    return new ReadableStream({
      type: "bytes",
      pull(controller) {
        if (bytes.length > 0) controller.enqueue(bytes.slice());
        controller.close();
        controller.byobRequest?.respond(0);
      },
    });
  }

  // Reads a stream to its end: all its bytes as one array.
  async function* readPieces(stream) {
    const reader = stream.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (!(value instanceof Uint8Array)) throw new TypeError("A body's stream may only hold Uint8Array chunks");
      yield value;
    }
  }

  async function readWhole(stream, joined) {
    const parts = [];
    for await (const part of readPieces(stream)) parts.push(part);
    return joined(parts);
  }

  // Whether somebody read or cancelled it: the library keeps this where the standard has its own slot.
  const isDisturbed = (stream) => stream._disturbed === true;

  label(TextEncoderStream, "TextEncoderStream");
  label(TextDecoderStream, "TextDecoderStream");
  return { ...streams, TextEncoderStream, TextDecoderStream, streamOf, readPieces, readWhole, isDisturbed };
});
