"""The workspace in a real Chromium: how soon it is usable, how soon a change shows, what the first visit weighs."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Frame, Page, async_playwright

from tests.benchmarks.figures import Figure, at_most, median

ROOT = Path(__file__).parents[2]
ROUNDS = 9
FILES = 8
START_MS = 120_000
ARGUMENTS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
PROBE = Path(__file__).with_name("browser_probe.js")
LIVE = "() => probe.areLive()"


class NoBrowser(RuntimeError):
    """There is no Chromium on this machine."""


async def measure(data: Path) -> list[Figure]:
    """Milliseconds and megabytes, in one page of one Chromium. Raises NoBrowser."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise NoBrowser("No Chromium found. Install: apt-get install chromium")
    async with _site(data) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await page.add_init_script(path=PROBE)
        await _sign_up(page, address)
        weight_mb = await _weight_mb(page)
        usable_ms = [await _again(page) for _ in range(ROUNDS)]
        await page.locator("code-editor .editor-foot", has_text="problem").wait_for(timeout=START_MS)
        red_ms = [ms for _ in range(ROUNDS) for ms in await _rename(page)]
        live_ms = [await _pause_until_live(page, number) for number in range(ROUNDS)]
        click_ms = [await _click(page, number) for number in range(ROUNDS)]
        await _fill_up(page, FILES)
        red_among_many_ms = [ms for _ in range(ROUNDS) for ms in await _rename(page)]
        await browser.close()
    return [
        at_most("first visit of the workspace, sent by the server", weight_mb, "MB", 1.5),
        Figure("workspace opened again, both panes live, p50", median(usable_ms), "ms"),
        at_most("keystroke in schema.ts → red in signups.ts, p50", median(red_ms), "ms", 400),
        at_most(f"the same in a project of {FILES} files, p50", median(red_among_many_ms), "ms", 400),
        at_most("end of a pause → live in both panes, p50", median(live_ms), "ms", 400),
        Figure("click in Alice's pane → Bob's list, p50", median(click_ms), "ms"),
    ]


@asynccontextmanager
async def _site(data: Path) -> AsyncIterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "manage.py", "start", "--port", str(port), "--data", str(data)]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=dict(os.environ), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_MS / 1000):
            while b"is ready" not in (line := await process.stdout.readline()):
                if not line:
                    raise RuntimeError("The server of the benchmark did not start")
        drain = asyncio.create_task(process.stdout.read())
        yield f"http://localhost:{port}"
        process.terminate()
        await drain
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _sign_up(page: Page, address: str) -> None:
    await page.goto(address)
    await page.get_by_label("Your pseudonym").fill("Kittiwake")
    await page.get_by_role("button", name="Start the course").click()
    await page.wait_for_url("**/learn/**")
    # The course begins with another lesson; what a first visit weighs is weighed here.
    session = await page.context.new_cdp_session(page)
    await session.send("Network.clearBrowserCache")
    await page.goto(f"{address}/learn/trash-can/")
    await page.wait_for_function(LIVE, timeout=START_MS)


async def _weight_mb(page: Page) -> float:
    """What came over the network for the page, its panes and its worker, headers included."""
    sizes = "() => performance.getEntriesByType('resource').reduce((sum, one) => sum + one.transferSize, 0)"
    frames = [frame for frame in page.frames if frame.url.startswith("http")]
    return float(sum([await part.evaluate(sizes) for part in (*frames, *page.workers)])) / 1_000_000


async def _again(page: Page) -> float:
    await page.reload()
    await page.wait_for_function(LIVE, timeout=START_MS)
    return float(await page.evaluate("performance.now()"))


async def _rename(page: Page) -> list[float]:
    """A field is renamed by one key, and back by another."""
    await _open(page, "schema.ts")
    await page.locator("code-editor .cm-line:visible", has_text="name: v.string()").click()
    await page.keyboard.press("Home")
    times = []
    for key, are_expected in (("x", True), ("Backspace", False)):
        await page.evaluate("(expected) => probe.watchErrors('signups.ts', expected)", are_expected)
        await page.keyboard.press(key)
        times.append(float(await page.evaluate("probe.moment")))
    return times


async def _fill_up(page: Page, count: int) -> None:
    """More files in the project, functions and components by turns, and the page opened with them."""
    await page.evaluate(
        """async (count) => {
            const { files, urls, csrf } = JSON.parse(document.querySelector('#workspace-config').textContent);
            const saved = () => document.querySelector('save-status').textContent.match(/revision (\\d+)/)[1];
            const functions = files['convex/signups.ts'];
            const component = files['src/App.tsx'];
            const more = {};
            for (let at = Object.keys(files).length; at < count; at += 1) {
                if (at % 2) more[`convex/part${at}.ts`] = functions;
                else more[`src/Part${at}.tsx`] = component;
            }
            const body = JSON.stringify({ base_revision: Number(saved()), files: { ...files, ...more }, compiled: {} });
            const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': csrf };
            const answer = await fetch(urls.files, { method: 'POST', headers, body });
            if (!answer.ok) throw new Error(await answer.text());
        }""",
        count,
    )
    await page.reload()
    await page.wait_for_function(f"() => document.querySelectorAll('code-editor [role=tab]').length === {count}")
    await page.locator("code-editor .editor-foot .problems", has_text="problem").wait_for(timeout=START_MS)


async def _pause_until_live(page: Page, number: int) -> float:
    """What the page itself says of a save: the end of the pause until both panes show it."""
    await _open(page, "App.tsx")
    await page.keyboard.press("ControlOrMeta+End")
    before = await page.locator("save-status").inner_text()
    await page.keyboard.insert_text(f"// {number}\n")
    again = "(before) => { const { textContent } = document.querySelector('save-status'); "
    again += "return textContent !== before && textContent.includes('live after'); }"
    await page.wait_for_function(again, arg=before, timeout=START_MS)
    words = (await page.locator("save-status").inner_text()).split("live after ")[1]
    return float(words.split(" ms")[0].replace(",", ""))


async def _click(page: Page, number: int) -> float:
    alice, bob = _frame(page, "alice"), _frame(page, "bob")
    await alice.get_by_label("Name").fill(f"Name {number}")
    await alice.evaluate("probe.watchClick()")
    await bob.evaluate("probe.watchList()")
    await alice.get_by_role("button", name="Add").click()
    return float(await bob.evaluate("probe.moment") - await alice.evaluate("probe.moment"))


def _frame(page: Page, persona: str) -> Frame:
    return next(frame for frame in page.frames if f"/frame/{persona}" in frame.url)


async def _open(page: Page, file: str) -> None:
    await page.get_by_role("tab", name=file).click()
    await page.locator("code-editor .cm-content:visible").click()
