"""Packages from npm that are made for Node, in "use node" files of a bundled project."""

from __future__ import annotations

import json

import pytest
import pytest_asyncio

from sandbox.engine import bundle_project
from sandbox.engine.errors import DeployError
from tests.engine.runtime.actions.conftest import NodeActor, action

pytestmark = pytest.mark.asyncio

# As packages for Node begin: CommonJS, with modules in passing that this call does not use.
MAIL = """const net = require("net"), tls = require("tls"), fs = require("fs"), os = require("os");
const { EventEmitter } = require("events"), { inherits } = require("util"), http = require("http");
class Pool extends http.Agent {}
function Mailer() { EventEmitter.call(this); this.host = os.hostname(); this.pool = new Pool(); }
inherits(Mailer, EventEmitter);
Mailer.prototype.sign = (text) => require("crypto").createHash("md5").update(text).digest("hex");
Mailer.prototype.send = () => new Promise((on) => net.connect(25, "mail").on("error", (error) => on(error.code)));
module.exports = { Mailer, isConfigured: fs.existsSync("/etc/mail") };
"""


class Folder(NodeActor):
    def __init__(self, tools, root):
        super().__init__(tools)
        self.root = root

    async def bring(self, packages, code):
        files = {"convex/code.ts": code}
        for name, text in packages.items():
            files[f"node_modules/{name}/package.json"] = json.dumps({"name": name, "version": "1.0.0"})
            files[f"node_modules/{name}/index.js"] = text
        for path, text in files.items():
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        await self.deploy_files((await bundle_project(self.tools, self.root, self.root / "convex")).files)


@pytest_asyncio.fixture
async def folder(tools, tmp_path):
    project = Folder(tools, tmp_path)
    yield project
    await project.host.close()


async def test_a_package_loads_and_fails_only_where_it_uses_what_is_not_there(folder):
    body = """const mailer = new mail.Mailer();
    return [mailer.sign("a"), mailer.host, mail.isConfigured, await mailer.send()];"""
    await folder.bring({"mail": MAIL}, f'"use node"; import mail from "mail"; {action(body)}')
    assert json.loads((await folder.call()).value_json) == [
        "0cc175b9c0f1b6a831c399e269772661",
        "localhost",
        False,
        "ERR_NOT_AVAILABLE",
    ]


async def test_frames_in_packages_name_the_packages_file(folder):
    thrower = "exports.fail = function fail() {\n  throw new Error('inside');\n};\n"
    await folder.bring({"thrower": thrower}, f'"use node"; import {{ fail }} from "thrower"; {action("fail();")}')
    first, second, third, *_ = (await folder.call()).error.message.split("\n")
    assert first == "Uncaught Error: inside"
    assert second.endswith("(../node_modules/thrower/index.js:2:9)")
    assert third == "    at handler (../convex/code.ts:6:1)"


async def test_a_package_in_machine_code_is_refused_by_its_name(folder):
    native = """let found; const name = `./build/${process.platform}-${process.arch}.node`;
    try { found = require(name); } catch { throw new Error("Could not load the module"); }"""
    code = f'"use node"; import * as native from "native"; {action("return native;")}'
    with pytest.raises(
        DeployError, match=r"linux-\w+\.node'. Packages with parts in machine code cannot run .* Could not"
    ):
        await folder.bring({"native": native}, code)


async def test_the_runtime_answers_what_packages_ask_of_node(folder):
    asking = """const globals = [typeof Deno, typeof window, typeof process.versions.node, typeof setImmediate];
    Error.captureStackTrace({}); const before = Error.prepareStackTrace;
    Error.prepareStackTrace = (_, sites) => sites; const sites = new Error().stack; Error.prepareStackTrace = before;
    module.exports = [...globals, Array.isArray(sites), require.resolve("fs"), __filename.endsWith(".js")];"""
    await folder.bring({"asking": asking}, f'"use node"; import asked from "asking"; {action("return asked;")}')
    assert json.loads((await folder.call()).value_json) == [
        "undefined",
        "undefined",
        "string",
        "function",
        True,
        "fs",
        True,
    ]
