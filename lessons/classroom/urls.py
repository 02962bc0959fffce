"""Addresses of signing in, joining, and the instructors' pages."""

from __future__ import annotations

from django.urls import path

from lessons.classroom import account_views, join_views, learner_views, section_views, table_views

urlpatterns = [
    path("sign-in/", account_views.sign_in, name="sign-in"),
    path("sign-out/", account_views.sign_out, name="sign-out"),
    path("account/", account_views.account, name="account"),
    path("account/password/", account_views.change_password, name="password"),
    path("account/return-code/", account_views.make_return_code, name="make-return-code"),
    path("return/", account_views.come_back, name="come-back"),
    path("join/", join_views.enter_code, name="enter-code"),
    path("join/<str:code>/", join_views.join, name="join"),
    path("class/<str:section_id>/leave/", join_views.leave, name="leave-class"),
    path("teach/", section_views.sections, name="teach"),
    path("teach/<str:section_id>/", table_views.grid, name="grid"),
    path("teach/<str:section_id>/table/", table_views.table, name="grid-table"),
    path("teach/<str:section_id>/rows/", table_views.rows, name="grid-rows"),
    path("teach/<str:section_id>/names/", table_views.names, name="grid-names"),
    path("teach/<str:section_id>/export.csv", table_views.export, name="grid-export"),
    path("teach/<str:section_id>/joining/", section_views.joining, name="joining"),
    path("teach/<str:section_id>/joining/code/", section_views.renew_code, name="renew-code"),
    path("teach/<str:section_id>/joining/open/", section_views.open_joining, name="open-joining"),
    path("teach/<str:section_id>/name/", section_views.rename, name="rename-section"),
    path("teach/<str:section_id>/<int:enrollment_id>/", learner_views.learner, name="learner"),
    path("teach/<str:section_id>/<int:enrollment_id>/panel/", learner_views.panel, name="learner-panel"),
    path("teach/<str:section_id>/<int:enrollment_id>/return-code/", learner_views.return_code, name="hand-out-code"),
    path("teach/<str:section_id>/<int:enrollment_id>/remove/", learner_views.remove, name="remove-learner"),
]
