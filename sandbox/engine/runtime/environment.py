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
    """The variables with the built-in ones. Raises LearnerError, with Convex's texts, for what cannot be set."""
    if len(variables) > VARIABLES_MAX:
        raise LearnerError(f"The environment variable limit ({VARIABLES_MAX}) has been met.", code="EnvVarLimitMet")
    for name, value in variables.items():
        check_variable_name(name)
        _check_value(value)
    return {**variables, "CONVEX_CLOUD_URL": origin, "CONVEX_SITE_URL": site_origin}


def check_variable_name(name: str) -> None:
    """Raises LearnerError."""
    if name in BUILT_IN:
        raise LearnerError(
            f'Environment variable with name "{name}" is built-in and cannot be overridden', code="EnvVarNameForbidden"
        )
    if not _NAME.fullmatch(name):
        raise LearnerError(
            f"The environment variable name {name} is invalid. Environment variable names must begin with a letter "
            "and may only include characters a-z, A-Z, 0-9, and underscores.",
            code="EnvironmentVariableNameInvalid",
        )
    if len(name) > NAME_LENGTH_MAX:
        raise LearnerError(
            f"The environment variable name {name} is too long. Environment variable names must be less than "
            f"{NAME_LENGTH_MAX}.",
            code="EnvironmentVariableNameTooLong",
        )


def _check_value(value: str) -> None:
    size = len(value.encode(errors="replace"))
    if size > VALUE_BYTES_MAX:
        raise LearnerError(
            f"The environment variable value is {size} bytes, which is too large. (max size: {VALUE_BYTES_MAX}",
            code="EnvironmentVariableValueTooLarge",
        )
