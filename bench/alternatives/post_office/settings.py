from bench.alternatives.settings import *  # noqa: F403

INSTALLED_APPS = ["django.contrib.contenttypes", "post_office"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
POST_OFFICE = {
    "BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"},
    "BATCH_SIZE": 5_000,
    "THREADS_PER_PROCESS": 1,
    "LOG_LEVEL": 0,
}
