"""The ASGI application: Django's pages, and the sockets."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")
django_application = get_asgi_application()

from sandbox.gateway.routing import socket_routes  # noqa: E402 - needs the apps that the line above has loaded

application = ProtocolTypeRouter({"http": django_application, "websocket": URLRouter(socket_routes)})
