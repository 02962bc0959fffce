// crypto and crypto.subtle. Everything is answered at once, though with promises: a query's runner waits for nothing.
// In queries and mutations random values follow the function's seed, as `Math.random` does; what makes keys or needs
// randomness inside of an operation is for actions alone (docs/spec/semantics.md §7).
(function (web) {
  "use strict";
  const { label, cipher, isRandom, randomWords, refuseRandomness, use, DOMException } = web;
  const keys = use("keys");
  const { CryptoKey, algorithmOf, hashOf, bytesOf, bufferOf, sizeOf, materialFor, materialOf, fail, unsupported } = keys;

  const RANDOM_BYTES_MAX = 65_536;
  const INTEGERS = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array, BigUint64Array];
  const CURVE_HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];

  // ---- signatures ------------------------------------------------------------------------------------------------

  // What the outer realm has to know to sign with a key of this algorithm.
  function signingScheme(algorithm, key) {
    switch (algorithm.name) {
      case "RSASSA-PKCS1-v1_5": return { scheme: "pkcs1", hash: key.algorithm.hash.name };
      case "RSA-PSS": return { scheme: "pss", hash: key.algorithm.hash.name, saltLength: Number(algorithm.saltLength) };
      case "ECDSA": {
        const hash = hashOf(algorithm);
        return CURVE_HASHES.includes(hash) ? { scheme: "ecdsa", hash } : unsupported(`ECDSA with ${hash}`);
      }
      case "Ed25519": return { scheme: "eddsa" };
      default: return unsupported(`Signing with ${algorithm.name}`);
    }
  }

  function sign(wanted, key, data) {
    const algorithm = algorithmOf(wanted);
    const material = materialFor(key, algorithm.name, "sign");
    if (algorithm.name === "HMAC") return cipher("hmac", { hash: key.algorithm.hash.name, key: material, data: bytesOf(data) });
    const scheme = signingScheme(algorithm, key);
    if (scheme.scheme === "ecdsa" || (scheme.scheme === "pss" && scheme.saltLength > 0)) refuseRandomness();
    return cipher("sign", { ...scheme, key: material, data: bytesOf(data) });
  }

  function verify(wanted, key, signature, data) {
    const algorithm = algorithmOf(wanted);
    const material = materialFor(key, algorithm.name, "verify");
    const given = bytesOf(signature);
    if (algorithm.name === "HMAC") {
      return isSame(cipher("hmac", { hash: key.algorithm.hash.name, key: material, data: bytesOf(data) }), given);
    }
    const asked = { ...signingScheme(algorithm, key), key: material, signature: given, data: bytesOf(data) };
    try {
      return cipher("verify", asked);
    } catch {
      return false; // a signature that cannot even be read
    }
  }

  // In a time that does not depend on where they differ.
  function isSame(a, b) {
    const [left, right] = [Uint8Array.fromBase64(a), Uint8Array.fromBase64(b)];
    let difference = left.length ^ right.length;
    for (let i = 0; i < left.length; i += 1) difference |= left[i] ^ (right[i] ?? 0);
    return difference === 0;
  }

  // ---- encryption ------------------------------------------------------------------------------------------------

  const MODES = { __proto__: null, "AES-CBC": "cbc", "AES-CTR": "ctr", "AES-GCM": "gcm" };

  function aesParameters(algorithm) {
    const mode = MODES[algorithm.name];
    if (mode === "gcm") {
      const tagLength = algorithm.tagLength ?? 128;
      if (![32, 64, 96, 104, 112, 120, 128].includes(tagLength)) fail("OperationError", "tagLength is not one that AES-GCM has");
      const aad = algorithm.additionalData === undefined ? undefined : bytesOf(algorithm.additionalData);
      const iv = bytesOf(algorithm.iv);
      if (sizeOf(iv) === 0) fail("OperationError", "iv must not be empty");
      return { mode, iv, aad, tagLength: tagLength / 8 };
    }
    const iv = bytesOf(mode === "ctr" ? algorithm.counter : algorithm.iv);
    if (sizeOf(iv) !== 16) fail("OperationError", `${mode === "ctr" ? "counter" : "iv"} must have 16 bytes`);
    // The whole block counts: shorter counters differ only when they overflow.
    return { mode, iv };
  }

  function crypt(wanted, key, data, usage, isForth) {
    const algorithm = algorithmOf(wanted);
    const material = materialFor(key, algorithm.name, usage);
    const asked = { key: material, data: bytesOf(data) };
    if (algorithm.name === "RSA-OAEP") {
      if (isForth) refuseRandomness();
      const label = algorithm.label === undefined ? undefined : bytesOf(algorithm.label);
      return cipher(isForth ? "seal" : "unseal", { ...asked, hash: key.algorithm.hash.name, label });
    }
    if (MODES[algorithm.name] === undefined) unsupported(`Encrypting with ${algorithm.name}`);
    const parameters = aesParameters(algorithm);
    if (!isForth && sizeOf(asked.data) < (parameters.tagLength ?? 0)) fail("OperationError", "The data is too short");
    return cipher(isForth ? "encrypt" : "decrypt", { ...asked, ...parameters });
  }

  // ---- derived bits ----------------------------------------------------------------------------------------------

  function derive(wanted, key, length, usage) {
    const algorithm = algorithmOf(wanted);
    const material = materialFor(key, algorithm.name, usage);
    if (algorithm.name === "ECDH" || algorithm.name === "X25519") return agreed(algorithm, key, material, length);
    if (!Number.isInteger(length) || length <= 0 || length % 8 !== 0) fail("OperationError", "The length must be a multiple of 8");
    const asked = { hash: hashOf(algorithm), key: material, salt: bytesOf(algorithm.salt), length: length / 8 };
    if (algorithm.name === "HKDF") return cipher("hkdf", { ...asked, info: bytesOf(algorithm.info) });
    if (algorithm.name !== "PBKDF2") unsupported(`Deriving with ${algorithm.name}`);
    const iterations = Number(algorithm.iterations);
    if (!Number.isInteger(iterations) || iterations <= 0) fail("OperationError", "iterations must be a positive number");
    return cipher("pbkdf2", { ...asked, iterations });
  }

  function agreed(algorithm, key, material, length) {
    const other = algorithm.public;
    if (!(other instanceof CryptoKey)) throw new TypeError("public must be a CryptoKey");
    const isFitting = other.type === "public" && other.algorithm.name === algorithm.name && other.algorithm.namedCurve === key.algorithm.namedCurve;
    if (!isFitting) fail("InvalidAccessError", "The two keys do not belong to the same curve");
    const whole = Uint8Array.fromBase64(cipher("agree", { key: material, other: materialOf(other) }));
    const bytes = length === null || length === undefined ? whole.length : Math.ceil(length / 8);
    if (bytes > whole.length) fail("OperationError", "The length is more than the keys give");
    return whole.subarray(0, bytes).toBase64();
  }

  // ---- the interfaces --------------------------------------------------------------------------------------------

  const made = Symbol("made here");

  function needs(given, wanted, method, name = "SubtleCrypto") {
    const plural = wanted === 1 ? "" : "s";
    if (given < wanted) throw new TypeError(`Failed to execute '${method}' on '${name}': ${wanted} argument${plural} required, but only ${given} present.`);
  }

  class SubtleCrypto {
    constructor(token) {
      if (token !== made) throw new TypeError("Illegal constructor");
    }

    async digest(algorithm, data) {
      needs(arguments.length, 2, "digest");
      return bufferOf(cipher("digest", { hash: hashOf({ name: "digest", hash: algorithm }), data: bytesOf(data) }));
    }

    async sign(algorithm, key, data) {
      needs(arguments.length, 3, "sign");
      return bufferOf(sign(algorithm, key, data));
    }

    async verify(algorithm, key, signature, data) {
      needs(arguments.length, 4, "verify");
      return verify(algorithm, key, signature, data);
    }

    async encrypt(algorithm, key, data) {
      needs(arguments.length, 3, "encrypt");
      return bufferOf(crypt(algorithm, key, data, "encrypt", true));
    }

    async decrypt(algorithm, key, data) {
      needs(arguments.length, 3, "decrypt");
      return bufferOf(crypt(algorithm, key, data, "decrypt", false));
    }

    async deriveBits(algorithm, key, length) {
      needs(arguments.length, 2, "deriveBits");
      return bufferOf(derive(algorithm, key, length, "deriveBits"));
    }

    async deriveKey(algorithm, key, wanted, extractable, usages) {
      needs(arguments.length, 5, "deriveKey");
      const bits = keys.lengthOf(algorithmOf(wanted));
      return keys.importKey("raw", bufferOf(derive(algorithm, key, bits, "deriveKey")), wanted, extractable, usages);
    }

    async importKey(format, data, algorithm, extractable, usages) {
      needs(arguments.length, 5, "importKey");
      return keys.importKey(format, data, algorithm, extractable, usages);
    }

    async exportKey(format, key) {
      needs(arguments.length, 2, "exportKey");
      return keys.exportKey(`${format}`, key);
    }

    async generateKey(algorithm, extractable, usages) {
      needs(arguments.length, 3, "generateKey");
      refuseRandomness();
      return keys.generateKey(algorithm, extractable, usages);
    }

    async wrapKey(format, key, wrappingKey, algorithm) {
      needs(arguments.length, 4, "wrapKey");
      const exported = keys.exportKey(`${format}`, key);
      const data = exported instanceof ArrayBuffer ? exported : new web.TextEncoder().encode(JSON.stringify(exported));
      return bufferOf(crypt(algorithm, wrappingKey, data, "wrapKey", true));
    }

    async unwrapKey(format, data, unwrappingKey, algorithm, keyAlgorithm, extractable, usages) {
      needs(arguments.length, 7, "unwrapKey");
      const plain = bufferOf(crypt(algorithm, unwrappingKey, data, "unwrapKey", false));
      const key = `${format}` === "jwk" ? JSON.parse(new web.TextDecoder().decode(plain)) : plain;
      return keys.importKey(format, key, keyAlgorithm, extractable, usages);
    }

    inspect() { return "SubtleCrypto {}"; }
  }

  function randomBytes(length) {
    if (isRandom()) return Uint8Array.fromBase64(cipher("random", { length }));
    const words = randomWords(Math.ceil(length / 4)).split(",").map(Number);
    return new Uint8Array(Uint32Array.from(words).buffer, 0, length);
  }

  // Version 4: all is random but the version and two bits of the variant.
  function uuidOf(bytes) {
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  class Crypto {
    #subtle = new SubtleCrypto(made);

    constructor(token) {
      if (token !== made) throw new TypeError("Illegal constructor");
    }

    get subtle() { return this.#subtle; }

    getRandomValues(array) {
      needs(arguments.length, 1, "getRandomValues", "Crypto");
      if (!INTEGERS.some((type) => array instanceof type)) throw new DOMException("The provided ArrayBufferView is not an integer array type", "TypeMismatchError");
      const length = array.byteLength;
      if (length > RANDOM_BYTES_MAX) throw new TypeError(`Byte length (${length}) exceeds the number of bytes of entropy available via this API (${RANDOM_BYTES_MAX})`);
      new Uint8Array(array.buffer, array.byteOffset, length).set(randomBytes(length));
      return array;
    }

    randomUUID() {
      return isRandom() ? cipher("uuid", {}) : uuidOf(randomBytes(16));
    }

    inspect() { return "Crypto {}"; }
  }

  label(SubtleCrypto, "SubtleCrypto");
  label(Crypto, "Crypto");
  return { crypto: new Crypto(made), Crypto, SubtleCrypto, CryptoKey };
});
