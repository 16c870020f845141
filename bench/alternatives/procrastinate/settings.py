from bench.alternatives.settings import *  # noqa: F403

INSTALLED_APPS = ["django.contrib.contenttypes", "procrastinate.contrib.django"]
PROCRASTINATE_IMPORT_PATHS = ["bench.alternatives.procrastinate.tasks"]
