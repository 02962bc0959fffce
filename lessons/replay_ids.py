"""The names of short-lived deployments in which a check is replayed: `replay-<workspace>-<random>`.

The random part makes the id of one replay unguessable, since what a deployment shows below /d/ is public by design.
"""

from __future__ import annotations

import secrets

PREFIX = "replay-"


def new_replay_id(workspace_id: str) -> str:
    return f"{PREFIX}{workspace_id}-{secrets.token_hex(8)}"


def is_replay(deployment_id: str) -> bool:
    return deployment_id.startswith(PREFIX)


def workspace_of(deployment_id: str) -> str:
    """The workspace whose code a deployment runs: its own id, unless it is a replay."""
    return deployment_id.split("-")[1] if is_replay(deployment_id) else deployment_id
