"""Writing documents from outside of any function: what the dashboard's table view does.

The rules of the schema hold as for learner code; system tables stay closed.
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.engine.errors import LearnerError
from sandbox.engine.runtime.system_function import SystemCall
from sandbox.engine.store import Transaction
from sandbox.engine.system_functions.definition import (
    ANY,
    STRING,
    STRING_OR_NULL,
    Arguments,
    array_of,
    convex_error,
    object_of,
    system_function,
)
from sandbox.engine.system_functions.tables import scan_plan
from sandbox.engine.values import UNDEFINED

DOCUMENTS_MAX = 4_096
CLEARED_MAX = 4_000
CLEARED_BYTES_MAX = 4_000_000
# How a client that can send no `undefined` says "remove this field".
UNDEFINED_PLACEHOLDER = (
    "__CONVEX_PLACEHOLDER_undefined_I23atX0jcndVbFgXoQZffsih7eAqktCyFjgUuAeNBtfr3ySOljPSPSEOPFgprkdBO3zXNiGEJxmJ5ZFPc5C5"
    "qKesG80QRPvlJe8vgSxAt9feLTwxTg4PHfVwUaTEJU67FDwldWmTxp1guMPwxQ2jOuhEryTBf3mQ"
)
SUCCESS = {"success": True}


@system_function("mutation", table=STRING, documents=array_of(ANY))
async def add_documents(call: SystemCall, args: Arguments) -> Any:
    """All of them or none."""
    if len(args["documents"]) > DOCUMENTS_MAX:
        return {"success": False, "error": f"Can’t import more than {DOCUMENTS_MAX} documents at once."}
    try:
        for document in args["documents"]:
            await call.transaction.insert(args["table"], document)
    except LearnerError as error:
        raise convex_error(error.message) from None
    return SUCCESS


@system_function("mutation", table=STRING, fields=ANY, ids_=array_of(STRING))
async def patch_documents_fields(call: SystemCall, args: Arguments) -> Any:
    """The same fields in the documents of these ids, or in all of the table."""
    transaction = call.transaction
    ids = args["ids"] if "ids" in args else await _all_ids(transaction, args["table"])
    try:
        if not isinstance(args["fields"], dict):
            raise LearnerError("Invalid argument `value` for `db.patch`: Value must be an Object")
        fields = {
            name: UNDEFINED if value == UNDEFINED_PLACEHOLDER else value for name, value in args["fields"].items()
        }
        for document_id in ids:
            await transaction.patch(document_id, dict(fields))
    except LearnerError as error:
        raise convex_error(error.message) from None
    return SUCCESS


@system_function("mutation", id=STRING, document=ANY)
async def replace_document(call: SystemCall, args: Arguments) -> Any:
    try:
        if not isinstance(args["document"], dict):
            raise LearnerError("Invalid argument `value` for `db.replace`: Value must be an Object")
        await call.transaction.replace(args["id"], args["document"])
    except LearnerError as error:
        raise convex_error(error.message) from None
    return SUCCESS


@system_function("mutation", toDelete=array_of(object_of(id=STRING, tableName=STRING)))
async def delete_documents(call: SystemCall, args: Arguments) -> Any:
    if len(args["toDelete"]) > DOCUMENTS_MAX:
        text = f"You can't delete more than {DOCUMENTS_MAX}. Try selecting fewer documents instead.."
        return {"success": False, "error": text}
    for document in args["toDelete"]:
        await call.transaction.delete(document["id"])
    return SUCCESS


@system_function("mutation", tableName=STRING, cursor=STRING_OR_NULL)
async def clear_table_page(call: SystemCall, args: Arguments) -> Any:
    """The oldest documents first, so that who looks at the newest is not disturbed until the end."""
    page = await call.transaction.paginate(
        scan_plan(args["tableName"], "asc"),
        cursor=args["cursor"],
        end_cursor=None,
        page_size=CLEARED_MAX,
        maximum_bytes_read=CLEARED_BYTES_MAX,
    )
    for document in page.documents:
        await call.transaction.delete(json.loads(document)["_id"])
    deleted = float(len(page.documents))
    return {"deleted": deleted, "continueCursor": page.continue_cursor, "hasMore": not page.is_done}


async def _all_ids(transaction: Transaction, table: str) -> list[str]:
    stream = transaction.open_query(scan_plan(table, "asc"))
    ids: list[str] = []
    is_done = False
    while not is_done:
        documents, is_done = await stream.next(1_000)
        ids += [json.loads(document)["_id"] for document in documents]
    return ids
