from __future__ import annotations

import json
import os
import time

import pytest

from sandbox.gateway import front_end


@pytest.fixture
def built(tmp_path, settings):
    """A small front end that is built and fresh."""
    settings.BASE_DIR = tmp_path
    for folder in ("static/src/workspace", "static/src/node_modules/x", "static/dist"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "static/src/a.ts").write_text("a")
    (tmp_path / "static/src/workspace/b.ts").write_text("b")
    (tmp_path / "static/src/node_modules/x/tool").write_text("")
    (tmp_path / "static/dist/a-1.js").write_text("a")
    write_manifest(tmp_path, sources=front_end.hash_sources())
    return tmp_path


def write_manifest(root, **changes):
    content = {"sources": "", "entries": {"a.js": "a-1.js"}, "imports": {}, "tools": {"x": "node_modules/x/tool"}}
    (root / "static/dist/manifest.json").write_text(json.dumps(content | changes))


def test_what_was_built_from_these_sources_is_fresh(built):
    assert not front_end.is_stale()


@pytest.mark.parametrize("file", ["a.ts", "workspace/b.ts", "new.ts"])
def test_a_changed_or_new_source_makes_it_stale(built, file):
    (built / "static/src" / file).write_text("other")
    assert front_end.is_stale()


def test_a_renamed_source_makes_it_stale(built):
    (built / "static/src/a.ts").rename(built / "static/src/c.ts")
    assert front_end.is_stale()


def test_a_package_that_changed_by_itself_does_not(built):
    (built / "static/src/node_modules/x/other").write_text("")
    os.utime(built / "static/src/a.ts", (0, time.time()))
    assert not front_end.is_stale()


@pytest.mark.parametrize("file", ["dist/a-1.js", "src/node_modules/x/tool", "dist/manifest.json"])
def test_a_missing_output_or_tool_makes_it_stale(built, file):
    (built / "static" / file).unlink()
    assert front_end.is_stale()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sources":1}'])
def test_a_broken_manifest_makes_it_stale(built, text):
    (built / "static/dist/manifest.json").write_text(text)
    assert front_end.is_stale()


def test_a_page_without_a_build_says_what_to_run(built):
    (built / "static/dist/manifest.json").unlink()
    with pytest.raises(front_end.FrontEndUnavailable, match=r"manage\.py start"):
        front_end.dist_path("a.js")


def test_the_tag_writes_the_hashed_address(built):
    from django.template import engines

    assert engines["django"].from_string('{% dist "a.js" %}').render() == "/static/dist/a-1.js"


def test_python_and_the_build_hash_the_sources_alike(tools):
    assert front_end.manifest().sources == front_end.hash_sources()


def test_the_tools_of_a_deployment_exist(tools):
    assert tools.deno.exists()
    assert tools.esbuild.exists()
    assert "__convexLib" in tools.convex_library.read_text()
    assert tools.work.is_dir()
