"""Addresses of the course's pages and of what a workspace page asks."""

from __future__ import annotations

from django.urls import path

from lessons import views, workspace_views

urlpatterns = [
    path("", views.home, name="home"),
    path("start/", views.start, name="start"),
    path("learn/<slug:slug>/", workspace_views.learn, name="learn"),
    path("w/<str:workspace_id>/files", workspace_views.files, name="files"),
    path("w/<str:workspace_id>/token", workspace_views.renew_token, name="token"),
    path("w/<str:workspace_id>/tasks/<int:number>/check", workspace_views.run_check, name="check"),
]
