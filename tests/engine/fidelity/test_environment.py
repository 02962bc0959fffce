"""Environment variables reach functions and module scope, and a change of them reaches every live query."""

from __future__ import annotations

import pytest
import pytest_asyncio

from sandbox.engine import Deployment, close_pools
from sandbox.engine.errors import LearnerError
from tests.engine.fidelity.conftest import Project

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = """
import { env } from "./_generated/server";
const atImport = process.env.GREETING;
export const greeting = query(() => [process.env.GREETING ?? null, atImport ?? null, env.GREETING ?? null]);
export const addresses = query(() => [process.env.CONVEX_CLOUD_URL, process.env.CONVEX_SITE_URL, process.env.NODE_ENV]);
export const names = query(() => [Object.keys(process.env), "GREETING" in process.env, JSON.stringify(process.env)]);
export const changed = query(() => {
  process.env.GREETING = "mine";
  process.env.OTHER = "mine";
  return [process.env.GREETING, process.env.OTHER ?? null];
});
export const printed = query(() => { console.log(process.env); });
export const inner = internalQuery(() => process.env.GREETING);
export const nested = query(async (ctx) => await ctx.runQuery("m:inner" as any, {}));
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def project(tmp_path_factory, tools):
    origins = {"origin": "http://127.0.0.1:3210", "site_origin": "http://127.0.0.1:3211"}
    folder = tmp_path_factory.mktemp("environment")
    deployment = await Deployment.open(folder, tools=tools, environment={"GREETING": "hello"}, **origins)
    project = Project(deployment)
    await project.deploy(CODE)
    yield project
    await deployment.close()
    await close_pools()


async def test_functions_and_module_scope_see_the_variables(project):
    assert await project.query("greeting") == ["hello", "hello", "hello"]
    assert await project.query("nested") == "hello"


async def test_the_deployment_names_its_own_addresses(project):
    addresses = ["http://127.0.0.1:3210", "http://127.0.0.1:3211", "production"]
    assert await project.query("addresses") == addresses


async def test_variables_are_asked_for_by_name_and_never_listed(project):
    assert await project.query("names") == [[], False, "{}"]
    assert (await project.deployment.run_query("m:printed", {})).log_lines == ("[LOG] [process.env]",)


async def test_no_function_changes_a_variable(project):
    assert await project.query("changed") == ["hello", None]


async def test_a_change_runs_every_live_query_again(project):
    watch = await project.deployment.subscribe("m:greeting", {})
    assert (await anext(watch)).value[0] == "hello"
    await project.deployment.set_environment({"GREETING": "good morning"})
    assert (await anext(watch)).value == ["good morning"] * 3
    await project.deployment.set_environment({"GREETING": "hello"})
    await watch.close()


async def test_a_new_deploy_keeps_the_variables(project):
    await project.deploy(CODE)
    assert (await project.query("greeting"))[0] == "hello"


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"1A": ""}, "EnvironmentVariableNameInvalid"),
        ({"A-B": ""}, "EnvironmentVariableNameInvalid"),
        ({"A" * 41: ""}, "EnvironmentVariableNameTooLong"),
        ({"": ""}, "EnvironmentVariableNameInvalid"),
        ({"CONVEX_SITE_URL": "x"}, "EnvVarNameForbidden"),
        ({"A": "x" * 8193}, "EnvironmentVariableValueTooLarge"),
        ({f"A{n}": "" for n in range(101)}, "EnvVarLimitMet"),
    ],
)
async def test_variables_that_cannot_be_are_refused(project, variables, code):
    with pytest.raises(LearnerError) as refused:
        await project.deployment.set_environment(variables)
    assert refused.value.code == code
    assert (await project.query("greeting"))[0] == "hello"
