"""Running a django-q2 cluster for good: what `manage.py qcluster` does.

A supervisor forks the cluster into a process group of its own and looks after it twice a second:
dispatchers whose process is gone are declared dead and replaced, and a cluster whose sentinel died,
or that does not get dispatchers running (a worker killed while it held the lock of the task queue
leaves the others waiting for ever), is ended whole and started anew.

On SIGTERM, SIGINT or SIGHUP, to the supervisor alone (Docker, honcho) or to every process
(systemd), all processes of the group get SIGTERM: dispatchers hand back what they hold and end, the
others just end. What is left after GRACE_SECONDS is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import sys
import threading
import time
import uuid
from types import FrameType
from typing import NoReturn

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from django_q.cluster import Cluster

from dispatch import broker, recovery, tasks
from dispatch.models import Dispatcher

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
GRACE_SECONDS = 9.0
PATIENCE_SECONDS = 20.0
"""How long a cluster may have no dispatcher, while the database answers, before it is started
anew.
"""

ASK_AGAIN_SECONDS = 3.0
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


class Supervisor:
    """Keeps one cluster running in this process's child until told to stop."""

    def __init__(self) -> None:
        self.cluster = uuid.uuid4()
        self._stop = threading.Event()
        self._group = 0
        self._asked_at = 0.0
        self._healthy_at = 0.0

    def run(self) -> None:
        """Returns when the cluster has been stopped by a signal."""
        os.environ[broker.CLUSTER_VARIABLE] = str(self.cluster)
        _adopt_orphans()
        for number in tasks.stop_signals():
            signal.signal(number, self._on_signal)
        self._start()
        while not self._stop.wait(LOOK_SECONDS):
            if not self._is_running() or self._is_stuck():
                logger.error("the cluster died or is stuck: starting it anew")
                self._end()
                self._start()
            self._look_after_dispatchers()
        self._end()
        self._forget_requests()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop.set()

    def _start(self) -> None:
        connections.close_all()
        keep_alive, held = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(held)
            _be_cluster(keep_alive)
        os.close(keep_alive)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.setpgid(child, child)  # the child does so too; whoever comes first
        self._held = held
        self._group = child
        self._asked_at = 0.0
        self._healthy_at = time.monotonic()

    def _is_running(self) -> bool:
        """Whether the cluster's main process lives; collects processes that ended."""
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == self._group:
                return False
            if pid == 0:
                return True

    def _is_stuck(self) -> bool:
        return time.monotonic() - self._healthy_at > PATIENCE_SECONDS

    def _look_after_dispatchers(self) -> None:
        """Bury dispatchers whose process is gone and ask for new ones while there are too few."""
        try:
            alive = self._bury_the_dead()
            now = time.monotonic()
            if alive:
                self._healthy_at = now
            if alive < settings.DISPATCHERS and now - self._asked_at > ASK_AGAIN_SECONDS:
                for _ in range(settings.DISPATCHERS - alive):
                    tasks.dispatch_later()
                self._asked_at = now
        except (DatabaseError, InterfaceError) as error:
            logger.warning("cannot look after dispatchers: %s", error)
            connections.close_all()
            self._healthy_at = time.monotonic()

    def _bury_the_dead(self) -> int:
        mine = Dispatcher.objects.filter(cluster=self.cluster, ended_at=None)
        gone = [pk for pk, pid in mine.values_list("pk", "pid") if not _exists(pid)]
        if gone:
            recovery.bury(gone)
            for pk in gone:
                recovery.recover(pk)
        return mine.count()

    def _end(self) -> None:
        """SIGTERM to the whole group, and wait until it is gone; whoever is still there after a
        while is killed.
        """
        deadline = time.monotonic() + GRACE_SECONDS
        is_left = _signal_group(self._group, signal.SIGTERM)
        while is_left:
            time.sleep(0.05)
            self._is_running()
            is_late = time.monotonic() > deadline
            is_left = _signal_group(self._group, signal.SIGKILL if is_late else 0)
        os.close(self._held)
        connections.close_all()

    def _forget_requests(self) -> None:
        """What this cluster has asked for, nobody needs to do."""
        try:
            broker.clear_own_queue()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("left to housekeeping: %s", error)


def _adopt_orphans() -> None:
    """Have the processes of a sentinel that died become this one's children, so that it sees them
    end: what is process 1 in a container need not collect them.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _be_cluster(keep_alive: int) -> NoReturn:
    """The child: run django-q2's cluster until it ends, and end the group when the supervisor is
    gone.
    """
    os.setpgid(0, 0)
    cluster = Cluster()
    for number in tasks.stop_signals():
        signal.signal(number, signal.SIG_DFL)
    cluster.start()
    # After the last fork of this process: a fork beside a thread may leave locks held for ever.
    threading.Thread(target=_end_with_supervisor, args=(keep_alive,), daemon=True).start()
    cluster.sentinel.join()
    os.killpg(0, signal.SIGTERM)  # what it has started must not go on without it
    os._exit(1)


def _end_with_supervisor(keep_alive: int) -> None:
    os.read(keep_alive, 1)  # returns when the supervisor's end is closed, however it died
    os.killpg(0, signal.SIGTERM)


def _signal_group(group: int, number: int) -> bool:
    """False when no process of the group is left."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
