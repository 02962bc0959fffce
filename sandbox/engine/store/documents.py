"""Making the document that a write leaves: system fields, bounds, and its canonical JSON text.

Source: docs/spec/semantics.md §1 and §5. The schema's own check is the transaction's next step.
"""

from __future__ import annotations

from typing import TypeAlias

from sandbox.engine.errors import LearnerError
from sandbox.engine.schema import CREATION_TIME_FIELD, ID_FIELD
from sandbox.engine.values import (
    UNDEFINED,
    Undefined,
    Value,
    check_document_size,
    check_value,
    dumps,
    nesting_problem,
    size_of,
)
from sandbox.engine.values.display import display, display_string

Document: TypeAlias = dict[str, Value]


def with_system_fields(body: Document, document_id: str, creation_time: float) -> Document:
    """The whole document. A body may carry the two system fields only as they are. Raises LearnerError."""
    own_id = body.get(ID_FIELD, document_id)
    if own_id != document_id:
        raise LearnerError(
            f"Provided document ID {display_string(document_id)} doesn't match '_id' field {display(own_id)}",
            code="InvalidIdError",
        )
    document = {**body, ID_FIELD: document_id, CREATION_TIME_FIELD: creation_time}
    own_time = body.get(CREATION_TIME_FIELD, creation_time)
    if type(own_time) is not float or own_time != creation_time:
        raise LearnerError(
            f"Provided creation time {repr(creation_time).removesuffix('.0')} doesn't match '_creationTime' field in "
            f"{display({ID_FIELD: document_id, **body})}",
            code="InvalidCreationTimeError",
        )
    return document


def text_of(document: Document, *, is_system: bool = False) -> tuple[bytes, int]:
    """The text that is stored, and what it counts for (size_of). Raises LearnerError for what no document may hold.

    A system document holds what the engine puts there, such as a function's arguments: it has no bounds here.
    """
    if is_system:
        check_value(document)
        return dumps(document).encode(), size_of(document)
    _check_shape(document)
    size = check_document_size(document)
    return dumps(document).encode(), size


def without_system_fields(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in (ID_FIELD, CREATION_TIME_FIELD)}


def merged(document: Document, fields: dict[str, Value | Undefined]) -> Document:
    """What a patch makes of a document: UNDEFINED removes a field. A system field that is removed comes back."""
    body: Document = {name: value for name, value in document.items() if name not in fields}
    body.update({name: value for name, value in fields.items() if value is not UNDEFINED})
    return body


def _check_shape(document: Document) -> None:
    """How deep it is, and that only the two system fields start with an underscore; nested fields may."""
    too_nested = nesting_problem(document)
    problems = [] if too_nested is None else [too_nested]
    problems += [
        f"Field '{name}' starts with an underscore, which is only allowed for system fields like '_id'"
        for name in sorted(document)
        if name.startswith("_") and name not in (ID_FIELD, CREATION_TIME_FIELD)
    ]
    if problems:
        shown = f"Document(value: {display(document)})"
        raise LearnerError(f"{shown} isn't a valid document: " + "\n ".join(problems), code="InvalidDocumentError")
