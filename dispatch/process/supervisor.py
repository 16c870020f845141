"""What `manage.py qcluster` does: a supervisor with three process groups of its own.

* *dispatch*: a django-q2 cluster that takes from this cluster's own queue, which holds nothing but
  requests for dispatchers;
* *background*: a django-q2 cluster that takes from the queue that all clusters share: launches,
  bounce reading, and all else that takes long or may hang;
* *maintenance*: one process for the periodic chores.

So nothing that hangs, dies or grows keeps a dispatcher from its processes. Twice a second the
supervisor looks after all of them: dispatchers whose process is gone are declared dead and
replaced, those that lost their lease and do not notice are killed, and a group that died, stands
still, or does not get dispatchers running is ended whole and started anew.

On SIGTERM, SIGINT or SIGHUP, to the supervisor alone (Docker, honcho) or to every process
(systemd), all processes of the groups get SIGTERM: dispatchers hand back what they hold and end,
the others just end. What is left after GRACE_SECONDS is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import datetime as dt
import logging
import os
import signal
import sys
import threading
import time
import uuid
from functools import partial
from types import FrameType

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from django.db.models import F

import sandbox
from campaigns import background
from dispatch.engine.succession import WORKERS_PER_DISPATCHER
from dispatch.lease_terms import LEASE_SECONDS
from dispatch.models import Dispatcher
from dispatch.process import sentinel
from dispatch.process.maintenance import MaintenanceLoop, Rests
from dispatch.process.process_group import ProcessGroup
from dispatch.process.pulse import Pulse
from dispatch.process.signals import stop_signals
from dispatch.queue import broker, enqueue
from dispatch.results import recovery, start_log

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
LOOK_WHILE_ENDING_SECONDS = 0.05
PATIENCE_SECONDS = 20.0
"""How long there may be no dispatcher, while the database answers, before the dispatch cluster is
started anew.
"""
FEW_PATIENCE_SECONDS = 60.0
"""The same for fewer dispatchers than there should be: the others must be interrupted for it."""

ASK_AGAIN_SECONDS = 3.0
SENTINEL_SILENCE_SECONDS = 30.0
CHORE_SECONDS = 300.0
"""How long one chore of maintenance may take before its process is started anew."""

WAKE_SECONDS = 5.0
"""How long a dispatcher that was declared dead may take to notice before it is killed."""

BACKGROUND_NICENESS, MAINTENANCE_NICENESS = 10, 5
"""A start must not wait for a launch or a letter where processors are short."""

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


class Supervisor:
    """Keeps one cluster running in this process's children until told to stop."""

    def __init__(self) -> None:
        self.cluster = uuid.uuid4()
        self._stop = threading.Event()
        self._rests = Rests()
        self._asked_at = 0.0
        """When dispatchers were last asked for (monotonic seconds); 0 when a new dispatch cluster
        has not been asked yet.
        """
        self._healthy_at = self._enough_at = 0.0
        """When a dispatcher, and as many as there should be, were last seen (monotonic seconds).
        Also set when a dispatch cluster starts and while the database cannot tell.
        """
        self._running: dict[int, int] = {}
        """Dispatchers of this cluster to their processes, as of the last look."""
        self._hanging: dict[int, float] = {}
        """Processes whose dispatcher was declared dead, since when."""
        self.dispatch = ProcessGroup("dispatch cluster", self._dispatch, SENTINEL_SILENCE_SECONDS)
        work = partial(
            sentinel.run,
            broker.SHARED_QUEUE,
            settings.BACKGROUND_WORKERS,
            when_spawned=sandbox.warm_up_meanwhile,  # a launch needs it at once
        )
        self.background = ProcessGroup(
            "background cluster", work, SENTINEL_SILENCE_SECONDS, BACKGROUND_NICENESS
        )
        self.maintenance = ProcessGroup(
            "maintenance", self._maintain, CHORE_SECONDS, MAINTENANCE_NICENESS
        )
        self.groups = (self.dispatch, self.background, self.maintenance)

    def run(self) -> None:
        """Returns when the cluster has been stopped by a signal."""
        os.environ[background.CLUSTER_VARIABLE] = str(self.cluster)
        _adopt_orphans()
        for number in stop_signals():
            signal.signal(number, self._on_signal)
        for group in self.groups:
            self._start(group)
        while not self._stop.wait(LOOK_SECONDS):
            self._look_after_groups()
            self._look_after_dispatchers()
        self._end()
        self._forget_requests()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop.set()

    # What runs in the groups

    def _dispatch(self, pulse: Pulse) -> None:
        workers = settings.DISPATCHERS * WORKERS_PER_DISPATCHER
        sentinel.run(broker.own_queue(), workers, pulse)

    def _maintain(self, pulse: Pulse) -> None:
        MaintenanceLoop(pulse, self._rests).run()

    # The groups

    def _start(self, group: ProcessGroup) -> None:
        group.start()
        logger.info("the %s is process group %d", group.name, group.pid)
        if group is self.dispatch:
            self._asked_at = 0.0
            self._healthy_at = self._enough_at = time.monotonic()

    def _look_after_groups(self) -> None:
        self._collect()
        for group in self.groups:
            if group.is_ending:
                continue
            fault = group.find_fault(LOOK_SECONDS) or self._find_no_dispatchers(group)
            if fault:
                logger.error("the %s %s: starting it anew", group.name, fault)
                if group is self.maintenance:
                    self._rests.blame(group.pulse.doing)
                group.end()
        self._start_those_that_ended()

    def _start_those_that_ended(self) -> None:
        """Waits a moment for those that are told to end, as most do at once."""
        until = time.monotonic() + LOOK_SECONDS
        while any(group.is_ending for group in self.groups) and not self._stop.is_set():
            self._collect()
            for group in self.groups:
                if group.is_ending and group.is_gone() and group.may_start:
                    self._start(group)
            if time.monotonic() > until:
                return
            self._stop.wait(LOOK_WHILE_ENDING_SECONDS)

    def _collect(self) -> None:
        """Take note of processes that ended."""
        with contextlib.suppress(ChildProcessError):
            while pid := os.waitpid(-1, os.WNOHANG)[0]:
                for group in self.groups:
                    group.collected(pid)

    def _find_no_dispatchers(self, group: ProcessGroup) -> str:
        """A worker that was killed at the wrong moment can leave the task queue locked."""
        now = time.monotonic()
        if group is not self.dispatch:
            return ""
        if now - self._healthy_at > PATIENCE_SECONDS:
            return "has no dispatcher"
        return "has too few dispatchers" if now - self._enough_at > FEW_PATIENCE_SECONDS else ""

    def _end(self) -> None:
        """Tell all groups to end at once, and wait until they are gone."""
        for group in self.groups:
            group.end()
        left = list(self.groups)
        while left := [group for group in left if not group.is_gone()]:
            time.sleep(LOOK_WHILE_ENDING_SECONDS)
            self._collect()
        connections.close_all()

    # The dispatchers

    def _look_after_dispatchers(self) -> None:
        """Recover dispatchers whose process is gone and ask for new ones while there are too
        few.
        """
        now = time.monotonic()
        try:
            going_on = self._recover_the_gone()
            recovery.recover_dead()  # of every cluster: it must not wait for maintenance
            background.end_gone(self.cluster, _exists)
            self._kill_those_that_hang()
            if going_on:
                self._healthy_at = now
            if going_on >= settings.DISPATCHERS:
                self._enough_at = now
            elif now - self._asked_at > ASK_AGAIN_SECONDS:
                for _ in range(settings.DISPATCHERS - going_on):
                    enqueue.dispatch()
                self._asked_at = now
        except (DatabaseError, InterfaceError) as error:
            logger.warning("cannot look after dispatchers: %s", error)
            connections.close_all()
            self._healthy_at = self._enough_at = time.monotonic()

    def _recover_the_gone(self) -> int:
        """Returns how many go on: of those that wait for their last replies nothing is sent."""
        mine = Dispatcher.objects.filter(cluster=self.cluster, ended_at=None)
        running = dict(mine.values_list("pk", "pid"))
        for pk, pid in running.items():
            if not _exists(pid):
                recovery.recover_gone(start_log.Name(self.cluster, pk))
        recovery.recover_left_behind()
        self._notice_those_declared_dead(running)
        return mine.filter(winding_up=False).count()

    def _notice_those_declared_dead(self, running: dict[int, int]) -> None:
        """A dispatcher that was declared dead stops when it finds out, and its worker dispatches
        anew. One that does not find out in time hangs, and keeps a worker busy for nothing.
        """
        if ended := self._running.keys() - running.keys():
            lease = dt.timedelta(seconds=LEASE_SECONDS)
            dead = Dispatcher.objects.filter(pk__in=ended, ended_at__gt=F("heartbeat_at") + lease)
            for pid in dead.values_list("pid", flat=True):
                self._hanging.setdefault(pid, time.monotonic())
        self._running = running
        for pid in list(self._hanging):
            if pid in running.values() or not _exists(pid):
                del self._hanging[pid]

    def _kill_those_that_hang(self) -> None:
        for pid, since in self._hanging.items():
            if time.monotonic() - since > WAKE_SECONDS:
                logger.error("the dispatcher in process %d hangs: killing it", pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _forget_requests(self) -> None:
        """What this cluster has asked for is of no use to others, and what it was at is theirs."""
        try:
            background.interrupt(self.cluster)
            broker.clear_own_queue()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("left to maintenance: %s", error)


def _adopt_orphans() -> None:
    """Have the processes of a sentinel that died become this one's children, so that it sees them
    end: what is process 1 in a container need not collect them.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
