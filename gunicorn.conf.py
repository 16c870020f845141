"""Read by gunicorn when it is started in this directory; what stands on its command line wins."""

import os

import sandbox

NICENESS = 5
"""Pages yield the processor to what sends, so that a flood of requests makes no message late."""

# It would be made in the home of the account, which need not have one, and nothing here uses it.
control_socket_disable = True
logger_class = "edm_project.logs.gunicorn.RedactingLogger"


def post_worker_init(worker: object) -> None:
    """Have ready what the first page that reads a template needs."""
    os.nice(NICENESS)
    sandbox.warm_up_meanwhile()
