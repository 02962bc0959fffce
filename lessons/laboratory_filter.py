"""The same question answered in JavaScript: a function that takes the whole table and filters it there.

Written for one question, in the words that a learner would use, and run beside the learner's own code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.engine import laboratory

FILE = "convex/laboratory{}.ts"
_JOINTS = {"$and": " && ", "$or": " || "}
_SIGNS = {"$eq": "===", "$neq": "!=="}


class NoTwin(Exception):
    """The question uses what reads otherwise in JavaScript than in the store."""


def free_file(files: Mapping[str, str]) -> str:
    """A file name that the project does not have."""
    number = 0
    while (name := FILE.format(number or "")) in files:
        number += 1
    return name


def source(question: laboratory.Question) -> str:
    """A module whose default export answers the question by filtering the whole table. Raises NoTwin."""
    conditions = [_step(step) for step in question.range]
    limit = ""
    for operator in question.operators:
        if "limit" in operator:
            limit = f".slice(0, {int(operator['limit'])})"
        elif limit:
            raise NoTwin
        else:
            conditions.append(_expression(operator["filter"]))
    condition = " && ".join(conditions) or "true"
    order = '.order("desc")' if question.order == "desc" else ""
    return f"""import {{ query }} from "./_generated/server";

export default query({{
  args: {{}},
  handler: async (ctx) => {{
    const documents: any[] = await ctx.db.query({json.dumps(question.table)}){order}.collect();
    return documents.filter((document) => {condition}){limit};
  }},
}});
"""


def _step(step: Mapping[str, Any]) -> str:
    if step["type"] != "Eq":
        raise NoTwin  # in the store every value has its place in one order; `<` in JavaScript knows no such thing
    return f"{_field(step['fieldPath'])} === {_literal(step['value'])}"


def _expression(expression: Any) -> str:
    if not isinstance(expression, dict) or len(expression) != 1:
        raise NoTwin
    ((operator, operands),) = expression.items()
    if operator == "$field":
        return _field(operands)
    if operator == "$literal":
        return _literal(operands)
    if operator == "$not":
        return f"!({_expression(operands)})"
    if operator in _JOINTS and operands:
        return "(" + _JOINTS[operator].join(map(_expression, operands)) + ")"
    if operator in _SIGNS:
        left, right = map(_expression, operands)
        return f"{left} {_SIGNS[operator]} {right}"
    raise NoTwin


def _field(path: str) -> str:
    return "document" + "".join(f"?.[{json.dumps(name)}]" for name in path.split("."))


def _literal(value: Any) -> str:
    if value == {"$undefined": None}:
        return "undefined"
    if isinstance(value, str | int | float | bool) or value is None:
        return json.dumps(value)
    raise NoTwin
