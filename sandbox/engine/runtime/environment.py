"""Environment variables: what `process.env` shows, the same in every realm and at import.

Names and limits are Convex's. The two that every deployment has are its own addresses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sandbox.engine.errors import LearnerError

NAME_LENGTH_MAX = 40
VALUE_BYTES_MAX = 8192
VARIABLES_MAX = 100
BUILT_IN = ("CONVEX_CLOUD_URL", "CONVEX_SITE_URL")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def environment_of(variables: Mapping[str, str], *, origin: str, site_origin: str) -> dict[str, str]:
    """The variables with the built-in ones. Raises LearnerError for a name or value that cannot be."""
    if len(variables) > VARIABLES_MAX:
        raise LearnerError(f"Too many environment variables (limit: {VARIABLES_MAX}).", code="TooManyEnvVars")
    for name, value in variables.items():
        _check(name, value)
    return {**variables, "CONVEX_CLOUD_URL": origin, "CONVEX_SITE_URL": site_origin}


def _check(name: str, value: str) -> None:
    if name in BUILT_IN:
        raise LearnerError(
            f'Environment variable with name "{name}" is built-in and cannot be overridden', code="EnvVarNameForbidden"
        )
    if not _NAME.fullmatch(name) or len(name) > NAME_LENGTH_MAX:
        raise LearnerError(
            f'Environment variable name "{name}" is not valid: use up to {NAME_LENGTH_MAX} letters, digits and '
            "underscores, and do not begin with a digit.",
            code="InvalidEnvVarName",
        )
    if len(value.encode(errors="replace")) > VALUE_BYTES_MAX:
        raise LearnerError(
            f'The value of environment variable "{name}" is larger than {VALUE_BYTES_MAX} bytes', code="EnvVarTooLarge"
        )
