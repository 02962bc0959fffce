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


def token(key: Any = RSA, algorithm: str = "RS256", kid: str = "k1", **claims: Any) -> str:
    told = {"iss": ISSUER, "sub": "ann", "aud": "app", "exp": time.time() + 60, **claims}
    return jwt.encode(told, key, algorithm=algorithm, headers={"kid": kid})


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
        (token(kid="k2"), "InvalidAuthHeader"),
        (token(EC, "ES256"), "InvalidAuthHeader"),
        (jwt.encode({"iss": ISSUER, "sub": "ann", "aud": "app"}, RSA, algorithm="RS256"), "InvalidAuthHeader"),
        (
            jwt.encode({"iss": ISSUER, "sub": "ann", "aud": "app", "exp": 9e9}, "", algorithm="none"),
            "InvalidAuthHeader",
        ),
        (token(rsa.generate_private_key(public_exponent=65537, key_size=2048)), "InvalidAuthHeader"),
    ],
    ids=["garbage", "issuer", "audience", "audiences", "expired", "key", "algorithm", "no end", "unsigned", "forged"],
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
    assert complaints[0].startswith(f"nobody can sign in with {ISSUER}: fetch of {ISSUER}/.well-known/")
    assert "its keys cannot be read" in complaints[1]
    with pytest.raises(LearnerError, match="did not publish"):
        made.verify(token())


@pytest.mark.parametrize(
    "entry", [3, {}, {"domain": ISSUER}, custom(algorithm="HS256"), custom(issuer=None), custom(jwks="")]
)
async def test_what_is_no_provider_is_refused(entry):
    with pytest.raises(ProvidersUnusable):
        await Providers(dict, "ours").load([entry], no_network)
