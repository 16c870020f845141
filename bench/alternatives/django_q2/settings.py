from bench.alternatives.settings import *  # noqa: F403

INSTALLED_APPS = ["django.contrib.contenttypes", "django_q"]
Q_CLUSTER = {
    "name": "bench",
    "orm": "default",
    "workers": 2,
    "bulk": 100,
    "queue_limit": 400,
    "poll": 0.05,
    "timeout": 60,
    "retry": 120,
    "recycle": 1_000_000,
    "save_limit": -1,
    "scheduler": False,
    "log_level": "WARNING",
}
