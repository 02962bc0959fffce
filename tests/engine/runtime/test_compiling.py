"""From a learner's files to scripts: syntax errors with their place, exact maps, our own _generated files."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.engine.errors import DeployError
from sandbox.engine.runtime.compile import compile_project
from sandbox.engine.runtime.source_map import SourceMap


async def problems_of(tools, files):
    with pytest.raises(DeployError) as caught:
        await compile_project(files, tools)
    return [(problem.file, problem.line, problem.column) for problem in caught.value.problems]


async def test_a_syntax_error_has_its_place_and_text(tools):
    with pytest.raises(DeployError) as caught:
        await compile_project({"convex/a.ts": "const a = 1;\nexport const b = ;\n"}, tools)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column, problem.message) == ("convex/a.ts", 2, 18, 'Unexpected ";"')


async def test_columns_count_in_utf16_units(tools):
    assert await problems_of(tools, {"convex/a.ts": "/* é𝄞 */ const = 1;"}) == [("convex/a.ts", 1, 17)]


async def test_every_broken_file_is_named(tools):
    files = {"convex/b.ts": "(", "convex/a.ts": ")", "convex/c.ts": "export {};"}
    assert [file for file, _, _ in await problems_of(tools, files)] == ["convex/a.ts", "convex/b.ts"]


async def test_files_outside_the_functions_folder_and_declarations_are_not_compiled(tools):
    files = {"src/App.tsx": "(", "convex/types.d.ts": "(", "convex/readme.md": "(", "convex/_generated/api.ts": "("}
    project = await compile_project(files, tools)
    assert sorted(project.scripts) == ["_generated/api", "_generated/dataModel", "_generated/server"]


@pytest.mark.parametrize("path", ["convex/../x.ts", "convex/a b.ts", "convex//x.ts", "convex/a\n.ts", "convex/é.ts"])
async def test_paths_that_name_no_module_are_refused(tools, path):
    assert await problems_of(tools, {path: ""}) == [(path, 0, 0)]


async def test_entries_leave_out_schemas_and_names_with_two_dots(tools):
    names = ["b", "a", "dir/schema", "schema", "a.test", "auth.config"]
    project = await compile_project({f"convex/{name}.ts": "export {};" for name in names}, tools)
    assert project.entries == ["schema", "a", "b"]


async def test_an_empty_project_compiles(tools):
    assert (await compile_project({}, tools)).entries == []


async def test_a_source_map_comment_is_not_followed(tools):
    text = "//# sourceMappingURL=/etc/passwd\nexport const here = 1;\n"
    project = await compile_project({"convex/a.ts": text}, tools)
    line = project.scripts["a"].split("\n").index("const here = 1;") + 1
    assert project.maps["a"].locate(line, 7) == ("convex/a.ts", 2, 14)


IDENTIFIERS = st.lists(st.integers(0, 40), min_size=1, max_size=30)


@given(indents=IDENTIFIERS)
async def test_each_identifier_maps_back_to_where_it_was_written(tools, indents):
    source = "".join(
        f"{' ' * indent}const name{number}_: number = {number};\n" for number, indent in enumerate(indents)
    )
    project = await compile_project({"convex/a.ts": source + "export {};\n"}, tools)
    found = list(re.finditer(r"name\d+_", project.scripts["a"]))
    assert len(found) == len(indents)
    for number, (indent, match) in enumerate(zip(indents, found, strict=True)):
        before = project.scripts["a"][: match.start()]
        place = (before.count("\n") + 1, match.start() - (before.rfind("\n") + 1) + 1)
        assert project.maps["a"].locate(*place) == ("convex/a.ts", number + 1, indent + 7)


def test_places_outside_a_map_are_unknown():
    source_map = SourceMap("convex/a.ts", '{"mappings": ";AAAA"}')
    assert [source_map.locate(*place) for place in ((1, 1), (2, 1), (3, 1), (0, 0))] == [
        None,
        ("convex/a.ts", 1, 1),
        None,
        None,
    ]


@pytest.mark.parametrize("specifier", ["crypto", "node:fs", "fs/promises"])
async def test_modules_of_node_need_the_directive(tools, specifier):
    text = f'export const a = 1;\nimport * as module from "{specifier}";\nexport const b = module.c;\n'
    with pytest.raises(DeployError) as refused:
        await compile_project({"convex/a.ts": text}, tools)
    (problem,) = refused.value.problems
    assert (problem.file, problem.line, problem.column) == ("convex/a.ts", 2, 25)
    assert problem.message.startswith(
        f'Could not resolve "{specifier}"\nIt looks like you are using Node APIs from a file'
    )
    await compile_project({"convex/a.ts": f'"use node";\n{text}'}, tools)


async def test_modules_are_named_where_they_are_strings_and_no_imports(tools):
    await compile_project({"convex/a.ts": 'export const name = "crypto"; export const url = (a: any) => a.url;'}, tools)


async def test_realms_get_what_their_modules_reach_and_node_likewise(tools):
    files = {
        "convex/a.ts": 'export const a = async () => (await import("./b")).b;',
        "convex/b.ts": '"use node"; import { c } from "./c"; export const b = c;',
        "convex/c.ts": "export const c = 1;",
        "convex/d.ts": '"use node"; export const d = 1;',
    }
    project = await compile_project(files, tools)
    scripts = {module for module, _ in project.load_command(0.0, 0)["scripts"]}
    assert scripts - {"_generated/api", "_generated/server", "_generated/dataModel"} == {"a", "b", "c"}
    assert (project.entries, project.node_entries) == (["a", "c"], ["b", "d"])
    assert [module for module, _ in project.node_load_command(["b"])["scripts"]] == ["b", "c"]
