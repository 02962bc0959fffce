"""Who may sign in to a hosted project: the providers of auth.config.ts and the tokens that they sign."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import quote

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sandbox.engine import LearnerError
from sandbox.gateway.host_providers import Providers, ProvidersUnusable

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ISSUER = "https://auth.example.com"


def jwks(key: Any = RSA) -> str:
    algorithm = jwt.algorithms.RSAAlgorithm if key is RSA else jwt.algorithms.ECAlgorithm
    return json.dumps({"keys": [{**json.loads(algorithm.to_jwk(key.public_key())), "kid": "k1", "use": "sig"}]})


def token(key: Any = RSA, algorithm: str = "RS256", kid: str | None = "k1", **claims: Any) -> str:
    told = {"iss": ISSUER, "sub": "ann", "aud": "app", "exp": time.time() + 9_000, **claims}
    told = {name: value for name, value in told.items() if value is not None}
    return jwt.encode(told, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


def custom(**fields: Any) -> dict[str, Any]:
    keys = f"data:text/plain,{quote(jwks())}"
    entry = {"type": "customJwt", "issuer": ISSUER, "jwks": keys, "algorithm": "RS256", "applicationID": "app"}
    return {**entry, **fields}


async def no_network(address: str) -> bytes:
    raise LearnerError(f"fetch of {address} is not allowed", code="FetchRefused")


async def providers(*entries: Any, fetch: Any = no_network) -> Providers:
    made = Providers(lambda text: {"subject": "one of ours"}, "ours")
    assert await made.load(entries, fetch) == []
    return made


@pytest.mark.parametrize(
    "entry",
    [
        custom(),
        custom(applicationID=None),
        custom(issuer=f"{ISSUER}/"),
        custom(jwks=f"data:application/json;base64,{base64.b64encode(jwks().encode()).decode()}"),
    ],
    ids=["plain", "without an application", "with a slash", "base64"],
)
async def test_a_custom_jwt_needs_no_network_when_its_keys_are_in_the_address(entry):
    verified = (await providers(entry)).verify(token(role="admin", properties={"team": {"id": 7}}, given_name="Ann"))
    assert verified == {
        "tokenIdentifier": f"{ISSUER}|ann",
        "issuer": ISSUER,
        "subject": "ann",
        "role": "admin",
        "properties.team.id": 7,
        "given_name": "Ann",
    }


async def test_an_es256_token_is_verified():
    entry = custom(jwks=f"data:,{quote(jwks(EC))}", algorithm="ES256")
    assert (await providers(entry)).verify(token(EC, "ES256"))["subject"] == "ann"


async def test_openid_connect_is_asked_where_its_keys_are_and_its_claims_get_convex_names():
    asked = []

    async def fetch(address: str) -> bytes:
        asked.append(address)
        keys = f"{ISSUER}/keys"
        return jwks().encode() if address == keys else json.dumps({"jwks_uri": keys}).encode()

    found = await providers({"domain": ISSUER, "applicationID": "app"}, fetch=fetch)
    assert asked == [f"{ISSUER}/.well-known/openid-configuration", f"{ISSUER}/keys"]
    verified = found.verify(token(given_name="Ann", picture="p.png", updated_at=12, address={"formatted": "here"}, x=1))
    assert verified == {
        "tokenIdentifier": f"{ISSUER}|ann",
        "issuer": ISSUER,
        "subject": "ann",
        "givenName": "Ann",
        "pictureUrl": "p.png",
        "updatedAt": "12",
        "address": "here",
        "x": 1,
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not.a.token", "InvalidAuthHeader"),
        (token(iss="https://other.example.com"), "NoAuthProvider"),
        (token(aud="other"), "NoAuthProvider"),
        (token(aud=["other", 3]), "NoAuthProvider"),
        (token(exp=time.time() - 60), "InvalidAuthHeader"),
        (token(nbf=time.time() + 9_000), "InvalidAuthHeader"),
        (token(iat=time.time() + 9_000), "InvalidAuthHeader"),
        (token(iss=None), "InvalidAuthHeader"),
        (token(sub=None), "InvalidAuthHeader"),
        (token(kid="k2"), "InvalidAuthHeader"),
        (token(EC, "ES256"), "InvalidAuthHeader"),
        (jwt.encode({"iss": ISSUER, "sub": "ann", "aud": "app"}, RSA, algorithm="RS256"), "InvalidAuthHeader"),
        (
            jwt.encode({"iss": ISSUER, "sub": "ann", "aud": "app", "exp": 9e9}, "", algorithm="none"),
            "InvalidAuthHeader",
        ),
        (token(rsa.generate_private_key(public_exponent=65537, key_size=2048)), "InvalidAuthHeader"),
    ],
    ids=[
        *("garbage", "issuer", "audience", "audiences", "expired", "too early", "from the future", "no issuer"),
        *("no subject", "key", "algorithm", "no end", "unsigned", "forged"),
    ],
)
async def test_a_token_that_is_not_good_is_refused(text, code):
    made = await providers(custom())
    with pytest.raises(LearnerError) as caught:
        made.verify(text)
    assert caught.value.code == code


async def test_our_own_tokens_are_ours_to_verify():
    assert (await providers(custom())).verify(token(iss="ours"))["subject"] == "one of ours"


async def test_a_provider_whose_keys_cannot_be_had_is_named_and_refuses():
    made = Providers(dict, "ours")
    complaints = await made.load(
        [{"domain": "auth.example.com", "applicationID": "app"}, custom(jwks="data:,{}")], no_network
    )
    discovery = f"Auth provider discovery of {ISSUER} failed: fetch of {ISSUER}/.well-known/openid-configuration"
    assert complaints[0].startswith(f"nobody can sign in with {ISSUER}: {discovery}")
    assert complaints[1].startswith(f"nobody can sign in with {ISSUER}: Invalid JWKS response body from 'data:,{{}}'.")
    with pytest.raises(LearnerError) as caught:
        made.verify(token())
    assert (caught.value.code, caught.value.message[:23]) == ("AuthProviderDiscoveryFailed", discovery[:23])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("not.a.token", "three base64-encoded parts separated by dots"),
        (token(iss=None), "Missing issuer claim ('iss')"),
        (token(kid="k2"), "The JWT's 'kid' (key ID) header is 'k2'"),
        (token(kid=None), "JWT may be missing a 'kid' (key ID) header"),
        (token(iat=time.time() + 9_000), "Token issued in the future. Check for timing issues of its 'iat'"),
        (token(exp=time.time() - 60), "Token expired"),
        (token(iss="https://other.example.com"), f"[CustomJWT(issuer={ISSUER}, app_id=app), OIDC(domain="),
    ],
    ids=["garbage", "no issuer", "key", "no key", "from the future", "expired", "provider"],
)
async def test_a_refusal_says_what_to_look_at(text, told):
    made = Providers(dict, "ours")
    await made.load([custom(), {"domain": "sign-in.example.com", "applicationID": "web"}], no_network)
    with pytest.raises(LearnerError) as caught:
        made.verify(text)
    assert told in caught.value.message


async def test_clocks_may_differ_a_little():
    made = await providers(custom())
    assert made.verify(token(iat=time.time() + 3, exp=time.time() - 3))["subject"] == "ann"


async def test_without_providers_the_refusal_names_the_file():
    with pytest.raises(LearnerError, match=r"no providers configured\). Check convex/auth\.config\.ts"):
        Providers(dict, "ours").verify(token())


@pytest.mark.parametrize(
    "entry", [3, {}, {"domain": ISSUER}, custom(algorithm="HS256"), custom(issuer=None), custom(jwks="")]
)
async def test_what_is_no_provider_is_refused(entry):
    with pytest.raises(ProvidersUnusable):
        await Providers(dict, "ours").load([entry], no_network)
