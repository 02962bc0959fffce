#!/usr/bin/env python
"""The one command of the site: `manage.py start`, and Django's own."""

from __future__ import annotations

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("The packages of this project are missing; run `uv sync`, then `uv run manage.py start`.")
    from sandbox import data_folder

    data_folder.choose_from_command_line(sys.argv[1:])
    try:
        execute_from_command_line(sys.argv)
    except data_folder.DataFolderUnusable as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
