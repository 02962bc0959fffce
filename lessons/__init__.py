"""The course: lessons, workspaces, checks and progress.

Uses the engine's public face and the gateway, never the reverse.
"""
