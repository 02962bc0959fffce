"""Addresses of the site. `/s/` belongs to the gateway and reads no cookie; the rest are the course's pages."""

from __future__ import annotations

import importlib.util

from django.urls import include, path

from sandbox.gateway import views

urlpatterns = [
    path("healthz", views.health),
    path("s/<str:token>/", include("sandbox.gateway.urls")),
]
if importlib.util.find_spec("lessons.urls"):
    urlpatterns.append(path("", include("lessons.urls")))
