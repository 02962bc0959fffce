"""A component on a fork without a page: what it shows, what it asks, and what moves it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lessons.components import MOUNT, Seen, inserted, mount_arguments, submitted, timers_ring, with_component
from sandbox.engine import Deployment, Quota, Toolchain

NOOR = {"ownerId": "bob", "name": "Noor Rahman", "bus": 3.0}
SCHEMA = """import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export default defineSchema({ signups: defineTable({ ownerId: v.string(), name: v.string(), bus: v.number() }) });
"""
FUNCTIONS = """import { v } from "convex/values";
import { mutation, query } from "./_generated/server";
export const list = query(async (ctx) => await ctx.db.query("signups").collect());
export const add = mutation({
  args: { name: v.string() },
  handler: async (ctx, { name }) => { await ctx.db.insert("signups", { ownerId: "alice", name, bus: 1 }); },
});
"""
SHOWN = "<ul>{rows.map((row) => <li key={row._id}>{row.name}</li>)}</ul>"


async def mount(app: str, tools: Toolchain, folder: Path, steps: list[dict[str, Any]], **files: str) -> Seen:
    project: Mapping[str, str] = {
        "convex/schema.ts": SCHEMA,
        "convex/signups.ts": FUNCTIONS,
        "src/App.tsx": app,
        **files,
    }
    deployment = await Deployment.open(folder, tools=tools, quota=Quota())
    try:
        deployed = await deployment.deploy(1, with_component(project))
        assert deployed.ok, deployed.problems
        outcome = await deployment.run_mutation(MOUNT, mount_arguments(steps))
        assert outcome.error is None, outcome.error
        return Seen.of(outcome.value)
    finally:
        await deployment.close()


async def test_a_subscription_shows_what_others_write(tools: Toolchain, tmp_path: Path) -> None:
    app = f"""import {{ useQuery }} from "convex/react";
    import {{ api }} from "../convex/_generated/api";
    export default function App() {{
      const rows = useQuery(api.signups.list);
      if (rows === undefined) return <p>Loading</p>;
      return <>{SHOWN}</>;
    }}"""
    seen = await mount(app, tools, tmp_path, [inserted("signups", NOOR)])
    assert seen.texts == ("", "Noor Rahman")
    assert (seen.asks, seen.subscriptions) == ((), ("signups:list",))


async def test_asking_once_shows_nothing_new_and_is_counted(tools: Toolchain, tmp_path: Path) -> None:
    app = f"""import {{ useConvex }} from "convex/react";
    import React, {{ useEffect, useState }} from "react";
    import {{ api }} from "../convex/_generated/api";
    export default function App() {{
      const convex = useConvex();
      const [rows, setRows] = useState<any[]>([]);
      useEffect(() => {{
        const ask = async () => setRows(await convex.query(api.signups.list, {{}}));
        void ask();
        const timer = window.setInterval(ask, 1000);
        return () => clearInterval(timer);
      }}, [convex]);
      return <React.Fragment>{SHOWN}</React.Fragment>;
    }}"""
    seen = await mount(app, tools, tmp_path, [inserted("signups", NOOR), timers_ring()])
    assert seen.texts == ("", "", "Noor Rahman")
    assert seen.asks == ("signups:list", "signups:list")


async def test_a_form_of_a_component_in_another_file_writes(tools: Toolchain, tmp_path: Path) -> None:
    app = f"""import {{ useQuery }} from "convex/react";
    import {{ api }} from "../convex/_generated/api";
    import {{ AddForm }} from "./parts/AddForm";
    export default function App() {{
      const rows = useQuery(api.signups.list) ?? [];
      return <main><AddForm />{SHOWN}</main>;
    }}"""
    form = """import { useMutation } from "convex/react";
    import { useRef, useState } from "react";
    import { api } from "../../convex/_generated/api";
    export const AddForm = () => {
      const add = useMutation(api.signups.add);
      const [name, setName] = useState("");
      const sent = useRef(0);
      const send = () => { sent.current += 1; void add({ name }); setName(""); };
      return <form onSubmit={(event) => { event.preventDefault(); send(); }}>
        <label>Name <input value={name} onChange={(event) => setName(event.target.value)} /></label>
      </form>;
    };"""
    seen = await mount(app, tools, tmp_path, [submitted("Mei Chen")], **{"src/parts/AddForm.tsx": form})
    assert seen.texts == ("Name", "Name Mei Chen")
    assert seen.calls == ("signups:add",)


async def test_a_part_that_is_loaded_later_is_shown_and_elements_can_be_held(tools: Toolchain, tmp_path: Path) -> None:
    app = """import { lazy, Suspense, useEffect, useRef } from "react";
    const List = lazy(() => import("./List"));
    export default function App() {
      const main = useRef<HTMLElement>(null);
      useEffect(() => main.current!.focus(), []);
      return <main ref={main} tabIndex={-1}><Suspense fallback={<p>Loading</p>}><List /></Suspense></main>;
    }"""
    part = f"""import {{ useQuery }} from "convex/react";
    import {{ api }} from "../convex/_generated/api";
    export default function List() {{
      const rows = useQuery(api.signups.list) ?? [];
      return {SHOWN};
    }}"""
    seen = await mount(app, tools, tmp_path, [inserted("signups", NOOR)], **{"src/List.tsx": part})
    assert seen.problem is None
    assert seen.texts[-1] == "Noor Rahman"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("return <p>{rows.length}</p>;", "Cannot read properties of undefined"),
        ("return <p>{{ rows }}</p>;", "Objects are not valid as a React child"),
        ("if (rows) useState(0); return useCounter();", "useCounter is not defined"),
    ],
)
async def test_a_component_that_fails_says_why(tools: Toolchain, tmp_path: Path, body: str, problem: str) -> None:
    app = f"""import {{ useQuery }} from "convex/react";
    import {{ useState }} from "react";
    import {{ api }} from "../convex/_generated/api";
    declare function useCounter(): null;
    export default function App() {{
      const rows = useQuery(api.signups.list) as any;
      {body}
    }}"""
    seen = await mount(app, tools, tmp_path, [])
    assert seen.texts == ()
    assert problem in (seen.problem or "")


async def test_state_that_changes_at_every_drawing_is_stopped(tools: Toolchain, tmp_path: Path) -> None:
    app = """import { useEffect, useState } from "react";
    export default function App() {
      const [count, setCount] = useState(0);
      useEffect(() => setCount(count + 1));
      return <p>{count}</p>;
    }"""
    seen = await mount(app, tools, tmp_path, [])
    assert "Too many re-renders" in (seen.problem or "")
