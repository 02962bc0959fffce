// Document ids inside a realm, for the one synchronous question `normalizeId` asks. Source: docs/spec/semantics.md §4.
(function (realm) {
  "use strict";
  const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
  const UID_BYTES = 16;
  const digits = { __proto__: null };
  for (let value = 0; value < 32; value += 1) digits[ALPHABET[value]] = value;

  // Bytes of a base32 text, or null. Bits that fill no byte must be zero, or two texts would name one document.
  function decode(text) {
    const bytes = [];
    let bits = 0;
    let held = 0;
    for (let i = 0; i < text.length; i += 1) {
      const digit = digits[text[i]];
      if (digit === undefined) return null;
      held = (held << 5) | digit;
      bits += 5;
      if (bits < 8) continue;
      bits -= 8;
      bytes[bytes.length] = held >> bits;
      held &= (1 << bits) - 1;
    }
    return held === 0 && bits < 5 ? bytes : null;
  }

  function checksum(bytes, length) {
    let first = 0;
    let second = 0;
    for (let i = 0; i < length; i += 1) {
      first = (first + bytes[i]) & 255;
      second = (second + first) & 255;
    }
    return [first, second];
  }

  // The table number of an id, or null for a text that is no id.
  realm.tableNumberOf = (text) => {
    if (text.length < 31 || text.length > 37) return null;
    const bytes = decode(text);
    if (bytes === null) return null;
    let number = 0;
    let width = 0;
    while (width < 5) {
      const byte = bytes[width];
      number += (byte & 127) * 2 ** (7 * width);
      width += 1;
      if (byte < 128) break;
    }
    const body = width + UID_BYTES;
    if (bytes.length !== body + 2 || (width > 1 && bytes[width - 1] === 0)) return null;
    const [first, second] = checksum(bytes, body);
    return bytes[body] === first && bytes[body + 1] === second ? number : null;
  };
});
