"""The certificate: a statement of what somebody proved, signed with a key of this site.

    {"statement": {…}, "algorithm": "EdDSA", "public_key": "…", "signature": "…"}

The signature (Ed25519) is over PREFIX and the statement in canonical JSON: keys in order, no white space, UTF-8; a
statement holds only texts, whole numbers, lists and objects, so there is one way to write it. Why a key of its own and
no list of certificates: docs/decisions/0009.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from lessons.course_map import CourseMap
from lessons.journey import Journey
from lessons.models import Person
from sandbox.gateway.keys import signing_key

ALGORITHM = "EdDSA"
KEY = "certificates.pem"
KIND = "reactive-sandbox-certificate"
VERSION = 1
PREFIX = b"reactive-sandbox certificate 1\n"
CHARACTERS_MAX = 64_000


class NotACertificate(Exception):
    """What was given does not prove anything. The message is a sentence for the page."""


@dataclass(frozen=True, slots=True)
class Certificate:
    statement: Mapping[str, Any]
    signature: str

    def to_json(self) -> str:
        """As it is downloaded."""
        document = {
            "statement": self.statement,
            "algorithm": ALGORITHM,
            "public_key": public_key(),
            "signature": self.signature,
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def issue(person: Person, journey: Journey, course: CourseMap) -> Certificate:
    """The certificate of somebody who has proved everything; the same statement whenever it is asked for.

    Raises ValueError for anybody else.
    """
    if not course.is_complete:
        raise ValueError("not everything is proved")
    proved = [task.proved_at for lesson in journey.lessons.values() for task in lesson.tasks.values() if task.proved_at]
    statement = {
        "kind": KIND,
        "version": VERSION,
        "id": salted_hmac("lessons.certificate", str(person.pk), algorithm="sha256").hexdigest()[:20],
        "name": person.pseudonym,
        "course": "Your reactive database",
        "proved_at": max(proved).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lessons": [{"number": line.number, "title": line.title, "tasks": len(line.marks)} for line in course.required],
        "points": [point.title for point in course.points],
    }
    signature = signing_key(KEY).sign(PREFIX + canonical(statement))
    return Certificate(statement, _text(signature))


def verify(text: str) -> Mapping[str, Any]:
    """The statement of a certificate of this site, given as JSON. Raises NotACertificate."""
    if len(text) > CHARACTERS_MAX:
        raise NotACertificate(_("This is too long for a certificate."))
    try:
        document = json.loads(text)
        statement, key, signature = document["statement"], document["public_key"], document["signature"]
        said = PREFIX + canonical(statement)
        given = _bytes(signature)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise NotACertificate(_("This is no certificate: it is not the JSON that was downloaded.")) from None
    if key != public_key():
        raise NotACertificate(_("This certificate names the key of another site. Only that site can verify it."))
    try:
        signing_key(KEY).public_key().verify(given, said)
    except InvalidSignature:
        raise NotACertificate(
            _("The signature does not fit: the certificate was changed after it was issued.")
        ) from None
    return dict(statement)


def canonical(statement: Any) -> bytes:
    """The one way to write a statement. Raises ValueError for what no statement holds."""
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def proved_at(statement: Mapping[str, Any]) -> datetime:
    return datetime.strptime(str(statement["proved_at"]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def public_key() -> str:
    """The public key, 32 bytes in base64url, as it stands in certificates."""
    key = signing_key(KEY).public_key()
    return _text(key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
