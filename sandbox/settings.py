"""Django's settings. Nothing has to be set: every default is right for one classroom server.

The data folder comes from SANDBOX_DATA (or `--data` on the command line), the secrets from files in it. `start` adds
to ALLOWED_HOSTS the names under which it listens.
"""

from __future__ import annotations

import os
from pathlib import Path

from sandbox import data_folder, locales

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = data_folder.path(default=BASE_DIR / "var")

DEBUG = False
SECRET_KEY = data_folder.secret(DATA_DIR, "django.key").decode()
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "sandbox",
    "sandbox.gateway",
    "lessons",
    "lessons.classroom",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "sandbox.gateway.middleware.CookielessRoutes",
    "sandbox.gateway.middleware.StaticFiles",
    "sandbox.gateway.middleware.SitePolicy",
    "sandbox.gateway.middleware.StoreFaults",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "sandbox.urls"
ASGI_APPLICATION = "sandbox.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "csp.context_processors.nonce",
            ],
            "builtins": ["sandbox.gateway.templatetags.front_end"],
        },
    }
]

# A deferred transaction that turns into a writing one fails at once when another writer was faster; an immediate one
# waits. CONN_MAX_AGE stays 0: under ASGI threads come and go.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "site.db",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

AUTH_USER_MODEL = "lessons.Person"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "teach"
LOGOUT_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
SESSION_COOKIE_NAME = "sandbox_session"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "sandbox_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
# English is in the pages themselves; every folder here adds a language (sandbox/docs/translating.md).
LOCALE_PATHS = [BASE_DIR / "sandbox" / "locale"]
LANGUAGES = [("en", "English"), *locales.offered(LOCALE_PATHS[0])]
LANGUAGE_COOKIE_NAME = "sandbox_language"
USE_TZ = True

# Static files are served where they lie, without collectstatic. static/src (sources, node_modules) is never served.
STATIC_URL = "/static/"
STATICFILES_DIRS = [("css", BASE_DIR / "static" / "css"), ("dist", BASE_DIR / "static" / "dist")]
SILENCED_SYSTEM_CHECKS = ["staticfiles.W004"]  # static/dist is made by the first start
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 0  # hand-written css: ask again; the built files carry their hash and are kept for ever
WHITENOISE_ALLOW_ALL_ORIGINS = True  # a pane has an opaque origin: its module scripts are cross-origin requests
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/dist/.+-[A-Za-z0-9]{8,}\.[a-z0-9]+(\.map)?$"

# The policy itself needs the origin and is written per request; see gateway/policy.py.
CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"default-src": ["'none'"]}}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# In a classroom the site is plain http under a LAN address, where Chromium ignores this header and says so in the
# console. No page opens another one, so nothing is lost.
SECURE_CROSS_ORIGIN_OPENER_POLICY = None

# What the gateway asks of the course, by name, so that it never imports it (see gateway/course.py for the signatures).
WORKSPACE_ACCESS = "lessons.access.workspace_for_socket"
REVISION_CODE = "lessons.workspaces.compiled_text"
SEED_ROWS = "lessons.seeding.rows"
# Folders of lessons beside lessons/content, each with a course.toml of its own; `start --lessons` adds to them.
LESSON_PATHS = [path for path in os.environ.get("SANDBOX_LESSONS", "").split(os.pathsep) if path]
# `start --dev` sets it: lessons are read again when their files change, and open pages follow.
LESSON_RELOAD = False
COURSE_SOCKETS = {"section": "lessons.classroom.section_socket.section_consumer"}
# Documents in the tables of the index laboratory. Only tests have smaller ones; the page says how large they are.
LABORATORY_SIZES = tuple(
    int(size) for size in os.environ.get("SANDBOX_LABORATORY_SIZES", "10,100,1000,10000,100000,1000000").split(",")
)
# `start --unsafe-runner` sets it: learner code may run although no hardening layer holds.
UNSAFE_RUNNER = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "console": {
            "()": "sandbox.gateway.logs.TokenScrubber",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
        "access": {"()": "sandbox.gateway.logs.TokenScrubber", "format": "{asctime} {message}", "style": "{"},
    },
    "filters": {"without_trace": {"()": "sandbox.gateway.logs.WithoutTrace"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "console"},
        "access": {"class": "logging.StreamHandler", "formatter": "access"},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        # Django mails its errors to admins by default and prints only in debug; here everything goes to the console.
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"filters": ["without_trace"]},  # the message names the host
        "sandbox": {"level": "INFO"},
        "twisted": {"level": "ERROR"},  # below that it reports what broken clients send
        "sandbox.access": {"handlers": ["access"], "level": "INFO", "propagate": False},
    },
}
