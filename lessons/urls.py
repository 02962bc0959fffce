"""Addresses of the course's pages and of what a workspace page asks."""

from __future__ import annotations

from django.urls import path

from lessons import (
    data_file_views,
    data_views,
    hint_views,
    history_views,
    laboratory_views,
    phone_views,
    rename_views,
    runner_views,
    step_views,
    views,
    workspace_views,
)
from lessons.demos import tsc_output

urlpatterns = [
    path("", views.home, name="home"),
    path("start/", views.start, name="start"),
    path("learn/<slug:slug>/", workspace_views.learn, name="learn"),
    path("learn/<slug:slug>/laboratory/", laboratory_views.page, name="laboratory"),
    path("w/<str:workspace_id>/laboratory/predict", laboratory_views.predict, name="laboratory-predict"),
    path("w/<str:workspace_id>/laboratory/plan", laboratory_views.plan, name="laboratory-plan"),
    path("w/<str:workspace_id>/laboratory/measure", laboratory_views.measure, name="laboratory-measure"),
    path("w/<str:workspace_id>/laboratory/refuse", laboratory_views.refuse, name="laboratory-refuse"),
    path("w/<str:workspace_id>/laboratory/seed", laboratory_views.seed, name="laboratory-seed"),
    path("w/<str:workspace_id>/data/change", data_views.change, name="data-change"),
    path("w/<str:workspace_id>/data/add", data_views.add, name="data-add"),
    path("w/<str:workspace_id>/data/delete", data_views.delete, name="data-delete"),
    path("w/<str:workspace_id>/data/import", data_file_views.import_file, name="data-import"),
    path("w/<str:workspace_id>/data/export", data_file_views.export, name="data-export"),
    path("w/<str:workspace_id>/data/clear", data_file_views.clear, name="data-clear"),
    path("w/<str:workspace_id>/data/snapshots", data_views.snapshots, name="data-snapshots"),
    path("w/<str:workspace_id>/data/snapshots/take", data_views.take_snapshot, name="data-snapshot-take"),
    path("w/<str:workspace_id>/data/snapshots/delete", data_views.delete_snapshot, name="data-snapshot-delete"),
    path("w/<str:workspace_id>/data/snapshots/restore", data_file_views.restore, name="data-snapshot-restore"),
    path("w/<str:workspace_id>/files", workspace_views.files, name="files"),
    path("w/<str:workspace_id>/history", history_views.timeline, name="history"),
    path("w/<str:workspace_id>/history/starter", history_views.starter, name="history-starter"),
    path("w/<str:workspace_id>/history/<int:number>", history_views.revision, name="history-revision"),
    path("w/<str:workspace_id>/history/solution/<int:number>", history_views.solution, name="history-solution"),
    path("w/<str:workspace_id>/token", workspace_views.renew_token, name="token"),
    path("w/<str:workspace_id>/phone", phone_views.phone_code, name="phone-code"),
    path("w/<str:workspace_id>/functions", runner_views.functions, name="functions"),
    path("w/<str:workspace_id>/functions/rows", runner_views.rows, name="function-rows"),
    path("w/<str:workspace_id>/schema/rehearsal", runner_views.rehearse_schema, name="schema-rehearsal"),
    path("w/<str:workspace_id>/tasks/<int:number>/hints/<int:level>", hint_views.hint, name="hint"),
    path("w/<str:workspace_id>/tasks/<int:number>/parsons", hint_views.parsons, name="parsons"),
    path("w/<str:workspace_id>/steps/read", step_views.read, name="step-read"),
    path("w/<str:workspace_id>/predict/<slug:name>", step_views.predict, name="predict"),
    path("w/<str:workspace_id>/quiz/<slug:name>", step_views.quiz, name="quiz"),
    path("w/<str:workspace_id>/quiz/<slug:name>/again", step_views.quiz_again, name="quiz-again"),
    path("w/<str:workspace_id>/words/<slug:name>", step_views.words, name="words"),
    path("w/<str:workspace_id>/demo-ran/<slug:name>", step_views.demo_ran, name="demo-ran"),
    path("w/<str:workspace_id>/renamed", rename_views.renamed, name="renamed"),
    path("w/<str:workspace_id>/demos/tsc-output/run", tsc_output.run, name="demo-tsc-output"),
    path("w/<str:workspace_id>/tasks/<int:number>/check", workspace_views.run_check, name="check"),
]
