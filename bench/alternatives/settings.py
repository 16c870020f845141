"""The alternatives' common Django settings. `race` sets the environment variables."""

from __future__ import annotations

import os

import environ

SECRET_KEY = "for the benchmarks only"
DATABASES = {
    "default": {**environ.Env.db_url_config(os.environ["BENCH_DATABASE_URL"]), "CONN_MAX_AGE": None}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes"]
USE_TZ = True
SANDBOX_PRELOAD = ["campaigns.rendering.template_work"]  # the letter is compiled in a sandbox
EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = int(os.environ["BENCH_SMTP_PORT"])
EMAIL_TIMEOUT = 30
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"level": "WARNING"}}
