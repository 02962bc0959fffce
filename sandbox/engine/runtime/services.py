"""What a deployment offers its functions besides the database. Filled by the deployment, read by operations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Services:
    """`origin` and `site_origin` are addresses without a slash at the end, or "" where there are none.

    `environment` is what `process.env` shows; `modules` are the paths of the code's modules, `http_routes` the routes
    of its http.ts as (path, method); `secret` seals what clients keep for us.
    """

    name: str = "sandbox"
    origin: str = ""
    site_origin: str = ""
    secret: bytes = b""
    environment: Mapping[str, str] = field(default_factory=dict)
    modules: Collection[str] = ()
    http_routes: Collection[tuple[str, str]] = ()
