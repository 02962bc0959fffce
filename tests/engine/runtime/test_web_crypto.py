"""`crypto.subtle` in a realm, beside Python's hashlib and the package `cryptography`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.runtime.conftest import mutation, query

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSAL = "Can't use cryptographic randomness in queries and mutations. Please consider using an action."
DATA = st.binary(max_size=80)
HASHES = st.sampled_from([1, 256, 384, 512])
QUICK = settings(max_examples=15, deadline=None)


def b64(data: bytes) -> dict[str, str]:
    return {"$bytes": base64.b64encode(data).decode()}


def unb64(value: dict[str, str]) -> bytes:
    return base64.b64decode(value["$bytes"])


async def call(learner, body, make=query, **args):
    await learner.deploy(code=make(body))
    encoded = {name: b64(value) if isinstance(value, bytes) else value for name, value in args.items()}
    result = await learner.call(args=encoded, kind=make.__name__)
    assert result.error is None, result.error
    return json.loads(result.value_json)


def spki(key) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def pkcs8(key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@QUICK
@given(data=DATA, bits=HASHES)
async def test_digests(learner, data, bits):
    got = await call(learner, "return crypto.subtle.digest(args.name, args.data);", name=f"sha-{bits}", data=data)
    assert unb64(got) == hashlib.new(f"sha{bits}", data).digest()


@QUICK
@given(key=st.binary(min_size=1, max_size=200), data=DATA, bits=HASHES)
async def test_hmac(learner, key, data, bits):
    body = """
    const algorithm = { name: "hmac", hash: args.hash };
    const key = await crypto.subtle.importKey("raw", args.key, algorithm, true, ["sign", "verify"]);
    const made = await crypto.subtle.sign("HMAC", key, args.data);
    const other = new Uint8Array(made.slice(0)); other[0] ^= 1;
    const jwk: any = await crypto.subtle.exportKey("jwk", key);
    const again = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["verify"]);
    return [made, await crypto.subtle.verify("HMAC", key, made, args.data), await crypto.subtle.verify("HMAC",
      again, made, args.data),
            await crypto.subtle.verify("HMAC", key, other, args.data), jwk.alg,
              await crypto.subtle.exportKey("raw", key)];"""
    got = await call(learner, body, key=key, data=data, hash=f"SHA-{bits}")
    wanted = hmac.new(key, data, f"sha{bits}").digest()
    assert got == [b64(wanted), True, True, False, f"HS{bits}", b64(key)]


@QUICK
@given(
    key=st.sampled_from([16, 32]).map(lambda size: bytes(range(size))),
    iv=st.binary(min_size=12, max_size=16),
    data=DATA,
)
async def test_aes(learner, key, iv, data):
    body = """
    const out: any[] = [];
    const block = new Uint8Array(16).fill(7);
    const kinds: any[] = [
      { name: "AES-GCM", iv: args.iv, additionalData: new Uint8Array([1, 2]) },
      { name: "AES-CBC", iv: block }, { name: "AES-CTR", counter: block, length: 64 },
    ];
    for (const algorithm of kinds) {
      const key = await crypto.subtle.importKey("raw", args.key, algorithm.name, false, ["encrypt", "decrypt"]);
      const sealed = await crypto.subtle.encrypt(algorithm, key, args.data);
      out.push(sealed, await crypto.subtle.decrypt(algorithm, key, sealed));
    }
    return out;"""
    got = await call(learner, body, key=key, iv=iv, data=data)
    block = bytes([7]) * 16
    padded = data + bytes([16 - len(data) % 16]) * (16 - len(data) % 16)
    cbc, ctr = (Cipher(algorithms.AES(key), mode(block)).encryptor() for mode in (modes.CBC, modes.CTR))
    wanted = [AESGCM(key).encrypt(iv, data, b"\x01\x02"), cbc.update(padded) + cbc.finalize(), ctr.update(data)]
    assert [unb64(value) for value in got[::2]] == wanted
    assert [unb64(value) for value in got[1::2]] == [data] * 3


async def test_a_changed_ciphertext_does_not_open(learner):
    error = await learner.error("""
    const key = await crypto.subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, ["encrypt", "decrypt"]);
    const algorithm = { name: "AES-GCM", iv: new Uint8Array(12) };
    const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, new Uint8Array(4)));
    sealed[0] ^= 1;
    await crypto.subtle.decrypt(algorithm, key, sealed);""")
    assert "OperationError" in error.message


@QUICK
@given(secret=st.binary(min_size=1, max_size=40), salt=DATA, info=DATA, size=st.integers(1, 60))
async def test_derived_bits(learner, secret, salt, info, size):
    body = """
    const from = (name: string) => crypto.subtle.importKey("raw", args.secret, name, false, ["deriveBits",
      "deriveKey"]);
    const hkdf = { name: "HKDF", hash: "SHA-256", salt: args.salt, info: args.info };
    const pbkdf2 = { name: "PBKDF2", hash: "SHA-512", salt: args.salt, iterations: 3 };
    const key = await crypto.subtle.deriveKey(pbkdf2, await from("PBKDF2"), { name: "AES-GCM", length: 256 },
      true, ["encrypt"]);
    return [await crypto.subtle.deriveBits(hkdf, await from("HKDF"), args.size * 8),
            await crypto.subtle.deriveBits(pbkdf2, await from("PBKDF2"), args.size * 8),
              await crypto.subtle.exportKey("raw", key)];"""
    hkdf, pbkdf2, key = await call(learner, body, secret=secret, salt=salt, info=info, size=size)
    assert unb64(hkdf) == HKDF(hashes.SHA256(), size, salt, info).derive(secret)
    assert unb64(pbkdf2) == hashlib.pbkdf2_hmac("sha512", secret, salt, 3, size)
    assert unb64(key) == hashlib.pbkdf2_hmac("sha512", secret, salt, 3, 32)


async def test_rsa_signs_and_verifies(learner):
    key = rsa.generate_private_key(65537, 2048)
    theirs = key.sign(b"data", padding.PKCS1v15(), hashes.SHA256())
    pss = key.sign(b"data", padding.PSS(padding.MGF1(hashes.SHA256()), 20), hashes.SHA256())
    body = """
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    const data = new TextEncoder().encode("data");
    const own = await crypto.subtle.importKey("pkcs8", args.pkcs8, algorithm, true, ["sign"]);
    const open = await crypto.subtle.importKey("spki", args.spki, algorithm, true, ["verify"]);
    const jwk: any = await crypto.subtle.exportKey("jwk", open);
    const again = await crypto.subtle.importKey("jwk", jwk, algorithm, true, ["verify"]);
    const pss = await crypto.subtle.importKey("spki", args.spki, { name: "RSA-PSS", hash: "SHA-256" }, true,
      ["verify"]);
    return [await crypto.subtle.sign(algorithm, own, data), await crypto.subtle.verify(algorithm, open,
      args.theirs, data),
            await crypto.subtle.verify(algorithm, again, args.theirs, new Uint8Array(1)),
            await crypto.subtle.verify({ name: "RSA-PSS", saltLength: 20 }, pss, args.pss, data),
            jwk.kty, (open.algorithm as any).modulusLength, [...(open.algorithm as any).publicExponent],
            await crypto.subtle.exportKey("spki", again), await crypto.subtle.exportKey("pkcs8", own)];"""
    public = spki(key.public_key())
    got = await call(learner, body, pkcs8=pkcs8(key), spki=public, theirs=theirs, pss=pss)
    assert got[:7] == [b64(theirs), True, False, True, "RSA", 2048, [1, 0, 1]]
    assert unb64(got[7]) == public
    assert serialization.load_der_private_key(unb64(got[8]), None).private_numbers() == key.private_numbers()


@pytest.mark.parametrize(
    ("name", "curve", "digest"),
    [("P-256", ec.SECP256R1(), 256), ("P-384", ec.SECP384R1(), 384), ("P-521", ec.SECP521R1(), 512)],
)
async def test_curves_verify_and_agree(learner, name, curve, digest):
    key, other = ec.generate_private_key(curve), ec.generate_private_key(curve)
    der = key.sign(b"data", ec.ECDSA(getattr(hashes, f"SHA{digest}")()))
    size = (curve.key_size + 7) // 8
    signature = b"".join(number.to_bytes(size, "big") for number in utils.decode_dss_signature(der))
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    body = """
    const ecdsa = { name: "ECDSA", namedCurve: args.name }, ecdh = { name: "ECDH", namedCurve: args.name };
    const open = await crypto.subtle.importKey("raw", args.point, ecdsa, true, ["verify"]);
    const own = await crypto.subtle.importKey("pkcs8", args.pkcs8, ecdh, false, ["deriveBits"]);
    const other = await crypto.subtle.importKey("spki", args.other, ecdh, true, []);
    const data = new TextEncoder().encode("data");
    return [await crypto.subtle.verify({ name: "ECDSA", hash: args.hash }, open, args.signature, data),
            await crypto.subtle.verify({ name: "ECDSA", hash: args.hash }, open, args.signature, new Uint8Array(1)),
            await crypto.subtle.exportKey("raw", open), (await crypto.subtle.exportKey("jwk", open)).crv,
            await crypto.subtle.deriveBits({ name: "ECDH", public: other }, own, null as any)];"""
    got = await call(
        learner,
        body,
        name=name,
        point=point,
        pkcs8=pkcs8(key),
        other=spki(other.public_key()),
        signature=signature,
        hash=f"SHA-{digest}",
    )
    assert got == [True, False, b64(point), name, b64(key.exchange(ec.ECDH(), other.public_key()))]


async def test_the_curves_of_25519(learner):
    key, mine, yours = (
        ed25519.Ed25519PrivateKey.generate(),
        x25519.X25519PrivateKey.generate(),
        x25519.X25519PrivateKey.generate(),
    )
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    body = """
    const own = await crypto.subtle.importKey("pkcs8", args.key, "Ed25519", true, ["sign"]);
    const open = await crypto.subtle.importKey("raw", args.raw, "ed25519", true, ["verify"]);
    const signature = await crypto.subtle.sign("Ed25519", own, args.raw);
    const mine = await crypto.subtle.importKey("pkcs8", args.mine, "X25519", false, ["deriveBits"]);
    const yours = await crypto.subtle.importKey("spki", args.yours, "X25519", true, []);
    return [signature, await crypto.subtle.verify("Ed25519", open, signature, args.raw),
            await crypto.subtle.deriveBits({ name: "X25519", public: yours }, mine, 128),
              await crypto.subtle.exportKey("raw", open)];"""
    got = await call(learner, body, key=pkcs8(key), raw=raw, mine=pkcs8(mine), yours=spki(yours.public_key()))
    assert got == [b64(key.sign(raw)), True, b64(mine.exchange(yours.public_key())[:16]), b64(raw)]


async def test_a_sealed_message_opens(learner):
    key = rsa.generate_private_key(65537, 2048)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), b"label")
    body = """
    const key = await crypto.subtle.importKey("pkcs8", args.key, { name: "RSA-OAEP", hash: "SHA-256" }, false,
      ["decrypt"]);
    return crypto.subtle.decrypt({ name: "RSA-OAEP", label: new TextEncoder().encode("label") }, key, args.sealed);"""
    got = await call(learner, body, key=pkcs8(key), sealed=key.public_key().encrypt(b"hello", oaep))
    assert unb64(got) == b"hello"


async def test_a_key_is_wrapped_in_another(learner):
    body = """
    const outer = await crypto.subtle.importKey("raw", new Uint8Array(32), "AES-GCM", false, ["wrapKey", "unwrapKey"]);
    const inner = await crypto.subtle.importKey("raw", new Uint8Array([1, 2, 3]), { name: "HMAC",
      hash: "SHA-256" }, true, ["sign"]);
    const with_ = { name: "AES-GCM", iv: new Uint8Array(12) };
    const out = [];
    for (const format of ["raw", "jwk"] as const) {
      const wrapped = await crypto.subtle.wrapKey(format, inner, outer, with_);
      const key = await crypto.subtle.unwrapKey(format, wrapped, outer, with_, { name: "HMAC",
        hash: "SHA-256" }, true, ["sign"]);
      out.push([...new Uint8Array(await crypto.subtle.exportKey("raw", key))], key.usages);
    }
    return out;"""
    assert await learner.run(body) == [[1, 2, 3], ["sign"]] * 2


SIGN_EC = """
const key = await crypto.subtle.importKey("pkcs8", args.key, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
return crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, new Uint8Array(1));"""
MAKES_KEYS = [
    "await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt'])",
    "await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])",
]


@pytest.mark.parametrize("make", [query, mutation])
@pytest.mark.parametrize("code", MAKES_KEYS)
async def test_keys_are_made_in_actions(learner, code, make):
    await learner.deploy(code=make(f"return {code};"))
    result = await learner.call(kind=make.__name__)
    assert REFUSAL in result.error.message


async def test_a_signature_that_needs_randomness_is_for_actions(learner):
    await learner.deploy(code=query(SIGN_EC))
    result = await learner.call(args={"key": b64(pkcs8(ec.generate_private_key(ec.SECP256R1())))})
    assert REFUSAL in result.error.message


SHORT = """
const raw = (data: any, algorithm: any, usages: any, extractable = true) =>
  crypto.subtle.importKey("raw", data, algorithm, extractable, usages);
