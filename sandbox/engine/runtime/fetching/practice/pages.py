"""The pages of `https://practice.test`: payments, weather, mail. Other paths are those of the service without memory.

Money is a number without a currency. An `Idempotency-Key` makes a second request of the same the first one again.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.engine.runtime.fetching import practice_service
from sandbox.engine.runtime.fetching.practice.ledger import Charge, Ledger, LedgerFull, Mail
from sandbox.engine.runtime.fetching.practice_service import Answer, json_answer, problem

AMOUNT_MAX = 1_000_000
TEXT_LENGTH_MAX = 1_000
KEY_LENGTH_MAX = 255
_SKIES = ("clear", "cloudy", "rain", "snow", "fog")


@dataclass(frozen=True, slots=True)
class Question:
    """One request, with its address taken apart."""

    method: str
    url: str
    path: str
    query: Mapping[str, str]
    headers: tuple[tuple[str, str], ...]
    body: bytes
    at_ms: float
    number: int
    """How many requests came before it: the weather changes from one to the next."""

    @property
    def key(self) -> str | None:
        found = next((value for name, value in self.headers if name.lower() == "idempotency-key"), "")
        return whole_text(found.strip()) or None

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object of the body; {} for anything else."""
        try:
            parsed = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return parsed if isinstance(parsed, dict) else {}


@dataclass(frozen=True, slots=True)
class Told:
    answer: Answer
    is_replay: bool = False


async def answer(question: Question, ledger: Ledger) -> Told:
    """Does what is asked, at once, and says what came of it."""
    page, _, rest = question.path.removeprefix("/").partition("/")
    key = question.key
    if key is not None and len(key) > KEY_LENGTH_MAX:
        return Told(problem(400, f"An Idempotency-Key has up to {KEY_LENGTH_MAX} characters."))
    try:
        match page, question.method:
            case ("charges", "POST") if not rest:
                return _charge(question, ledger)
            case ("mails", "POST") if not rest:
                return _send(question, ledger)
            case ("charges" | "mails", "GET"):
                return Told(_look_up(page, rest, question, ledger))
            case ("charges" | "mails", method):
                return Told(problem(405, f"{question.path} does not take {method}. Use GET or POST."))
            case ("weather", _):
                return Told(_weather(question))
            case _:
                told = await practice_service.answer(question.method, question.url, question.headers, question.body)
                return Told(told)
    except LedgerFull:
        return Told(problem(507, "The practice service is full. Reset it in the Practice panel."))


def _charge(question: Question, ledger: Ledger) -> Told:
    amount = question.document.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not _is_sound(amount):
        return Told(problem(400, f"Send JSON with an amount above 0 and up to {AMOUNT_MAX}."))
    description = whole_text(str(question.document.get("description", "")))[:TEXT_LENGTH_MAX]
    receipt, is_replay = ledger.charge(question.at_ms, float(amount), description, question.key)
    if is_replay and receipt.amount != float(amount):
        return Told(problem(422, "This Idempotency-Key was used for another amount."))
    return Told(json_answer(200 if is_replay else 201, receipt_document(receipt)), is_replay)


def whole_text(text: str) -> str:
    """Without halves of surrogate pairs, which JSON may hold and no file can."""
    return text.encode(errors="replace").decode()


def _is_sound(amount: float) -> bool:
    try:
        return math.isfinite(amount) and 0 < amount <= AMOUNT_MAX
    except OverflowError:
        return False


def _send(question: Question, ledger: Ledger) -> Told:
    texts = [question.document.get(name, "") for name in ("to", "subject", "body")]
    if not all(isinstance(text, str) for text in texts) or not texts[0].strip():
        return Told(problem(400, "Send JSON with to, subject and body, all of them text."))
    recipient, subject, body = (whole_text(text)[:TEXT_LENGTH_MAX] for text in texts)
    mail, is_replay = ledger.send(question.at_ms, recipient, subject, body, question.key)
    return Told(json_answer(200 if is_replay else 202, mail_document(mail)), is_replay)


def _look_up(page: str, rest: str, question: Question, ledger: Ledger) -> Answer:
    """All, those of `?key=…`, or one by its id."""
    documents = (
        [receipt_document(charge) for charge in ledger.charges()]
        if page == "charges"
        else [mail_document(mail) for mail in ledger.mails()]
    )
    if rest:
        found = [document for document in documents if document["id"] == rest]
        return json_answer(200, found[0]) if found else problem(404, f"There is no {question.path}.")
    if "key" in question.query:
        documents = [document for document in documents if document["key"] == question.query["key"]]
    return json_answer(200, documents)


def receipt_document(charge: Charge) -> dict[str, Any]:
    amount = int(charge.amount) if charge.amount.is_integer() else charge.amount
    return {
        "id": f"receipt-{charge.id}",
        "amount": amount,
        "description": charge.description,
        "key": charge.key,
        "at": charge.at_ms,
    }


def mail_document(mail: Mail) -> dict[str, Any]:
    return {
        "id": f"mail-{mail.id}",
        "to": mail.recipient,
        "subject": mail.subject,
        "body": mail.body,
        "key": mail.key,
        "at": mail.at_ms,
    }


def _weather(question: Question) -> Answer:
    """A city has its climate, and its weather moves on with every question, as weather does."""
    city = whole_text(question.query.get("city", "").strip())[:TEXT_LENGTH_MAX]
    if question.method not in ("GET", "HEAD") or not city:
        return problem(400, "Ask for a city: GET /weather?city=Lima")
    climate = hashlib.sha256(city.casefold().encode()).digest()
    today = hashlib.sha256(f"{city.casefold()} {question.number}".encode()).digest()
    return json_answer(
        200,
        {
            "city": city,
            "celsius": climate[0] % 25 + 2 + question.number % 7 + today[0] % 3,
            "sky": _SKIES[today[1] % len(_SKIES)],
            "wind_kmh": today[2] % 60,
        },
    )
