"""Addresses of the site. `/s/` belongs to the gateway and reads no cookie; the rest are the course's pages."""

from __future__ import annotations

from django.urls import include, path

from sandbox.gateway import views

urlpatterns = [
    path("healthz", views.health, name="health"),
    path("s/<str:token>/", include("sandbox.gateway.urls")),
    path("docs/", include("sandbox.documentation")),
    path("", include("lessons.urls")),
]
