"""`{% dist "workspace.js" %}`: the address of a built file, with its content hash."""

from __future__ import annotations

from django import template
from django.templatetags.static import static

from sandbox.gateway import front_end

register = template.Library()


@register.simple_tag
def dist(name: str) -> str:
    return static(front_end.dist_path(name))
