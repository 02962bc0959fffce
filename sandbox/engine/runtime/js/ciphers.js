// Cryptography for realms: texts in, a text out. Keys and data are base64 inside of JSON, so no object crosses, and
// nothing is kept from one question to the next. What an algorithm may be called and which keys it takes is checked by
// the realm's own side (web/crypto.js); what comes here all the same is refused by the functions below.
import process from "node:process";

const { parse, stringify } = JSON;
const { getBuiltinModule } = process;
const { Buffer } = getBuiltinModule("node:buffer");

let crypto = null; // loaded at the first question: it takes some 15 ms, and most functions never ask

// Deno's own modules look for what realms.js takes away, while they load.
const { Deno } = globalThis;
function load() {
  globalThis.Deno = Deno;
  try {
    return getBuiltinModule("node:crypto");
  } finally {
    delete globalThis.Deno;
  }
}

const RANDOM_BYTES_MAX = 65_536;
const HASHES = { __proto__: null, "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512" };
const CURVES = { __proto__: null, "P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1" };
const NAMES_OF_CURVES = { __proto__: null, prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };

const from = (base64) => Buffer.from(base64, "base64");
const to = (bytes) => Buffer.from(bytes).toString("base64");
const joined = (...parts) => to(Buffer.concat(parts));

function privateKey(der) {
  return crypto.createPrivateKey({ key: from(der), format: "der", type: "pkcs8" });
}

function publicKey(der) {
  return crypto.createPublicKey({ key: from(der), format: "der", type: "spki" });
}

// What the realm keeps of a key: its DER as base64, and what its algorithm says of it.
function kept(key) {
  const isPrivate = key.type === "private";
  const der = key.export({ format: "der", type: isPrivate ? "pkcs8" : "spki" });
  const { namedCurve, modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  return {
    type: key.type,
    data: to(der),
    kind: key.asymmetricKeyType,
    namedCurve: NAMES_OF_CURVES[namedCurve],
    modulusLength,
    publicExponent: publicExponent === undefined ? undefined : publicExponent.toString(16),
  };
}

function cipherName({ mode, key }) {
  return `aes-${from(key).length * 8}-${mode}`;
}

function signing({ scheme, saltLength }, key) {
  if (scheme === "pss") return { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength };
  return scheme === "ecdsa" ? { key, dsaEncoding: "ieee-p1363" } : key;
}

function sealing({ hash, label }, key) {
  const padding = crypto.constants.RSA_PKCS1_OAEP_PADDING;
  return { key, padding, oaepHash: HASHES[hash], oaepLabel: label === undefined ? undefined : from(label) };
}

const hashOf = ({ hash }) => (hash === undefined ? null : HASHES[hash]);

const QUESTIONS = {
  __proto__: null,
  digest: ({ hash, data }) => crypto.createHash(HASHES[hash]).update(from(data)).digest("base64"),
  hmac: ({ hash, key, data }) => crypto.createHmac(HASHES[hash], from(key)).update(from(data)).digest("base64"),
  random: ({ length }) => to(crypto.randomBytes(Math.min(length, RANDOM_BYTES_MAX))),
  uuid: () => crypto.randomUUID(),

  sign: (asked) => to(crypto.sign(hashOf(asked), from(asked.data), signing(asked, privateKey(asked.key)))),
  verify: (asked) =>
    crypto.verify(hashOf(asked), from(asked.data), signing(asked, publicKey(asked.key)), from(asked.signature)),

  encrypt(asked) {
    const { mode, key, iv, aad, tagLength, data } = asked;
    const options = mode === "gcm" ? { authTagLength: tagLength } : undefined;
    const cipher = crypto.createCipheriv(cipherName(asked), from(key), from(iv), options);
    if (aad !== undefined) cipher.setAAD(from(aad));
    const body = [cipher.update(from(data)), cipher.final()];
    return mode === "gcm" ? joined(...body, cipher.getAuthTag()) : joined(...body);
  },
  decrypt(asked) {
    const { mode, key, iv, aad, tagLength } = asked;
    const data = from(asked.data);
    const options = mode === "gcm" ? { authTagLength: tagLength } : undefined;
    const cipher = crypto.createDecipheriv(cipherName(asked), from(key), from(iv), options);
    if (aad !== undefined) cipher.setAAD(from(aad));
    const end = mode === "gcm" ? data.length - tagLength : data.length;
    if (mode === "gcm") cipher.setAuthTag(data.subarray(end));
    return joined(cipher.update(data.subarray(0, end)), cipher.final());
  },
  seal: (asked) => to(crypto.publicEncrypt(sealing(asked, publicKey(asked.key)), from(asked.data))),
  unseal: (asked) => to(crypto.privateDecrypt(sealing(asked, privateKey(asked.key)), from(asked.data))),

  pbkdf2: ({ hash, key, salt, iterations, length }) => to(crypto.pbkdf2Sync(from(key), from(salt), iterations, length, HASHES[hash])),
  hkdf: ({ hash, key, salt, info, length }) => to(crypto.hkdfSync(HASHES[hash], from(key), from(salt), from(info), length)),
  agree: ({ key, other }) => to(crypto.diffieHellman({ privateKey: privateKey(key), publicKey: publicKey(other) })),

  importDer: ({ format, data }) => kept(format === "pkcs8" ? privateKey(data) : publicKey(data)),
  importJwk: ({ jwk }) =>
    kept(jwk.d === undefined ? crypto.createPublicKey({ key: jwk, format: "jwk" }) : crypto.createPrivateKey({ key: jwk, format: "jwk" })),
  exportJwk: ({ type, key }) => (type === "private" ? privateKey(key) : publicKey(key)).export({ format: "jwk" }),
  generate({ kind, modulusLength, publicExponent, namedCurve }) {
    const pair = crypto.generateKeyPairSync(kind, { modulusLength, publicExponent, namedCurve: CURVES[namedCurve] });
    return { publicKey: kept(pair.publicKey), privateKey: kept(pair.privateKey) };
  },
};

// "=" and the answer as JSON, or "!" and what was wrong.
export function cipher(question, text) {
  try {
    crypto ??= load();
    return `=${stringify(QUESTIONS[question](parse(text)))}`;
  } catch (error) {
    return `!${error.message}`;
  }
}
