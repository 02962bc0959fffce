"""Where the built and downloaded tools lie. The gateway fills it from the front end's build manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Toolchain:
    """`deno` runs learner code; `esbuild` is the native binary that transforms it; `convex_library` is the `convex`
    package as one script that sets `globalThis.__convexLib = {server, values}`; `web_streams` is a script that declares
    `streams`, the classes of web streams; `work` is a folder for scratch. `type_checker` is TypeScript's native binary,
    `types` a folder with the learners' compiler options (learner-tsconfig.json) and, in node_modules, the packages
    whose types they see; both only for check_types.
    """

    deno: Path
    esbuild: Path
    convex_library: Path
    web_streams: Path
    work: Path
    allow_unhardened: bool = False
    type_checker: Path | None = None
    types: Path | None = None
