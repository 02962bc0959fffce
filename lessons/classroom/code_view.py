"""Code to read, not to edit: lines of safe HTML with keywords, strings, types, numbers and comments marked.

Only a picture of TypeScript: it knows no grammar, and what it does not know stays plain text.
"""

from __future__ import annotations

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

COLOURED = (".ts", ".tsx", ".js", ".jsx", ".json")
CHARACTERS_COLOURED_MAX = 200_000
_KEYWORDS = (
    "as|async|await|break|case|catch|class|const|continue|default|delete|do|else|export|extends|false|finally|for|from|"
    "function|if|import|in|instanceof|interface|let|new|null|of|return|static|switch|this|throw|true|try|type|typeof|"
    "undefined|var|void|while|yield"
)
_TOKEN = re.compile(
    r"(?P<c>//[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<s>\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?|`(?:\\.|[^`\\])*`?)"
    r"|(?P<k>\b(?:" + _KEYWORDS + r")\b)"
    r"|(?P<n>\b\d[\w.]*)"
    r"|(?P<t>\b[A-Z]\w*)"
    r"|(?P<w>\w+)",
    re.DOTALL,
)


def lines_of(path: str, text: str) -> tuple[SafeString, ...]:
    """One piece of HTML for each line; every tag is closed in the line that opened it."""
    pieces: list[str] = []
    at = 0
    for token in _TOKEN.finditer(text) if path.endswith(COLOURED) and len(text) <= CHARACTERS_COLOURED_MAX else ():
        pieces.append(escape(text[at : token.start()]))
        pieces.append(_marked(token.lastgroup or "w", token.group()))
        at = token.end()
    pieces.append(escape(text[at:]))
    # Safe: everything is escaped, and the only markup added is ours.
    return tuple(mark_safe(line) for line in "".join(pieces).split("\n"))  # noqa: S308


def _marked(kind: str, text: str) -> str:
    if kind == "w":
        return escape(text)
    return "\n".join(f'<span class="{kind}">{escape(line)}</span>' for line in text.split("\n"))
