"""Content Security Policies: one for the site's pages, one for the page of a pane.

Both name the origin: in a pane `'self'` matches nothing, and on a site page `'self'` would allow scripts from `/s/`
and `/d/`, where learners decide what is served (design: a hostile file must never become a script of the site).
"""

from __future__ import annotations

from csp.constants import NONCE, Nonce
from django.http import HttpRequest

Directives = dict[str, list[str | Nonce]]


def origin_of(request: HttpRequest) -> str:
    """`http://host[:port]`, as the browser sees this site."""
    return f"{request.scheme}://{request.get_host()}"


def socket_origin_of(request: HttpRequest) -> str:
    """`ws://host[:port]`."""
    return f"{'wss' if request.is_secure() else 'ws'}://{request.get_host()}"


def site_directives(origin: str, socket_origin: str) -> Directives:
    """For pages of ours. Scripts and workers come from /static/ alone; requests go to this site alone."""
    return {
        "default-src": ["'none'"],
        "script-src": [f"{origin}/static/", NONCE],
        "worker-src": [f"{origin}/static/"],
        "style-src": [f"{origin}/static/", NONCE],
        "img-src": [f"{origin}/static/", "data:"],
        "font-src": [f"{origin}/static/"],
        "connect-src": [f"{origin}/", f"{socket_origin}/"],
        "frame-src": [f"{origin}/s/"],
        "form-action": [f"{origin}/"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }


def pane_policy(origin: str, socket_origin: str, nonce: str, deployment_id: str) -> str:
    """For the page inside an iframe. The learner's code runs here.

    It can neither send a form nor reach anything but this site's `/s/` and what its own deployment shows below `/d/`,
    and only a page of this site may embed it. Its own modules come from `/s/`; React brings style attributes, which
    need 'unsafe-inline'.
    """
    public = f"{origin}/d/{deployment_id}/"
    directives = {
        "sandbox": "allow-scripts allow-forms",
        "default-src": "'none'",
        "script-src": f"{origin}/static/ {origin}/s/ 'nonce-{nonce}'",
        "style-src": f"{origin}/static/ 'unsafe-inline'",
        "img-src": f"data: blob: {public}",
        "media-src": f"data: blob: {public}",
        "font-src": "data:",
        "connect-src": f"{origin}/s/ {socket_origin}/s/ {public}",
        "form-action": "'none'",
        "frame-ancestors": origin,
        "base-uri": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())
