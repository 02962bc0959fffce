from __future__ import annotations

import pytest

from sandbox.gateway import safe_answers

EVERY_KIND = [
    safe_answers.answer(b"<script>alert(1)</script>", headers=[("Content-Type", "text/html")]),
    safe_answers.module("alert(1)", max_age_s=60),
    safe_answers.json_text("{}"),
    safe_answers.stored_file(b"<svg onload='alert(1)'/>", "image/svg+xml"),
    safe_answers.answer(b"", status=302, headers=[("Location", "/")]),
]


@pytest.mark.parametrize("response", EVERY_KIND)
def test_every_answer_is_walled(response):
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "name",
    [
        "Set-Cookie",
        "Clear-Site-Data",
        "Service-Worker-Allowed",
        "Content-Security-Policy",
        "X-Frame-Options",
        "Refresh",
        "Link",
        "WWW-Authenticate",
        "Strict-Transport-Security",
        "X-Accel-Redirect",
        "Content-Disposition",
        "Content-Length",
        "Transfer-Encoding",
        "Access-Control-Allow-Credentials",
        "X-Anything",
    ],
)
@pytest.mark.parametrize("spelled", [str, str.lower, str.upper])
def test_headers_that_are_not_on_the_list_are_dropped(name, spelled):
    response = safe_answers.answer(b"x", headers=[(spelled(name), "learner")])
    assert response.get(name) != "learner"
    assert not response.cookies


@pytest.mark.parametrize("name", sorted(safe_answers.PASSED_HEADERS))
def test_harmless_headers_are_passed_on(name):
    assert safe_answers.answer(b"x", headers=[(name, "value")])[name] == "value"


def test_a_line_break_cannot_begin_another_header():
    response = safe_answers.answer(b"x", headers=[("ETag", "a\r\nSet-Cookie: b=c")])
    assert "ETag" not in response


def test_bytes_without_a_type_are_not_sniffed():
    assert safe_answers.answer(b"<html>")["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "location",
    [
        "/",
        "learn/",
        "//sandbox.school/",
        "https://sandbox.school/",
        "http://SANDBOX.school:8000/learn/",
        "http://sandbox.school:9/",
        "\\\\sandbox.school\\",
        "http:\\\\sandbox.school",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://user@sandbox.school:8000/",
        "http://",
        "http://[",
        "http://other.example/\r\nSet-Cookie: a=b",
    ],
)
def test_a_redirect_to_this_site_is_refused(location):
    response = safe_answers.answer(b"", status=302, headers=[("location", location)], own_hosts=["sandbox.school:8000"])
    assert response.status_code == 502
    assert "Location" not in response


def test_a_redirect_to_another_site_is_passed_on():
    headers = [("Location", "https://example.org/page?x=1")]
    response = safe_answers.answer(b"", status=303, headers=headers, own_hosts=["sandbox.school"])
    assert (response.status_code, response["Location"]) == (303, "https://example.org/page?x=1")


@pytest.mark.parametrize("status", [0, 101, 199, 600, 9999])
def test_a_status_that_is_none_becomes_an_error(status):
    assert safe_answers.answer(b"", status=status).status_code == 500


@pytest.mark.parametrize(
    "content_type", ["image/svg+xml", "text/html", "application/pdf", "text/xml", "", "IMAGE/SVG+XML", None]
)
def test_a_stored_file_that_could_run_is_downloaded(content_type):
    response = safe_answers.stored_file(b"x", content_type)
    assert response["Content-Disposition"] == "attachment"
    assert response["Content-Type"] == (content_type or "application/octet-stream")


def test_the_type_of_a_stored_file_cannot_begin_another_header():
    response = safe_answers.stored_file(b"x", "text/html\r\nSet-Cookie: a=b")
    assert response["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize("content_type", ["image/png", "audio/mpeg", "video/mp4", "Image/PNG; charset=x"])
def test_a_picture_a_sound_and_a_film_are_shown(content_type):
    response = safe_answers.stored_file(b"x", content_type)
    assert "Content-Disposition" not in response
    assert response["Content-Type"] == content_type


def test_a_module_can_be_imported_from_an_opaque_origin():
    response = safe_answers.module("export {}", max_age_s=60)
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Content-Type"].startswith("text/javascript")
