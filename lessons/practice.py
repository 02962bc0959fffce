"""The practice service of a workspace, as the Practice panel shows and sets it."""

from __future__ import annotations

from typing import Any

from lessons.models import Workspace
from lessons.requests import Refused
from sandbox.engine import PracticeService
from sandbox.gateway.registry import registry

SHOWN_CALLS_MAX = 100
SHOWN_RECORDS_MAX = 100


async def state(workspace: Workspace) -> dict[str, Any]:
    """The newest calls, receipts and mails, newest first, and the settings."""
    deployment = await registry.get(workspace.id)
    return described(deployment.practice)


async def change(workspace: Workspace, asked: dict[str, Any]) -> dict[str, Any]:
    """Sets what is named: `fail_percent`, `latency_ms`, `fail_next`, `lose_next`. Raises Refused."""
    known = {"fail_percent", "latency_ms", "fail_next", "lose_next"}
    if not asked or asked.keys() - known:
        raise Refused(400, "bad-request", f"Settings are {', '.join(sorted(known))}.")
    values = {name: _number(name, value) for name, value in asked.items()}
    deployment = await registry.get(workspace.id)
    practice = deployment.practice
    try:
        if "fail_percent" in values:
            practice.fail_rate(values["fail_percent"] / 100)
        if "latency_ms" in values:
            practice.latency(values["latency_ms"])
        if "fail_next" in values:
            practice.fail_next(int(values["fail_next"]))
        if "lose_next" in values:
            practice.lose_next(int(values["lose_next"]))
    except ValueError as error:
        raise Refused(400, "bad-request", str(error)) from None
    return described(practice)


async def reset(workspace: Workspace) -> dict[str, Any]:
    """Forgets calls, receipts, mails and settings."""
    deployment = await registry.get(workspace.id)
    deployment.practice.reset()
    return described(deployment.practice)


def described(practice: PracticeService) -> dict[str, Any]:
    """As JSON (static/src/practice/practice_model.ts, PracticeState)."""
    calls, charges, mails, mood = practice.calls, practice.charges, practice.mails, practice.mood
    return {
        "call_count": practice.call_count,
        "calls": [
            {
                "id": call.id,
                "at_ms": call.at_ms,
                "method": call.method,
                "path": call.path,
                "key": call.key,
                "status": call.status,
                "outcome": call.outcome,
                "function": call.function,
                "run_id": call.run_id,
                "asked": call.asked,
                "answered": call.answered,
            }
            for call in reversed(calls[-SHOWN_CALLS_MAX:])
        ],
        "charge_count": len(charges),
        "charged": sum(charge.amount for charge in charges),
        "charges": [
            {"id": each.id, "at_ms": each.at_ms, "amount": each.amount, "for": each.description, "key": each.key}
            for each in reversed(charges[-SHOWN_RECORDS_MAX:])
        ],
        "mail_count": len(mails),
        "mails": [
            {"id": each.id, "at_ms": each.at_ms, "to": each.recipient, "subject": each.subject, "body": each.body}
            for each in reversed(mails[-SHOWN_RECORDS_MAX:])
        ],
        "settings": {
            "fail_percent": round(mood.fail_rate * 100),
            "latency_ms": round(mood.latency_ms),
            "fail_next": mood.fail_next,
            "lose_next": mood.lose_next,
        },
    }


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        raise Refused(400, "bad-request", f"`{name}` must be a number.")
    return float(value)
