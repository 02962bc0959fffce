"""Which languages the site offers: those whose compiled messages lie in sandbox/locale/. Needs no settings."""

from __future__ import annotations

from pathlib import Path

from django.conf.locale import LANG_INFO


def offered(folder: Path) -> list[tuple[str, str]]:
    """Codes and names, besides English. A folder `pt_BR` is the language `pt-br`."""
    compiled = sorted(path.parent.parent.name for path in folder.glob("*/LC_MESSAGES/django.mo"))
    codes = [name.replace("_", "-").lower() for name in compiled]
    return [(code, LANG_INFO.get(code, {}).get("name_local", code)) for code in codes if code != "en"]
