"""A visitor without a browser: signs up over HTTP and reads what the workspace page tells its scripts."""

from __future__ import annotations

import html
import json
import re
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from typing import Any


class Visitor:
    """`config` is the workspace page's configuration, as static/src/workspace/bus.ts reads it."""

    def __init__(self, site: str, pseudonym: str) -> None:
        self.site = site
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        form = {"pseudonym": pseudonym, "csrfmiddlewaretoken": self._csrf(self.get("/"))}
        self.post("/start/", urllib.parse.urlencode(form).encode(), {"Origin": site})
        page = self.get("/learn/trash-can/")
        found = re.search(r'<script id="workspace-config" type="application/json">(.*?)</script>', page, re.DOTALL)
        assert found, "the workspace page carries no configuration"
        self.config: dict[str, Any] = json.loads(html.unescape(found[1]))

    @property
    def deployment_url(self) -> str:
        return f"{self.site}/s/{self.config['token']}"

    def save(self, files: dict[str, str] | None = None) -> dict[str, Any]:
        """Saves the project as the tab does, with stand-ins for the compiled pane code. Returns the answer."""
        compiled = {
            path.replace(".tsx", ".js"): "export default () => null;" for path in self.config["files"] if "src/" in path
        }
        edit = {
            "base_revision": self.config["revision"],
            "files": self.config["files"] | (files or {}),
            "compiled": compiled,
        }
        headers = {"Content-Type": "application/json", "X-CSRFToken": self.config["csrf"], "Origin": self.site}
        answer: dict[str, Any] = json.loads(self.post(self.config["urls"]["files"], json.dumps(edit).encode(), headers))
        self.config["revision"] = answer["revision"]
        return answer

    def get(self, path: str) -> str:
        with self._opener.open(self.site + path) as response:
            return str(response.read().decode())

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> str:
        with self._opener.open(urllib.request.Request(self.site + path, data=body, headers=headers)) as response:
            return str(response.read().decode())

    def _csrf(self, page: str) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert found
        return found[1]
