"""`manage.py check` and every start: the course as it lies in content/, and the packs beside it.

A fault of the course is an error, which keeps the site from starting. A pack's is a warning: it is left out.
"""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, register

from lessons import catalogue


@register("lessons")
def lessons_can_be_taught(app_configs: Any, **options: Any) -> list[CheckMessage]:
    faults: list[CheckMessage] = [checks.Error(str(error), id="lessons.E001") for error in catalogue.problems()]
    if not faults:
        faults += [checks.Warning(f"{each.pack}: {each.reason}", id="lessons.W001") for each in catalogue.broken()]
    return faults
