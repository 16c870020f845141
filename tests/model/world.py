"""A small installation under observation: services, tasks, dispatchers, and the provider's record.

Everything that is done to it is a step. After each one, every SubTask must be where this step may
have put it (and untouched if the step has no business with it), the guarantees that can be seen from
outside must hold, and the product's own audit must find nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.db import transaction

from campaigns.models import SubTaskStatus, Task
from campaigns.state import lifecycle, states
from campaigns.state.states import Held, Settlement
from dispatch.claiming.deliveries import Delivery
from dispatch.lease_terms import LEASE_SECONDS
from dispatch.models import Dispatcher, EmailService
from dispatch.providers import idempotency_window
from dispatch.results import recovery, start_log
from tests.factories import (
    ContentFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    UserFactory,
)
from tests.model import checks, faults, laboratory, rows
from tests.model.checks import Broken
from tests.model.hand_overs import End
from tests.model.laboratory import StoppedClock
from tests.model.outside import Outside
from tests.model.puppets import Puppet
from tests.model.rows import Explanation, SubTaskRow, exactly, untouched
from tests.model.ticking import Ticking, holds

LONGEST_ON_ITS_WAY = dt.timedelta(minutes=1)
"""From the start of a hand-over until the provider has the message."""
LEASE = dt.timedelta(seconds=LEASE_SECONDS)


class World:
    """Begins with some services and one task of each of two owners, being sent."""

    def __init__(
        self, clock: StoppedClock, limits: Sequence[Mapping[str, Any]], messages: int = 4
    ) -> None:
        laboratory.empty()
        clock.rewind()
        self.clock = clock
        with transaction.atomic():
            self.services: list[EmailService] = [EmailServiceFactory(**each) for each in limits]
            self.tasks = [self._task(messages) for _ in range(2)]
            self.person = UserFactory()
        self.outside = Outside()
        self.puppets: list[Puppet] = []
        self.former: list[Puppet] = []
        """Dispatchers that died, signed off, or found out that they were declared dead."""
        self.killed: list[Puppet] = []
        """Those whose process is gone, and whom the supervisor has not looked for since."""
        self._begun: set[Held] = set()
        self._answers: dict[Held, End] = {}
        """To what was begun, where there was one."""
        self._repeats: set[Held] = set()
        """The claims of SubTasks that were in doubt."""
        self.heartbeats: dict[int, dt.datetime] = {}
        """Of the dispatchers that have not been declared dead."""
        self.statuses = {task.pk: "sending" for task in self.tasks}
        self.served: dict[tuple[int, int], dt.datetime] = {}
        """When each service last served each owner."""
        self.cancelled_at: dict[int, dt.datetime] = {}
        self.ends: dict[Delivery, End] = {}
        self.rows = rows.read()
        self._judged: object = None
        """What the database held when it was last looked at as a whole; None: look again."""
        self._tokens: set[Held] = set()

    def _task(self, messages: int) -> Task:
        task: Task = SendingTaskFactory()
        task.services.set(self.services)
        SubTaskFactory.create_batch(messages, task=task, content=ContentFactory(task=task))
        return task

    @contextmanager
    def step(self, explains: Explanation = untouched) -> Iterator[None]:
        """Do something, then see that everything is as it must be. Raises Broken."""
        before = self.rows
        yield
        self._compare(before, explains)
        self._sweep_if_overdue()
        self._complain(checks.outside(self))
        if self._judged != (self.rows, self.clock.now):
            self._complain(checks.inside(self))
            self._judged = self.rows, self.clock.now
        self._tokens |= {Held(row.id, row.token) for row in self.rows.values() if row.token}

    @contextmanager
    def step_beside(self) -> Iterator[None]:
        """The same for what changes anything but SubTasks."""
        with self.step():
            yield
            self._judged = None

    @contextmanager
    def step_outside(self) -> Iterator[None]:
        """The same for what leaves the database as it is."""
        before = self.rows
        yield
        self._compare(before, untouched)
        self._complain(checks.outside(self))

    def _complain(self, complaints: Iterable[str]) -> None:
        if found := list(complaints):
            raise Broken("\n".join(found))

    def _compare(self, before: dict[int, SubTaskRow], explains: Explanation) -> None:
        self.rows = rows.read()
        if before.keys() != self.rows.keys():
            raise Broken("SubTasks came or went")
        for pk, after in self.rows.items():
            if not explains(before[pk], after):
                raise Broken(f"{before[pk]} became {after}")
            if before[pk].in_doubt and after.token and not after.in_doubt:
                self._repeats.add(Held(pk, after.token))

    # Time

    def stall(self, seconds: float) -> None:
        """Nobody does anything for so long, whatever leases end. The dead are recovered in time."""
        oldest = min(self.heartbeats.values(), default=self.clock.now)
        if self.clock.now - oldest > LEASE:
            self.recover()
        with self.step():
            self.clock.pass_time(dt.timedelta(seconds=seconds))

    def rest(self, seconds: float) -> None:
        """For so long the living have nothing to do but to keep their leases; the dead are
        recovered.
        """
        first = min(seconds, LEASE_SECONDS + 1)
        self._live_on(first)
        self.recover()
        self._live_on(seconds - first)

    def _live_on(self, seconds: float) -> None:
        with self.step():
            self.clock.pass_time(dt.timedelta(seconds=max(0.0, seconds)))
            living = self.heartbeats.keys() & {puppet.id for puppet in self.puppets}
            Dispatcher.objects.filter(pk__in=living).update(heartbeat_at=self.clock.now)
            self.heartbeats |= dict.fromkeys(living, self.clock.now)

    def _sweep_if_overdue(self) -> None:
        """Maintenance comes every second: what is pending does not stay in a task cancelled long
        ago.
        """
        long_ago = self.clock.now - dt.timedelta(minutes=1)
        overdue = {pk for pk, at in self.cancelled_at.items() if at < long_ago}
        if any(row.status == "pending" and row.task_id in overdue for row in self.rows.values()):
            before = self.rows
            lifecycle.sweep_cancelled()
            self._compare(before, exactly(self.swept))

    def swept(self, row: SubTaskRow) -> SubTaskRow:
        """What becomes of a SubTask when maintenance sweeps the cancelled tasks."""
        hit = row.task_id in self.cancelled_at and row.status == "pending"
        return row.becomes("failed", "cancelled") if hit else row

    # Dispatchers

    def join(self) -> Puppet:
        with self.step():
            puppet = Puppet(self.clock)
            self.puppets.append(puppet)
            self.heartbeats[puppet.id] = self.clock.now
        return puppet

    def tick(self, puppet: Puppet) -> None:
        self._tick(puppet)

    def tick_without_reply(self, puppet: Puppet) -> None:
        """A tick whose COMMIT is done and whose dispatcher does not get to know."""
        self._tick(puppet, faults.reply_lost(puppet.witness))

    def tick_beside_others(
        self, puppet: Puppet, service_ids: Iterable[int], subtask_ids: Iterable[int]
    ) -> None:
        """A tick while others have some Pace rows and pending SubTasks locked."""
        self._tick(puppet, faults.others_hold(service_ids, subtask_ids), is_alone=False)

    def tick_in_vain(self, puppet: Puppet) -> None:
        """A tick that is rolled back."""
        with self.step():
            puppet.tick(faults.rolled_back())
            self._found_out(puppet)

    def _tick(
        self,
        puppet: Puppet,
        during: AbstractContextManager[None] | None = None,
        is_alone: bool = True,
    ) -> None:
        ticking = Ticking(self, puppet)
        with self.step(ticking.explains):
            puppet.tick(during)
            if self._found_out(puppet):
                self.heartbeats[puppet.id] = self.clock.now
        passed_over = list(ticking.passed_over())
        self._complain([*ticking.complaints(), *(passed_over if is_alone else ())])

    def _found_out(self, puppet: Puppet) -> bool:
        """Whether it still lives; if it does not, it must be because somebody declared it dead."""
        if puppet.is_lost == (puppet.id in self.heartbeats):
            raise Broken(f"dispatcher {puppet.id} is wrong about being alive")
        if puppet.is_lost:
            self._leaves(puppet)
        return not puppet.is_lost

    def sign_off(self, puppet: Puppet, during: AbstractContextManager[None] | None = None) -> None:
        """A dispatcher is told to stop; what is unanswered then is in doubt."""
        ticking = Ticking(self, puppet)
        with self.step(ticking.explains):
            puppet.sign_off(during)
            if self._found_out(puppet):
                del self.heartbeats[puppet.id]
                self._leaves(puppet)
        if any(row.dispatcher_id == puppet.id for row in self.rows.values()):
            raise Broken(f"dispatcher {puppet.id} has signed off and holds SubTasks")

    def die(self, puppet: Puppet) -> None:
        """kill -9. What it has begun may still be accepted."""
        puppet.vanish()
        self.killed.append(puppet)
        self._leaves(puppet)

    def _leaves(self, puppet: Puppet) -> None:
        if puppet in self.puppets:
            self.puppets.remove(puppet)
            self.former.append(puppet)

    def recover(self) -> None:
        """Somebody looks after the dead."""
        dead = {pk for pk, at in self.heartbeats.items() if self.clock.now - at > LEASE}

        def expected(row: SubTaskRow) -> SubTaskRow:
            return row.recovered() if row.dispatcher_id in dead else row

        with self.step(exactly(expected)):
            if recovery.recover_dead() != len(dead):
                raise Broken("living dispatchers were declared dead, or dead ones were not")
            self.heartbeats = {pk: at for pk, at in self.heartbeats.items() if pk not in dead}

    def look_for_the_killed(self) -> None:
        """The supervisors of the killed find that their processes are gone: only what was begun
        and not answered is in doubt.
        """
        killed, self.killed = self.killed, []
        dead = {puppet.id for puppet in killed} & self.heartbeats.keys()

        def expected(row: SubTaskRow) -> SubTaskRow:
            if row.dispatcher_id not in dead:
                return row
            assert row.token is not None
            claim = Held(row.id, row.token)
            end = self._answers.get(claim)
            if end is not None and end.status == "sent":
                return row.becomes("sent")
            if claim in self._repeats or claim in self._begun and end is None:
                return row.recovered()
            return row.becomes("pending")

        with self.step(exactly(expected)):
            names = [start_log.Name(puppet.cluster, puppet.id) for puppet in killed]
            if sum(recovery.recover_gone(name) for name in names) != len(dead):
                raise Broken("a dispatcher whose process is gone was not recovered, or one twice")
            self.heartbeats = {pk: at for pk, at in self.heartbeats.items() if pk not in dead}

    # Lanes

    def start(self, puppet: Puppet, delivery: Delivery) -> None:
        """A lane takes up a delivery, waits for its slot and begins, if it may."""
        with self.step_outside():
            if puppet.start(delivery):
                self._begun.add(delivery.held)
                self.outside.started(delivery, self.clock.now)
                row = self.rows[delivery.claim.id]
                if not holds(puppet, delivery, row) or puppet.id not in self.heartbeats:
                    raise Broken(f"a message was begun that is not durably sending: {row}")
                if checks.transaction_is_open():
                    raise Broken("a message was begun while a transaction was open")

    def report(self, puppet: Puppet, delivery: Delivery, end: End) -> None:
        """A lane is done with a delivery."""
        with self.step_outside():
            self.ends[delivery] = end
            if delivery.held in self._begun and end.status != "sending":
                self._answers[delivery.held] = end
            if end.stored:
                self._reaches_the_provider(delivery)
            puppet.report(delivery, end.outcome)

    def accept_late(self, puppet: Puppet, delivery: Delivery) -> None:
        """The provider accepts what a dispatcher began that is gone by now."""
        with self.step_outside():
            self._reaches_the_provider(delivery)
            puppet.lane_of(delivery).begun.remove(delivery)

    def _reaches_the_provider(self, delivery: Delivery) -> None:
        """It is on its way for minutes at most: no connection lives for longer."""
        assert delivery.started_at is not None
        if self.clock.now - delivery.started_at < LONGEST_ON_ITS_WAY:
            service = next(each for each in self.services if each.pk == delivery.grant.service_id)
            self.outside.takes(delivery, self.clock.now, idempotency_window(service.provider))

    # Those who come too late

    def write_late(self) -> None:
        """Whoever held a SubTask once, and does not any more, tries to write about it."""
        held = {Held(row.id, row.token) for row in self.rows.values() if row.token}
        past = sorted(self._tokens - held)
        with self.step():
            changed = set(states.begin_sending(past))
            for status in ("sent", "pending", "failed", "sending"):
                reason = "rejected" if status == "failed" else ""
                changed |= states.settle(
                    Settlement(*each, SubTaskStatus(status), failure_reason=reason) for each in past
                )
        if changed:
            raise Broken(f"somebody wrote about {changed}, which it does not hold any more")

    def wake_up(self, puppet: Puppet) -> None:
        """A dispatcher that was declared dead comes back and goes on as if nothing had happened."""
        with self.step():
            puppet.tick()
            self._found_out(puppet)
