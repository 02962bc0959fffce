from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest

from sandbox import data_folder


def test_a_secret_is_made_once_and_kept(tmp_path):
    first = data_folder.secret(tmp_path, "django.key")
    assert data_folder.secret(tmp_path, "django.key") == first
    assert len(first) >= 50


def test_a_secret_is_readable_by_its_owner_alone(tmp_path):
    data_folder.secret(tmp_path, "django.key")
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "secret" / "django.key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path / "secret") == ["django.key"]


def test_two_that_start_together_have_one_secret(tmp_path):
    script = (
        "import pathlib, sys; from sandbox import data_folder as d; print(d.secret(pathlib.Path(sys.argv[1]), 'k'))"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(6)]
    assert len({process.communicate()[0] for process in processes}) == 1


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        (["start", "--data", "/a"], "/a"),
        (["start", "--data=/a", "--port", "1"], "/a"),
        (["migrate"], None),
        (["start", "--data"], None),
        (["start", "--dat", "/a"], None),
    ],
)
def test_the_command_line_chooses_the_folder(monkeypatch, arguments, chosen):
    monkeypatch.setenv("SANDBOX_DATA", "")
    data_folder.choose_from_command_line(arguments)
    assert os.environ["SANDBOX_DATA"] == (chosen or "")


def test_a_relative_folder_is_meant_from_where_the_command_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("SANDBOX_DATA", "")
    monkeypatch.chdir(tmp_path)
    data_folder.choose_from_command_line(["start", "--data", "here"])
    assert data_folder.path(default=tmp_path) == tmp_path / "here"


def test_a_folder_that_is_a_file_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(data_folder.DataFolderUnusable, match=r"cannot be written .*--data"):
        data_folder.prepare(tmp_path / "file")
