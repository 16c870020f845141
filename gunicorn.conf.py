"""Read by gunicorn when it is started in this directory; what stands on its command line wins."""

logger_class = "edm_project.gunicorn_logs.RedactingLogger"
