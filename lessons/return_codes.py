"""Return codes: how somebody with a pseudonym and nothing else comes back on another machine.

The code is shown once and kept only as a keyed hash. Three groups of four signs are 57 bits: at the pace that
`tries.py` allows, guessing one takes longer than the course will exist.
"""

from __future__ import annotations

import secrets

from django.utils.crypto import salted_hmac

from lessons.models import WORKSPACE_ID_ALPHABET, Person

GROUPS, GROUP_LENGTH = 3, 4
TEXT_LENGTH_MAX = 60


def make(person: Person) -> str:
    """A new code for the person, as it is shown. The one before ends.

    Raises ValueError for somebody with a password: a code must not be a way around it.
    """
    if person.has_usable_password():
        raise ValueError("somebody who signs in with a password has no return code")
    code = "".join(secrets.choice(WORKSPACE_ID_ALPHABET) for _ in range(GROUPS * GROUP_LENGTH))
    person.return_code_hmac = _hmac(code)
    person.save(update_fields=["return_code_hmac"])
    return "-".join(code[at : at + GROUP_LENGTH] for at in range(0, len(code), GROUP_LENGTH))


def find(text: str) -> Person | None:
    """Whose code this is, however it was typed: capitals, spaces and hyphens do not matter."""
    code = "".join(sign for sign in text[:TEXT_LENGTH_MAX].lower() if sign.isalnum())
    if len(code) != GROUPS * GROUP_LENGTH or not set(code) <= set(WORKSPACE_ID_ALPHABET):
        return None
    person = Person.objects.filter(return_code_hmac=_hmac(code)).first()
    return None if person is None or person.has_usable_password() else person


def _hmac(code: str) -> str:
    return salted_hmac("lessons.return-code", code, algorithm="sha256").hexdigest()
