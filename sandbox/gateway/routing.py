"""Which consumer serves which WebSocket path."""

from __future__ import annotations

from typing import Any

socket_routes: list[Any] = []
