// FormData: the entries of a form, and their two shapes on the wire (multipart/form-data and URL-encoded).
(function (web) {
  "use strict";
  const { label, use, inspect, TextDecoder, TextEncoder, URLSearchParams } = web;
  const { Blob, File, joined } = use("files");

  const text = (value) => `${value}`.toWellFormed();

  function entryOf(name, value, filename) {
    if (!(value instanceof Blob)) {
      if (filename !== undefined) throw new TypeError("Failed to execute 'append' on 'FormData': parameter 2 is not of type 'Blob'.");
      return [text(name), text(value)];
    }
    if (value instanceof File && filename === undefined) return [text(name), value];
    return [text(name), new File([value], filename ?? value.name ?? "blob", { type: value.type })];
  }

  class FormData {
    #entries = []; // [name, string or File]

    constructor(form) {
      if (form !== undefined) throw new TypeError("Failed to construct 'FormData': there are no forms here");
    }

    append(name, value, filename) { this.#entries.push(entryOf(name, value, filename)); }
    delete(name) { this.#entries = this.#entries.filter((entry) => entry[0] !== text(name)); }
    get(name) { return this.#entries.find((entry) => entry[0] === text(name))?.[1] ?? null; }
    getAll(name) { return this.#entries.filter((entry) => entry[0] === text(name)).map((entry) => entry[1]); }
    has(name) { return this.#entries.some((entry) => entry[0] === text(name)); }

    // The first one takes the value, the others of the name go.
    set(name, value, filename) {
      const entry = entryOf(name, value, filename);
      const first = this.#entries.findIndex((each) => each[0] === entry[0]);
      if (first < 0) return void this.#entries.push(entry);
      this.#entries = this.#entries.filter((each, i) => i <= first || each[0] !== entry[0]);
      this.#entries[first] = entry;
    }

    forEach(callback, thisArg) { for (const [name, value] of this) callback.call(thisArg, value, name, this); }
    *entries() { for (let i = 0; i < this.#entries.length; i += 1) yield [...this.#entries[i]]; }
    *keys() { for (const [name] of this) yield name; }
    *values() { for (const [, value] of this) yield value; }
    [Symbol.iterator]() { return this.entries(); }
    inspect() { return `FormData ${inspect([...this])}`; }
  }
  label(FormData, "FormData");

  // ---- to bytes --------------------------------------------------------------------------------------------------

  const escaped = (name) => name.replace(/\r\n?|\n/g, "%0D%0A").replace(/"/g, "%22");
  const withFullBreaks = (value) => value.replace(/\r\n?|\n/g, "\r\n");

  function boundaryFor() {
    let boundary = "----formdata-";
    for (let i = 0; i < 24; i += 1) boundary += Math.floor(Math.random() * 36).toString(36);
    return boundary;
  }

  function formDataToBlob(form) {
    const boundary = boundaryFor();
    const parts = [];
    for (const [name, value] of form) {
      const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(withFullBreaks(name))}"`;
      if (typeof value === "string") parts.push(`${head}\r\n\r\n${withFullBreaks(value)}\r\n`);
      else {
        const type = value.type === "" ? "application/octet-stream" : value.type;
        parts.push(`${head}; filename="${escaped(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`, value, "\r\n");
      }
    }
    return new Blob([...parts, `--${boundary}--\r\n`], { type: `multipart/form-data; boundary=${boundary}` });
  }

  // ---- from bytes ------------------------------------------------------------------------------------------------

  function parseFormData(bytes, contentType) {
    const [type] = (contentType ?? "").split(";");
    switch (type.trim().toLowerCase()) {
      case "application/x-www-form-urlencoded": return parseUrlEncoded(bytes);
      case "multipart/form-data": return parseMultipart(bytes, boundaryOf(contentType));
      default: throw new TypeError("The body is no form: its content type says so");
    }
  }

  function parseUrlEncoded(bytes) {
    const form = new FormData();
    for (const [name, value] of new URLSearchParams(new TextDecoder().decode(bytes))) form.append(name, value);
    return form;
  }

  function boundaryOf(contentType) {
    const found = /;\s*boundary=(?:"([^"]*)"|([^;\s]*))/i.exec(contentType);
    const boundary = found?.[1] ?? found?.[2] ?? "";
    if (boundary === "") throw new TypeError("The body is no form: its content type names no boundary");
    return boundary;
  }

  // Where `wanted` begins in `bytes` at or after `from`, or -1.
  function find(bytes, wanted, from) {
    for (let i = bytes.indexOf(wanted[0], from); i >= 0 && i + wanted.length <= bytes.length; i = bytes.indexOf(wanted[0], i + 1)) {
      let matched = 1;
      while (matched < wanted.length && bytes[i + matched] === wanted[matched]) matched += 1;
      if (matched === wanted.length) return i;
    }
    return -1;
  }

  function parseMultipart(bytes, boundary) {
    const encode = (value) => new TextEncoder().encode(value);
    const [delimiter, blank] = [encode(`\r\n--${boundary}`), encode("\r\n\r\n")];
    const body = joined([encode("\r\n"), bytes]);
    const form = new FormData();
    let start = find(body, delimiter, 0);
    while (start >= 0) {
      start += delimiter.length;
      if (body[start] === 45 && body[start + 1] === 45) return form;
      const [headEnd, end] = [find(body, blank, start), find(body, delimiter, start)];
      if (headEnd < 0 || end < headEnd) break;
      appendPart(form, new TextDecoder().decode(body.subarray(start, headEnd)), body.subarray(headEnd + blank.length, end));
      start = end;
    }
    throw new TypeError("The body is no form: it ends too early");
  }

  function appendPart(form, head, content) {
    const disposition = /^content-disposition:\s*form-data(.*)$/im.exec(head)?.[1] ?? "";
    const name = parameter(disposition, "name");
    if (name === null) throw new TypeError("The body is no form: a part has no name");
    const filename = parameter(disposition, "filename");
    if (filename === null) return form.append(name, new TextDecoder().decode(content));
    const type = /^content-type:\s*(\S[^\r\n]*)$/im.exec(head)?.[1] ?? "text/plain";
    form.append(name, new File([content], filename, { type }));
  }

  function parameter(disposition, name) {
    const found = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^;\\s]*))`, "i").exec(disposition);
    if (found === null) return null;
    return (found[1] ?? found[2]).replace(/%0D%0A/gi, "\r\n").replace(/%22/g, '"');
  }

  return { FormData, formDataToBlob, parseFormData };
});
