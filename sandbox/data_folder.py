"""The data folder: everything a site must keep between two starts, and the secrets in it.

    var/site.db      people, workspaces, events (Django)
    var/stores/<id>/ one reactive store per deployment
    var/laboratory/  tables of the index laboratory, up to 10⁶ documents; may be deleted while the site is stopped
    var/secret/      keys, readable by the owner alone
    var/work/        scratch files of the tools; may be deleted while the site is stopped

It imports no Django: settings.py reads it, and manage.py answers its errors.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ENVIRONMENT_VARIABLE = "SANDBOX_DATA"


class DataFolderUnusable(Exception):
    """The data folder cannot hold the site's data. The message is one sentence that says what to change."""


def choose_from_command_line(arguments: Sequence[str]) -> None:
    """`--data FOLDER` on any management command wins over the environment.

    Settings are read before a command parses its own options, so this one is looked at first.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--data", default=None)
    try:
        chosen = parser.parse_known_args(arguments)[0].data
    except argparse.ArgumentError:
        return  # the command itself will say what is wrong
    if chosen:
        os.environ[ENVIRONMENT_VARIABLE] = str(Path(chosen).expanduser().absolute())


def path(default: Path) -> Path:
    return Path(os.environ.get(ENVIRONMENT_VARIABLE) or default).expanduser().absolute()


def prepare(folder: Path) -> None:
    """Make the data folder and prove that we may write into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-test-{os.getpid()}-{secrets.token_hex(4)}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataFolderUnusable(
            f"The data folder {folder} cannot be written ({reason}); choose another one with --data."
        ) from error


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Other processes that ask for the same wait until the block has ended, or its process."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def secret(folder: Path, name: str, make: bytes | None = None) -> bytes:
    """The bytes of `secret/<name>`, made on first use: `make`, or a random key of 50 letters.

    Two processes may start at the same time: the first file that gets the name wins, both read that one.
    """
    target = folder / "secret" / name
    try:
        return target.read_bytes()
    except FileNotFoundError:
        pass
    except OSError as error:
        prepare(folder)  # says more, when the whole folder is at fault
        raise DataFolderUnusable(f"The secret {target} cannot be read ({error.strerror}).") from error
    prepare(folder)
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        draft = target.with_name(f".{name}-{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(make if make is not None else secrets.token_urlsafe(38).encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, target)
        except FileExistsError:
            pass  # another process was first
        finally:
            draft.unlink()
        return target.read_bytes()
    except OSError as error:
        raise DataFolderUnusable(f"The secret {target} cannot be written ({error.strerror}).") from error
