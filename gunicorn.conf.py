"""Read by gunicorn when it is started in this directory; what stands on its command line wins."""

import threading

import sandbox

logger_class = "edm_project.gunicorn_logs.RedactingLogger"


def post_worker_init(worker: object) -> None:
    """Have ready what the first page that reads a template needs."""
    threading.Thread(target=sandbox.warm_up, name="warm up", daemon=True).start()
