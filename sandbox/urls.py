"""Addresses of the site. `/s/` and `/d/` belong to the gateway and read no cookie; the rest are the course's pages."""

from __future__ import annotations

from django.urls import include, path

from sandbox.gateway import views

urlpatterns = [
    path("healthz", views.health, name="health"),
    path("s/<str:token>/", include("sandbox.gateway.urls")),
    path("d/<str:deployment_id>/", include("sandbox.gateway.public_urls")),
    path("docs/", include("sandbox.documentation")),
    path("", include("lessons.urls")),
]
