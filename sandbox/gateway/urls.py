"""Addresses below /s/<token>/."""

from __future__ import annotations

from django.urls import path, re_path

from sandbox.gateway import views

urlpatterns = [
    re_path(r"^frame/(?P<persona>alice|bob)$", views.frame, name="pane-frame"),
    path("app/<int:revision>/<path:path>", views.module, name="pane-module"),
]
