"""The direction of imports, read from the source (design: sandbox/docs/architecture.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGINE = ROOT / "sandbox" / "engine"
LEFT_TO_RIGHT = [
    "values",
    "schema",
    "store",
    "seeding",
    "listeners",
    "tables",
    "laboratory",
    "runtime",
    "jobs",
    "fast_forward",
    "live_code",
    "system_functions",
    "sync",
    "calls",
    "following",
    "deployment",
    "schema_rehearsal",
]
SHARED = {"errors", "limits", "clock", "trace", "scratch"}


def imported_modules(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def modules(*folders: Path) -> list[Path]:
    found = [path for folder in folders for path in folder.rglob("*.py")]
    assert found
    return sorted(found)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def starts(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("path", modules(ENGINE), ids=named)
def test_the_engine_knows_nothing_of_the_site(path: Path) -> None:
    forbidden = ["django", "channels", "daphne", "twisted", "lessons", "sandbox.gateway", "sandbox.settings"]
    assert not [name for name in imported_modules(path) for package in forbidden if starts(name, package)]


@pytest.mark.parametrize("path", modules(ENGINE), ids=named)
def test_engine_packages_import_only_to_their_left(path: Path) -> None:
    part = path.relative_to(ENGINE).parts[0].removesuffix(".py")
    if part in SHARED:
        allowed = SHARED
    elif part in LEFT_TO_RIGHT:
        allowed = SHARED | set(LEFT_TO_RIGHT[: LEFT_TO_RIGHT.index(part) + 1])
    else:
        assert part == "__init__"
        return
    used = {name.split(".")[2] for name in imported_modules(path) if name.startswith("sandbox.engine.")}
    assert used <= allowed


@pytest.mark.parametrize("path", modules(ROOT / "sandbox" / "gateway"), ids=named)
def test_the_gateway_does_not_know_the_lessons(path: Path) -> None:
    assert not [name for name in imported_modules(path) if starts(name, "lessons")]


@pytest.mark.parametrize("path", modules(ROOT / "lessons", ROOT / "sandbox" / "gateway"), ids=named)
def test_outside_the_engine_only_its_public_face_is_used(path: Path) -> None:
    import sandbox.engine

    inner = {name for name in imported_modules(path) if name.startswith("sandbox.engine.")}
    assert inner <= {f"sandbox.engine.{name}" for name in sandbox.engine.__all__}
