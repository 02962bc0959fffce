// CryptoKey, and how keys come and go: raw bytes, DER and JSON Web Keys. A secret key is its bytes in base64, the two
// of a pair are DER in base64; the arithmetic is the outer realm's (ciphers.js).
(function (web) {
  "use strict";
  const { label, DOMException, cipher } = web;

  const fail = (name, message) => { throw new DOMException(message, name); };
  const unsupported = (what) => fail("NotSupportedError", `${what} is not supported here`);

  // ---- algorithms ------------------------------------------------------------------------------------------------

  const NAMES = [
    "AES-CBC", "AES-CTR", "AES-GCM", "ECDH", "ECDSA", "Ed25519", "HKDF", "HMAC", "PBKDF2", "RSA-OAEP", "RSA-PSS",
    "RSASSA-PKCS1-v1_5", "SHA-1", "SHA-256", "SHA-384", "SHA-512", "X25519",
  ];
  const BLOCK_BITS = { __proto__: null, "SHA-1": 512, "SHA-256": 512, "SHA-384": 1024, "SHA-512": 1024 };

  // {name, …} with the name as the standard spells it.
  function algorithmOf(algorithm) {
    const asked = typeof algorithm === "string" ? { name: algorithm } : algorithm;
    if (asked === null || typeof asked !== "object" || asked.name === undefined) throw new TypeError("An algorithm must be a name, or an object with a name");
    const wanted = `${asked.name}`.toLowerCase();
    const name = NAMES.find((known) => known.toLowerCase() === wanted);
    if (name === undefined) unsupported(`The algorithm ${asked.name}`);
    return { ...asked, name };
  }

  function hashOf(algorithm) {
    if (algorithm.hash === undefined) throw new TypeError(`${algorithm.name} needs a hash`);
    const { name } = algorithmOf(algorithm.hash);
    if (BLOCK_BITS[name] === undefined) unsupported(`The hash ${name}`);
    return name;
  }

  // A copy, in base64, of what may change meanwhile.
  function bytesOf(data) {
    if (data instanceof ArrayBuffer) return new Uint8Array(data).toBase64();
    if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).toBase64();
    throw new TypeError("The data must be an ArrayBuffer or a view of one");
  }

  const bufferOf = (base64) => Uint8Array.fromBase64(base64).buffer;
  const sizeOf = (base64) => Uint8Array.fromBase64(base64).length;
  const fromUrl = (text) => Uint8Array.fromBase64(`${text}`, { alphabet: "base64url" }).toBase64();
  const toUrl = (base64) => Uint8Array.fromBase64(base64).toBase64({ alphabet: "base64url", omitPadding: true });

  // ---- keys ------------------------------------------------------------------------------------------------------

  const made = Symbol("made here");
  let materialOf;

  class CryptoKey {
    #about;
    #material;

    static {
      materialOf = (key) => key.#material;
    }

    constructor(token, about, material) {
      if (token !== made) throw new TypeError("Illegal constructor");
      this.#about = about;
      this.#material = material;
    }

    get type() { return this.#about.type; }
    get extractable() { return this.#about.extractable; }
    get algorithm() { return this.#about.algorithm; }
    get usages() { return this.#about.usages; }
    inspect() { return `CryptoKey { type: '${this.type}', algorithm: '${this.algorithm.name}' }`; }
  }
  label(CryptoKey, "CryptoKey");

  const SIGNING = { public: ["verify"], private: ["sign"] };
  const SEALING = { public: ["encrypt", "wrapKey"], private: ["decrypt", "unwrapKey"] };
  const AGREEING = { public: [], private: ["deriveKey", "deriveBits"] };
  const CRYPTING = { secret: ["encrypt", "decrypt", "wrapKey", "unwrapKey"] };
  const DERIVING = { secret: ["deriveKey", "deriveBits"] };
  const USAGES = {
    __proto__: null,
    "AES-CBC": CRYPTING, "AES-CTR": CRYPTING, "AES-GCM": CRYPTING, HKDF: DERIVING, PBKDF2: DERIVING,
    HMAC: { secret: ["sign", "verify"] }, ECDH: AGREEING, X25519: AGREEING, "RSA-OAEP": SEALING,
    ECDSA: SIGNING, Ed25519: SIGNING, "RSA-PSS": SIGNING, "RSASSA-PKCS1-v1_5": SIGNING,
  };

  function newKey(type, algorithm, extractable, usages, material) {
    const allowed = USAGES[algorithm.name]?.[type] ?? unsupported(`A ${type} key for ${algorithm.name}`);
    const wanted = [...usages].map((usage) => `${usage}`);
    if (wanted.some((usage) => !allowed.includes(usage))) throw new DOMException(`Unsupported key usage for a ${algorithm.name} key`, "SyntaxError");
    if (type !== "public" && wanted.length === 0) throw new DOMException("Usages cannot be empty when creating a key", "SyntaxError");
    const kept = allowed.filter((usage) => wanted.includes(usage));
    return new CryptoKey(made, { type, extractable: Boolean(extractable), algorithm, usages: kept }, material);
  }

  // The key's material; only if it may be used so, and with this algorithm.
  function materialFor(key, name, usage) {
    if (!(key instanceof CryptoKey)) throw new TypeError("The key must be a CryptoKey");
    if (key.algorithm.name !== name) fail("InvalidAccessError", `The key is for ${key.algorithm.name}, not for ${name}`);
    if (!key.usages.includes(usage)) fail("InvalidAccessError", `The key does not support the '${usage}' operation`);
    return materialOf(key);
  }

  // ---- secret keys -----------------------------------------------------------------------------------------------

  const isAes = (name) => name.startsWith("AES-");

  function secretAlgorithm(algorithm, base64) {
    const bits = sizeOf(base64) * 8;
    const { name } = algorithm;
    if (name === "HMAC") {
      if (bits === 0) fail("DataError", "An HMAC key cannot be empty");
      return { name, hash: { name: hashOf(algorithm) }, length: bits };
    }
    if (isAes(name)) {
      if (bits !== 128 && bits !== 256) fail("DataError", "An AES key must have 128 or 256 bits here");
      return { name, length: bits };
    }
    return { name };
  }

  function importSecret(format, data, algorithm, extractable, usages) {
    if (format !== "raw" && format !== "jwk") unsupported(`The format ${format} for ${algorithm.name} keys`);
    if (algorithm.name === "HKDF" || algorithm.name === "PBKDF2") {
      if (format !== "raw") unsupported(`The format ${format} for ${algorithm.name} keys`);
      if (extractable) throw new DOMException(`${algorithm.name} keys cannot be extractable`, "SyntaxError");
    }
    if (format === "jwk" && (data?.kty !== "oct" || typeof data.k !== "string")) fail("DataError", "The JSON Web Key holds no secret");
    const base64 = format === "raw" ? bytesOf(data) : fromUrl(data.k);
    return newKey("secret", secretAlgorithm(algorithm, base64), extractable, usages, base64);
  }

  function jwkAlgorithm({ name, hash, length }) {
    return name === "HMAC" ? `HS${hash.name.slice(4)}` : `A${length}${name.slice(4)}`;
  }

  // ---- pairs -----------------------------------------------------------------------------------------------------

  const KINDS = {
    __proto__: null, ECDH: "ec", ECDSA: "ec", Ed25519: "ed25519", X25519: "x25519",
    "RSA-OAEP": "rsa", "RSA-PSS": "rsa", "RSASSA-PKCS1-v1_5": "rsa",
  };
  const CURVE_BYTES = { __proto__: null, "P-256": 32, "P-384": 48, "P-521": 66 };

  function curveOf(algorithm) {
    if (CURVE_BYTES[algorithm.namedCurve] === undefined) unsupported(`The curve ${algorithm.namedCurve}`);
    return algorithm.namedCurve;
  }

  // What a key of a pair says of itself. `found` is what ciphers.js keeps of it.
  function pairAlgorithm(algorithm, found) {
    const { name } = algorithm;
    const kind = KINDS[name];
    if (found.kind !== kind) fail("DataError", `This is no key for ${name}`);
    if (kind === "rsa") {
      const hex = found.publicExponent.length % 2 === 0 ? found.publicExponent : `0${found.publicExponent}`;
      return { name, modulusLength: found.modulusLength, publicExponent: Uint8Array.fromHex(hex), hash: { name: hashOf(algorithm) } };
    }
    if (kind !== "ec") return { name };
    if (found.namedCurve !== curveOf(algorithm)) fail("DataError", "The key is of another curve");
    return { name, namedCurve: found.namedCurve };
  }

  // A point of a curve as a JSON Web Key: that is how the outer realm takes it.
  function jwkOfPoint(algorithm, data) {
    const raw = Uint8Array.fromBase64(bytesOf(data));
    const url = (bytes) => toUrl(bytes.toBase64());
    if (KINDS[algorithm.name] !== "ec") return { kty: "OKP", crv: algorithm.name, x: url(raw) };
    const size = CURVE_BYTES[curveOf(algorithm)];
    if (raw[0] !== 4 || raw.length !== 1 + 2 * size) fail("DataError", "The point of the key must be uncompressed and of its curve");
    return { kty: "EC", crv: algorithm.namedCurve, x: url(raw.subarray(1, 1 + size)), y: url(raw.subarray(1 + size)) };
  }

  function understood(format, data, algorithm) {
    try {
      if (format === "spki" || format === "pkcs8") return cipher("importDer", { format, data: bytesOf(data) });
      if (format === "raw" && KINDS[algorithm.name] === "rsa") unsupported("The format raw for RSA keys");
      return cipher("importJwk", { jwk: format === "raw" ? jwkOfPoint(algorithm, data) : data });
    } catch (error) {
      if (error instanceof DOMException && error.name !== "OperationError") throw error;
      fail("DataError", "The key cannot be read");
    }
  }

  function importOfPair(format, data, algorithm, extractable, usages) {
    if (!["raw", "spki", "pkcs8", "jwk"].includes(format)) unsupported(`The format ${format}`);
    if (format === "jwk" && (data === null || typeof data !== "object" || ArrayBuffer.isView(data))) throw new TypeError("The key must be a JSON Web Key");
    const found = understood(format, data, algorithm);
    return newKey(found.type, pairAlgorithm(algorithm, found), extractable, usages, found.data);
  }

  function rawOf(key) {
    const { x, y } = cipher("exportJwk", { type: "public", key: materialOf(key) });
    if (y === undefined) return bufferOf(fromUrl(x));
    const parts = [Uint8Array.of(4), Uint8Array.fromBase64(fromUrl(x)), Uint8Array.fromBase64(fromUrl(y))];
    return Uint8Array.from(parts.flatMap((part) => [...part])).buffer;
  }

  // ---- all kinds -------------------------------------------------------------------------------------------------

  function importKey(format, data, wanted, extractable, usages) {
    const algorithm = algorithmOf(wanted);
    if (USAGES[algorithm.name] === undefined) unsupported(`Keys for ${algorithm.name}`);
    const take = KINDS[algorithm.name] === undefined ? importSecret : importOfPair;
    return take(`${format}`, data, algorithm, extractable, usages);
  }

  function exportKey(format, key) {
    if (!(key instanceof CryptoKey)) throw new TypeError("The key must be a CryptoKey");
    if (!key.extractable) fail("InvalidAccessError", "The key is not extractable");
    const { type, algorithm, usages } = key;
    if (format === "jwk") {
      const about = { key_ops: [...usages], ext: true };
      if (type === "secret") return { kty: "oct", k: toUrl(materialOf(key)), alg: jwkAlgorithm(algorithm), ...about };
      return { ...cipher("exportJwk", { type, key: materialOf(key) }), ...about };
    }
    if (format === "raw" && type === "secret") return bufferOf(materialOf(key));
    if (format === "raw" && type === "public" && KINDS[algorithm.name] !== "rsa") return rawOf(key);
    if ((format === "spki" && type === "public") || (format === "pkcs8" && type === "private")) return bufferOf(materialOf(key));
    return unsupported(`The format ${format} for a ${type} ${algorithm.name} key`);
  }

  // The length in bits of a secret key that is to be made or derived.
  function lengthOf(algorithm) {
    if (algorithm.name === "HMAC") return algorithm.length ?? BLOCK_BITS[hashOf(algorithm)];
    if (!isAes(algorithm.name)) unsupported(`A new key for ${algorithm.name}`);
    if (algorithm.length !== 128 && algorithm.length !== 256) fail("OperationError", "An AES key must have 128 or 256 bits here");
    return algorithm.length;
  }

  function exponentOf({ publicExponent }) {
    if (!(publicExponent instanceof Uint8Array)) throw new TypeError("publicExponent must be a Uint8Array");
    const exponent = publicExponent.reduce((sum, byte) => sum * 256 + byte, 0);
    if (exponent !== 3 && exponent !== 65537) fail("OperationError", "publicExponent must be 3 or 65537");
    return exponent;
  }

  function newPair(algorithm, extractable, usages) {
    const kind = KINDS[algorithm.name];
    const asked = { kind, modulusLength: algorithm.modulusLength, namedCurve: kind === "ec" ? curveOf(algorithm) : undefined };
    if (kind === "rsa") {
      asked.publicExponent = exponentOf(algorithm);
      if (![1024, 2048, 3072, 4096].includes(algorithm.modulusLength)) fail("OperationError", "modulusLength must be 1024, 2048, 3072 or 4096");
    }
    const wanted = [...usages];
    const allowed = USAGES[algorithm.name];
    const refused = wanted.find((usage) => !allowed.public.includes(usage) && !allowed.private.includes(usage));
    if (refused !== undefined) throw new DOMException(`Unsupported key usage for a ${algorithm.name} key`, "SyntaxError");
    const pair = cipher("generate", asked);
    const keyOf = (found, mayLeave) =>
      newKey(found.type, pairAlgorithm(algorithm, found), mayLeave, wanted.filter((usage) => allowed[found.type].includes(usage)), found.data);
    return { publicKey: keyOf(pair.publicKey, true), privateKey: keyOf(pair.privateKey, extractable) };
  }

  function generateKey(wanted, extractable, usages) {
    const algorithm = algorithmOf(wanted);
    if (KINDS[algorithm.name] !== undefined) return newPair(algorithm, extractable, usages);
    const base64 = cipher("random", { length: Math.ceil(lengthOf(algorithm) / 8) });
    return newKey("secret", secretAlgorithm(algorithm, base64), extractable, usages, base64);
  }

  return {
    CryptoKey, algorithmOf, hashOf, bytesOf, bufferOf, sizeOf, materialFor, materialOf, importKey, exportKey, generateKey,
    lengthOf, fail, unsupported,
  };
});
