"""Twelve requests at the counter of <demo-windows>, and how each is written at each of the four windows.

At whichever window a request is handed in, its code is put into what that window is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Window = Literal["rules", "look", "change", "errands"]
WINDOWS: tuple[Window, ...] = ("rules", "look", "change", "errands")
FUNCTION = "counter:request"
SCHEMA_FILE, FUNCTION_FILE = "convex/schema.ts", "convex/counter.ts"
WRAPPERS = {"look": "query", "change": "mutation", "errands": "action"}

BUSES: tuple[dict[str, Any], ...] = (
    {"number": 1.0, "seats": 8.0, "driver": "Halima Diallo"},
    {"number": 2.0, "seats": 8.0, "driver": "Tomasz Nowak"},
)
SIGNUPS: tuple[dict[str, Any], ...] = (
    {"name": "Amina Khan", "bus": 2.0},
    {"name": "João Pereira", "bus": 1.0},
    {"name": "Mei Chen", "bus": 2.0},
)
SCHEMA = """import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  buses: defineTable(%(buses)s),
  signups: defineTable(%(signups)s),
});
"""
LOOSE = "v.any()"
BUS_SHAPE = "{ number: v.number(), seats: v.number(), driver: v.optional(v.string()) }"


@dataclass(frozen=True, slots=True)
class Card:
    """`code` is the body of a handler, `said` what of it a schema could hold. For a rule, `code` is the check as a
    function would make it, `shape` the table as a schema says it, and `bad` a row that breaks it."""

    window: Window
    code: str
    said: str = ""
    table: str = "signups"
    shape: str = ""
    bad: dict[str, Any] | None = None


def _rule(table: str, field: str, is_wrong: str, shape: str, bad: dict[str, Any]) -> Card:
    code = f'for (const row of await ctx.db.query("{table}").collect()) if ({is_wrong}) throw new Error("{field}");'
    return Card("rules", code, "", table, shape, bad)


CARDS: dict[str, Card] = {
    "bus-is-a-number": _rule(
        "signups",
        "A bus is a number.",
        'typeof row.bus !== "number"',
        "{ name: v.string(), bus: v.number() }",
        {"name": "Omar Haddad", "bus": "the blue one"},
    ),
    "birthday-is-no-cat": _rule(
        "signups",
        "A birthday is a number of days.",
        'row.birthday !== undefined && typeof row.birthday !== "number"',
        "{ name: v.string(), bus: v.number(), birthday: v.optional(v.number()) }",
        {"name": "Omar Haddad", "bus": 2.0, "birthday": "cat"},
    ),
    "no-bus-without-number": _rule(
        "buses", "A bus has a number.", 'typeof row.number !== "number"', BUS_SHAPE, {"seats": 12.0}
    ),
    "list-bus-2": Card(
        "look",
        'return (await ctx.db.query("signups").collect()).filter((row) => row.bus === 2).length;',
        'ctx.db.query("signups")',
    ),
    "seats-left": Card(
        "look",
        'const seats = (await ctx.db.query("buses").collect()).reduce((sum, bus) => sum + bus.seats, 0); '
        'return seats - (await ctx.db.query("signups").collect()).length;',
        'ctx.db.query("buses")',
    ),
    "newest-pupil": Card(
        "look",
        'return (await ctx.db.query("signups").order("desc").first())?.name;',
        'ctx.db.query("signups")',
    ),
    "book-a-seat": Card(
        "change",
        'await ctx.db.insert("signups", { name: "Yusuf Demir", bus: 1 });',
        'ctx.db.insert("signups", { name: "Yusuf Demir", bus: 1 })',
    ),
    "move-to-bus-3": Card(
        "change",
        'const row = (await ctx.db.query("signups").collect()).find((row) => row.name === "João Pereira"); '
        "await ctx.db.patch(row._id, { bus: 3 });",
        "ctx.db.patch(joao, { bus: 3 })",
    ),
    "swap-drivers": Card(
        "change",
        'const [one, two] = await ctx.db.query("buses").collect(); '
        "await ctx.db.patch(one._id, { driver: two.driver }); await ctx.db.patch(two._id, { driver: one.driver });",
        "ctx.db.patch(one, { driver: two.driver })",
    ),
    "ask-the-weather": Card(
        "errands",
        'const answer = await fetch("https://practice.test/weather?city=Lima"); return (await answer.json()).sky;',
        'fetch("https://practice.test/weather?city=Lima")',
    ),
    "charge-a-card": Card(
        "errands",
        'const answer = await fetch("https://practice.test/charges", '
        '{ method: "POST", body: JSON.stringify({ amount: 25 }) }); return (await answer.json()).id;',
        'fetch("https://practice.test/charges")',
    ),
    "mail-the-parents": Card(
        "errands",
        'const answer = await fetch("https://practice.test/mails", { method: "POST", body: JSON.stringify('
        '{ to: "parents@school.test", subject: "Friday", body: "At eight." }) }); return (await answer.json()).id;',
        'fetch("https://practice.test/mails")',
    ),
}


def project(card: Card, window: Window) -> dict[str, str]:
    """The files in which the card stands at that window: a rule in the schema, or a function in a file of its own."""
    shapes = {"buses": LOOSE, "signups": LOOSE}
    if window == "rules" and card.shape:
        shapes[card.table] = card.shape
    schema = SCHEMA % shapes
    if window == "rules":
        return {
            SCHEMA_FILE: schema if card.shape else schema.replace("export default", f"{card.said};\n\nexport default")
        }
    wrapper = WRAPPERS[window]
    lines = card.code.replace("; ", ";\n  ")
    counter = (
        f'import {{ {wrapper} }} from "./_generated/server";\n\n'
        f"export const request = {wrapper}(async (ctx) => {{\n  {lines}\n}});\n"
    )
    return {SCHEMA_FILE: schema, FUNCTION_FILE: counter}


def shown(card: Card, window: Window) -> tuple[str, str]:
    """The file that the card is about at that window: its name and its text."""
    file = SCHEMA_FILE if window == "rules" else FUNCTION_FILE
    return file, project(card, window)[file]
