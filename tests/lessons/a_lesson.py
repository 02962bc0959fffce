"""A lesson folder small enough to break in one place."""

from __future__ import annotations

from pathlib import Path

LESSON_MD = """\
## First

Look at [the functions](convex/things.ts).

::: predict first-guess
What comes next?
- [ ] Nothing
  Something always does.
- [x] Something
  So it is.
:::

::: quiz both
Which are vowels?
- [x] a
  One of five.
- [x] e
  Another one.
- [ ] x
  A consonant.
:::

## Second

::: words mine 3
Say it in your words.
:::

::: task 1
Write `list`.
:::
"""

HINTS_TOML = """\
[1]
restate = "A list comes back."
point = "Look at the last line."
concept = "A shelf has an order."
next = "Write `return`."

[1.parsons]
prompt = "Put the lines in order."
lines = ["export const list = query({", "  handler: async () => [],", "});"]
distractors = ["export const list = mutation({"]
"""

FILES = {
    "lesson.toml": "[[tasks]]\nnumber = 1\n",
    "en/lesson.toml": 'title = "A lesson"\nsummary = "Small."\n\n[tasks]\n1 = "Write it"\n',
    "en/lesson.md": LESSON_MD,
    "en/hints.toml": HINTS_TOML,
    "en/messages.toml": "",
    "checks.py": "async def check_1(fork):\n    return fork\n",
    "seed.jsonl": '{"table": "things", "row": {"name": "Aroha"}}\n',
    "starter/convex/things.ts": "export {};\n",
}


def make_lesson(folder: Path, **changed: str | None) -> Path:
    """The folder with other texts for some files; None leaves one out."""
    for name, text in {**FILES, **changed}.items():
        if text is not None:
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return folder
