"""What a learner's component reaches from inside a pane: nothing of the page around it and nothing of the site."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.workspace_page import WorkspacePage

APP = """
import { useEffect, useState } from "react";

const attempts: Record<string, () => unknown> = {
  page: () => parent.document.title,
  frame: () => (parent.frames[1] as Window).document.title,
  cookie: () => document.cookie,
  storage: () => localStorage.length,
  site: () => fetch(new URL("/", location.href)),
  elsewhere: () => fetch("https://example.com/"),
  worker: () => new Promise((resolve, reject) => {
    const worker = new Worker("data:text/javascript,postMessage(1)");
    worker.onmessage = resolve;
    worker.onerror = reject;
  }),
  code: () => (0, eval)("1"),
  leave: () => { top!.location.href = "/"; },
  window: () => { if (open("/") === null) throw new Error("refused"); },
};

export default function App() {
  const [found, setFound] = useState<string[]>([]);
  useEffect(() => {
    for (const [name, attempt] of Object.entries(attempts)) {
      Promise.resolve().then(attempt).then(() => "reached", () => "refused")
        .then((outcome) => setFound((all) => [...all, `${name} ${outcome}`]));
    }
  }, []);
  return <ul>{found.map((line) => <li key={line}><span>{line}</span></li>)}</ul>;
}
"""
ATTEMPTS = ["page", "frame", "cookie", "storage", "site", "elsewhere", "worker", "code", "leave", "window"]


def test_a_component_reaches_nothing_outside_its_frame(sign_up: Callable[..., WorkspacePage]) -> None:
    workspace = sign_up()
    workspace.wait_until_live()
    workspace.write("App.tsx", APP)
    lines = workspace.app("alice").locator("li")
    expect(lines).to_have_count(len(ATTEMPTS), timeout=30_000)
    assert sorted(lines.all_inner_texts()) == sorted(f"{name} refused" for name in ATTEMPTS)
    expect(workspace.page).to_have_url(re.compile(r"/learn/trash-can/(\?step=\d)?$"))
    workspace.page.complaints.clear()  # the browser notes every refusal
