"""Addresses of the course's pages and of what a workspace page asks."""

from __future__ import annotations

from django.urls import path

from lessons import views

urlpatterns = [
    path("", views.home, name="home"),
    path("start/", views.start, name="start"),
]
