"""Actions of "use node" files: errors, logs, limits and deploys as Convex's Node executor has them."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.engine import limits
from sandbox.engine.errors import DeployError
from sandbox.engine.runtime.actions.node_host import NodeHost
from sandbox.engine.runtime.compile import compile_project
from tests.engine.runtime.actions.conftest import FakeOperations, NodeActor, action

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASK = "const ask = (globalThis as any).Convex.asyncSyscall;"


async def test_an_error_names_its_place(node):
    error = await node.error("throw new TypeError('no');")
    assert error.message == "Uncaught TypeError: no\n    at handler (../convex/code.ts:6:7)\n"


async def test_a_convex_error_keeps_its_data(node):
    error = await node.error("throw new ConvexError({ why: 'so' });")
    assert error.data == {"why": "so"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("throw 'text';", "Uncaught text\n"),
        ("setTimeout(() => { throw new Error('later'); }, 1); await new Promise(() => {});", "Uncaught Error: later"),
        ("Promise.reject(new Error('lost')); await new Promise(() => {});", "Uncaught Error: lost"),
        ("process.nextTick(() => { throw new Error('tick'); }); await new Promise(() => {});", "Uncaught Error: tick"),
        ("process.exit(3);", "The action ended its own process: process.exit(3)"),
    ],
)
async def test_what_ends_an_action_is_told(node, body, message):
    assert (await node.error(body)).message.startswith(message)


async def test_who_listens_for_lost_errors_hears_of_them(node):
    body = """const heard: any = new Promise((on) => process.on("unhandledRejection", (e: any) => on(e.message)));
    Promise.reject(new Error("lost"));
    return await heard;"""
    assert await node.run(body) == "lost"


async def test_log_lines_are_those_of_nodes_inspect(node):
    result = await node.result("console.log('a', 1, { b: ['c'] }); console.warn(new Map([[1, 2]])); console.dir(1);")
    assert result.log_lines == ("[LOG] 'a' 1 { b: [ 'c' ] }", "[WARN] Map(1) { 1 => 2 }")


async def test_log_lines_are_bounded(node):
    result = await node.result("for (let i = 0; i < 300; i++) console.log(i); console.log('x'); return 1;")
    assert result.value_json == "1"
    assert len(result.log_lines) == limits.LOG_LINES_MAX
    assert "Log overflow (maximum 256)" in result.log_lines[-1]


async def test_a_long_line_is_cut(node):
    (line,) = (await node.result("console.log('é'.repeat(20000));")).log_lines
    assert line.endswith(" (truncated due to length)")
    assert len(line.encode()) <= limits.LOG_LINE_BYTES_MAX


async def test_operations_are_answered_and_refused(node):
    body = f"""{ASK} const got = [await ask("1.0/echo", '{{"a":1}}')];
    for (const op of ["1.0/refuse", "1.0/refuseWithData", "1.0/bug"]) {{
      try {{ await ask(op, "{{}}"); }} catch (error: any) {{ got.push([error.message, error.data ?? null]); }}
    }}
    return got;"""
    echoed, *refused = await node.run(body)
    assert echoed == '{"a":1}'
    assert refused[:2] == [["refused", None], ["refused", {"n": 1}]]
    assert "InternalServerError" in refused[2][0]


async def test_operations_nobody_waited_for_are_warned_of_in_the_executors_words(node):
    result = await node.result(f"{ASK} ask('1.0/wait', '{{}}'); ask('1.0/wait', '{{}}'); return 1;")
    node.operations.released.set()
    assert result.value_json == "1"
    assert result.unawaited == ("wait", "wait")
    (line,) = result.log_lines
    assert line.startswith(
        "[WARN] 'You have an outstanding wait call. Operations should be awaited or they might not run."
    )


async def test_the_database_is_not_there(node):
    error = await node.error("(globalThis as any).Convex.syscall('1.0/queryStream', '{}');")
    assert "being used outside of a Convex query or mutation. Didyou mean" in error.message


async def test_a_time_out_names_the_action(node):
    error = await node.error("await new Promise(() => {});", seconds=0.3)
    assert error.message == "Action `f` execution timed out (maximum duration 0s)"
    assert error.code == "FunctionTimedOut"


async def test_large_arguments_are_refused(node):
    error = (await node.result("return 1;", {"text": "x" * (5 * limits.MIB)})).error
    assert error.message.startswith("Node actions arguments size is too large. The maximum size is 5 MiB.")


async def test_a_large_result_is_refused(node):
    assert "return value is too large" in (await node.error("return 'x'.repeat(17 * 1024 * 1024);")).message


async def test_environment_variables_are_the_deployments(node):
    code = action("return [process.env.MINE, atImport, Object.keys(process.env).sort()];")
    await node.deploy({"MINE": "x"}, code=f'"use node"; const atImport = process.env.MINE; {code}')
    assert (await node.call()).value_json == '["x","x",["LANG","MINE","NODE_PATH","PATH","PWD","TZ"]]'


# ── modules of the project ──────────────────────────────────────────────────


async def test_files_of_both_worlds_can_be_imported(node):
    await node.deploy(
        code='"use node"; import { plain } from "./plain"; import * as other from "./sub/other"; '
        + action("const { late } = await import('./late'); return [plain, other.shared, late];"),
        plain="export const plain = typeof process.version;",
        late="export const late = 3;",
        **{"sub/other": "'use node'; export { shared } from '../shared';"},
        shared="export const shared = 2;",
    )
    assert (await node.call()).value_json == '["string",2,3]'


async def test_a_module_knows_where_it_lies(node):
    body = "return [__dirname, __filename, require('url').fileURLToPath(import.meta.url)];"
    assert await node.run(body) == ["/var/task/convex", *["/var/task/convex/code.js"] * 2]


async def test_a_module_may_declare_what_commonjs_gives_it(node):
    code = 'const __dirname = "mine"; const require = (name: string) => name; const module = 1; '
    await node.deploy(code=f'"use node"; {code} {action("return [__dirname, require(`x`), module];")}')
    assert (await node.call()).value_json == '["mine","x",1]'


async def test_what_is_not_there_cannot_be_required(node):
    error = await node.error(
        "try { require('lodash'); } catch (error: any) { throw new Error(error.code + error.message); }"
    )
    assert "MODULE_NOT_FOUNDCannot find module 'lodash'." in error.message
    assert "machine code" in (await node.error("require('./build/Release/addon.node');")).message


# ── deploys ─────────────────────────────────────────────────────────────────


async def test_functions_and_validators_are_found(node):
    functions = await node.deploy(
        code='"use node"; import { action, internalAction } from "./_generated/server"; '
        'import { v } from "convex/values";\n'
        "export const open = action({ args: { a: v.string() }, returns: v.null(), handler: async () => null });\n"
        "export const hidden = internalAction(async () => 1);\nexport default action(async () => 2);\n"
        "export const helper = () => 1;"
    )
    assert {path: (info.kind, info.visibility) for path, info in functions.items()} == {
        "code:open": ("action", "public"),
        "code:hidden": ("action", "internal"),
        "code:default": ("action", "public"),
    }
    assert functions["code:open"].returns == {"type": "null"}
    assert (functions["code:hidden"].file, functions["code:hidden"].line) == ("convex/code.ts", 3)


@pytest.mark.parametrize(
    ("function", "kind"), [("query", "Query"), ("internalMutation", "Mutation"), ("httpAction", "HttpAction")]
)
async def test_only_actions_may_be_defined(node, function, kind):
    imports = f'"use node"; import {{ {function} }} from "./_generated/server";'
    source = f"{imports}\nexport const wrong = {function}(async () => 1);"
    with pytest.raises(DeployError) as refused:
        await node.deploy(code=source)
    (problem,) = refused.value.problems
    assert problem.message == (
        f"`wrong` defined in `code.js` is a {kind} function. Only actions can be defined in Node.js. "
        "See https://docs.convex.dev/functions/actions for more details."
    )
    assert (problem.file, problem.line) == ("convex/code.ts", 2)


async def test_a_module_that_throws_is_refused_with_its_place(node):
    with pytest.raises(DeployError) as refused:
        await node.deploy(code='"use node"; export {};\nthrow new Error("at import");')
    assert refused.value.message == (
        "Uncaught Failed to analyze code.js: at import\n    at <anonymous> (../convex/code.ts:2:7)\n"
    )


async def test_operations_at_import_are_refused(node):
    with pytest.raises(DeployError, match="Cannot invoke syscall during module imports"):
        await node.deploy(code=f'"use node"; export {{}}; {ASK} ask("1.0/echo", "1");')


@pytest.mark.parametrize("name", ["http", "crons", "schema"])
async def test_some_files_never_run_in_node(node, name):
    with pytest.raises(DeployError, match=f'"use node" directive is not allowed for {name}.ts.'):
        await node.deploy(**{name: '"use node"; export default 1;'})


async def test_a_project_without_such_files_starts_no_process(tools):
    host = NodeHost(tools)
    assert await host.analyze(await compile_project({"convex/a.ts": "export {};"}, tools)) == {}
    assert host._spare is None


# ── processes ───────────────────────────────────────────────────────────────

KEEP = """const world = globalThis as any;
const met = [world.kept, (Array.prototype as any).kept, require("crypto").kept].map((each) => each ?? null);
world.kept = (Array.prototype as any).kept = require("crypto").kept = 1;
return met;"""


async def test_no_call_meets_what_another_left(node):
    await node.deploy(code=f'"use node"; {action(KEEP)}')
    for _ in range(3):
        assert (await node.call()).value_json == "[null,null,null]"


async def test_actions_run_beside_each_other_up_to_a_limit(node):
    await node.deploy(code=f'"use node"; {action(f"{ASK} return await ask(`1.0/wait`, `1`);")}')
    node.operations = FakeOperations()
    calls = [asyncio.ensure_future(node.call()) for _ in range(limits.NODE_ACTIONS_AT_ONCE_MAX + 1)]
    await node.operations.until(limits.NODE_ACTIONS_AT_ONCE_MAX)
    nested = asyncio.ensure_future(node.call(depth=1))  # as one of them would call it: it gets a place of its own
    await node.operations.until(limits.NODE_ACTIONS_AT_ONCE_MAX + 1)
    assert len(node.host._running) == limits.NODE_ACTIONS_AT_ONCE_MAX + 1
    node.operations.released.set()
    assert {(await call).value_json for call in (*calls, nested)} == {'"1"'}


async def test_a_process_that_died_while_it_waited_is_replaced(node):
    await node.deploy(code=f'"use node"; {action("return 1;")}')
    spare = node.host._spare.process
    spare._channel.kill()
    assert (await node.call()).value_json == "1"


async def test_a_process_killed_in_a_run_ends_that_call_at_once(node):
    await node.deploy(code=f'"use node"; {action(f"{ASK} return args.wait ? await ask(`1.0/wait`, `1`) : 1;")}')
    node.operations = FakeOperations()
    call = asyncio.ensure_future(node.call(args={"wait": True}))
    await node.operations.until(1)
    (process,) = node.host._running
    process._channel.kill()
    assert (await call).error.code in ("OutOfMemory", "ProcessEnded")
    assert (await node.call()).value_json == "1"


async def test_closing_ends_what_runs(tools):
    actor = NodeActor(tools)
    await actor.deploy(code=f'"use node"; {action(f"{ASK} return await ask(`1.0/wait`, `1`);")}')
    call = asyncio.ensure_future(actor.call())
    await actor.operations.until(1)
    await actor.host.close()
    assert (await call).error.code == "Closed"