const curve = (namedCurve: string) => ({ name: "ECDSA", namedCurve });
const bytes = (n: number) => new Uint8Array(n);
"""


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("crypto.subtle.digest('MD5', bytes(1))", "NotSupportedError"),
        ("crypto.subtle.digest('SHA-256', 'text' as any)", "TypeError"),
        ("(crypto.subtle as any).digest('SHA-256')", "TypeError"),
        ("raw(bytes(3), 'AES-GCM', ['encrypt'])", "DataError"),
        ("raw(bytes(16), 'AES-GCM', ['sign'])", "SyntaxError"),
        ("raw(bytes(16), 'AES-GCM', [])", "SyntaxError"),
        ("crypto.subtle.importKey('spki', bytes(9), curve('P-256'), true, ['verify'])", "DataError"),
        ("raw(bytes(9), curve('P-256'), ['verify'])", "DataError"),
        ("raw(bytes(9), curve('P-1'), ['verify'])", "NotSupportedError"),
        ("crypto.subtle.exportKey('raw', await raw(bytes(16), 'AES-GCM', ['encrypt'], false))", "InvalidAccessError"),
        (
            "crypto.subtle.encrypt({ name: 'AES-CBC', iv: bytes(16) }, "
            "await raw(bytes(16), 'AES-GCM', ['encrypt']), bytes(1))",
            "InvalidAccessError",
        ),
        ("crypto.subtle.sign('HMAC', {} as any, bytes(1))", "TypeError"),
        ("new (SubtleCrypto as any)()", "TypeError"),
    ],
)
async def test_what_cannot_be_done_is_refused_by_name(learner, code, name):
    assert name in (await learner.error(f"{SHORT} await {code};")).message


async def test_a_key_shows_what_it_is_and_hides_what_it_holds(learner):
    body = """
    const key = await crypto.subtle.importKey("raw", new Uint8Array(16), { name: "HMAC", hash: "SHA-1" },
      false, ["verify", "sign"]);
    return [key.type, key.extractable, JSON.stringify(key.algorithm), key.usages, Object.keys(key),
      String(key), typeof crypto.subtle];"""
    assert await learner.run(body) == [
        "secret",
        False,
        '{"name":"HMAC","hash":{"name":"SHA-1"},"length":128}',
        ["sign", "verify"],
        [],
        "[object CryptoKey]",
        "object",
    ]
