"""Which function a call means: `name`, `functionHandle` or `reference` (docs/spec/runtime-abi.md §2, §5).

A handle is a text that names a function and can be stored or sent. It holds a seal made with the store's secret, so a
client cannot make one for a function that it was not given.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.function_paths import canonical_path, path_problem
from sandbox.engine.runtime.functions import not_found
from sandbox.engine.runtime.syscalls.context import RunContext
from sandbox.engine.values import encode_id

_SCHEME = "function://"
# In Convex a handle is the id of a row; here no such table exists, but the text looks the same.
_HANDLE_TABLE = 501


def path_of(args: dict[str, Any], method: str, run: RunContext) -> str:
    """The path ("mod:fn") that the arguments of an operation name. Raises LearnerError."""
    handle, name, reference = (args.get(key) for key in ("functionHandle", "name", "reference"))
    if isinstance(handle, str):
        return path_of_handle(handle, run)
    if isinstance(name, str):
        return path_of_handle(name, run) if name.startswith(_SCHEME) else _checked(name, method)
    if isinstance(reference, str):
        raise LearnerError(_no_component(reference), code="ComponentsNotAvailable")
    raise LearnerError(f"Invalid arguments for `{method}`: no function is named", code="InvalidArgument")


def _no_component(reference: str) -> str:
    component, *function = reference.removeprefix("_reference/childComponent/").split("/")
    called = ".".join(("components", component, *function))
    return (
        f"Components are not available in this sandbox: {called} cannot be called. "
        f"It belongs to the component {component!r} that convex.config.ts uses."
    )


def _checked(name: str, method: str) -> str:
    problem = path_problem(name)
    if problem is not None:
        raise LearnerError(f"Invalid arguments for `{method}`: {problem}", code="InvalidArgument")
    return canonical_path(name)


def handle_of(path: str, run: RunContext) -> str:
    """Raises LearnerError for a function that does not exist."""
    if path not in run.functions.functions:
        raise not_found(path)
    return _handle(path, run)


def path_of_handle(handle: str, run: RunContext) -> str:
    """Raises LearnerError for what is no handle of a function that exists."""
    for path in run.functions.functions:
        if hmac.compare_digest(_handle(path, run).encode(), handle.encode()):
            return path
    raise LearnerError("Function handle not found", code="FunctionHandleNotFound")


def _handle(path: str, run: RunContext) -> str:
    seal = hmac.digest(run.services.secret, b"function handle\0" + path.encode(), hashlib.sha256)
    return _SCHEME + encode_id(_HANDLE_TABLE, seal[:16])
