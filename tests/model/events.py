"""What may happen to a small installation, each kind of event a method.

For a new kind, add a method; what may become of each SubTask is said by the step of the `World` that
it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

from dispatch.claiming.deliveries import Delivery
from dispatch.models import DecisionChoice
from tests.model import faults
from tests.model.hand_overs import ENDS, ENDS_BEFORE_IT_BEGAN
from tests.model.laboratory import StoppedClock
from tests.model.puppets import Puppet
from tests.model.staff import Staff
from tests.model.world import World

T = TypeVar("T")
Event = TypeVar("Event", bound=Callable[..., None])
WHICH = st.integers(0, 7)
"""Which of several, counted round."""

END = st.sampled_from([*["accepted"] * 3, *sorted(ENDS)])
INTERVALS = st.sampled_from(["0", "0.05", "0.3", "1", "20"])
LIMITS = st.fixed_dictionaries(
    {
        "sending_interval": INTERVALS,
        "burst": st.sampled_from([1, 3]),
        "daily_quota": st.sampled_from([None, 2, 5]),
    }
)
MOST_DISPATCHERS = 3


def pick(several: Sequence[T], which: int) -> T:
    return several[which % len(several)]


EVENTS: list[st.SearchStrategy[tuple[str, dict[str, Any]]]] = []


def happens(weight: int, **arguments: st.SearchStrategy[Any]) -> Callable[[Event], Event]:
    """A kind of event, drawn as often as its weight says."""

    def note(method: Event) -> Event:
        for _ in range(weight):
            EVENTS.append(st.tuples(st.just(method.__name__), st.fixed_dictionaries(arguments)))
        return method

    return note


class Events:
    clock: StoppedClock
    world: World
    staff: Staff

    # Dispatchers and their lanes

    @happens(8, who=WHICH, ends=st.lists(END, max_size=4))
    def work(self, who: int, ends: list[str]) -> None:
        """A dispatcher goes on for a while: it claims, begins what it can, gets some replies."""
        puppet = self._dispatcher(who)
        self.world.tick(puppet)
        self.world.tick(puppet)
        for delivery in list(puppet.waiting):
            self.world.start(puppet, delivery)
        for delivery, end in zip(list(puppet.begun), ends, strict=False):
            self.world.report(puppet, delivery, ENDS[end])

    @happens(3, who=WHICH)
    def tick(self, who: int) -> None:
        self.world.tick(self._dispatcher(who))

    @happens(
        5, who=WHICH, how=st.sampled_from(["reply lost", "rolled back", "beside others"]), at=WHICH
    )
    def a_tick_goes_wrong(self, who: int, how: str, at: int) -> None:
        puppet = self._dispatcher(who)
        if how == "reply lost":
            self.world.tick_without_reply(puppet)
        elif how == "rolled back":
            self.world.tick_in_vain(puppet)
        else:
            pending = [row.id for row in self.world.rows.values() if row.status == "pending"]
            services = [pick(self.world.services, at).pk] if at < 6 else []
            self.world.tick_beside_others(puppet, services, pending[at : at + 3])

    @happens(3, which=WHICH)
    def a_lane_begins(self, which: int) -> None:
        if deliveries := self._deliveries(lambda puppet: puppet.waiting):
            self.world.start(*pick(deliveries, which))
        else:
            self.world.tick(self._dispatcher(which))

    @happens(3, which=WHICH, end=END)
    def a_lane_is_done(self, which: int, end: str) -> None:
        if deliveries := self._deliveries(lambda puppet: puppet.begun):
            self.world.report(*pick(deliveries, which), ENDS[end])

    @happens(1, which=WHICH, end=st.sampled_from(sorted(ENDS_BEFORE_IT_BEGAN)))
    def a_lane_fails_before_it_begins(self, which: int, end: str) -> None:
        if deliveries := self._deliveries(lambda puppet: puppet.waiting):
            self.world.report(*pick(deliveries, which), ENDS_BEFORE_IT_BEGAN[end])

    @happens(3, who=WHICH, lost=END, ends=st.lists(END, max_size=4))
    def replies_are_lost_and_time_passes(self, who: int, lost: str, ends: list[str]) -> None:
        """So that what is in doubt may be repeated, where it may be at all."""
        self.work(who, ["no reply but stored", lost, "no reply", "no reply"])
        if self.world.puppets:
            self.world.tick(self._dispatcher(who))
        self.world.rest(61.0)
        self.work(who, ends)

    # Dispatchers that come and go

    @happens(3, who=WHICH, how=st.sampled_from(["dies", "signs off", "reply lost", "rolled back"]))
    def a_dispatcher_ends(self, who: int, how: str) -> None:
        """It is killed, or told to stop; perhaps the database fails just then."""
        puppet = self._dispatcher(who)
        if how == "dies":
            self.world.die(puppet)
        elif how == "reply lost":
            self.world.sign_off(puppet, faults.reply_lost(puppet.witness))
        elif how == "rolled back":
            self.world.sign_off(puppet, faults.rolled_back())
        else:
            self.world.sign_off(puppet)

    @happens(3, who=WHICH, is_at_work=st.booleans())
    def a_process_is_killed_and_its_supervisor_sees_it(self, who: int, is_at_work: bool) -> None:
        """Some of what it has marked as sending has begun, some has not."""
        puppet = self._dispatcher(who)
        if is_at_work:
            self.world.tick(puppet)
            self.world.tick(puppet)
            for delivery in list(puppet.waiting)[:2]:
                self.world.start(puppet, delivery)
        self.world.die(puppet)
        self.world.look_for_the_killed()

    @happens(1)
    def supervisors_look(self) -> None:
        self.world.look_for_the_killed()

    @happens(2, who=WHICH)
    def somebody_comes_too_late(self, who: int) -> None:
        """The former dispatchers, and everybody with a token that is not good any more."""
        orphaned = [(each, delivery) for each in self.world.former for delivery in each.begun]
        lost = [puppet for puppet in self.world.former if puppet.is_lost]
        if orphaned:
            self.world.accept_late(*pick(orphaned, who))
        if lost:
            self.world.wake_up(pick(lost, who))
        self.world.write_late()

    # Time

    @happens(6, seconds=st.sampled_from([0.01, 0.1, 0.25, 0.25, 0.9, 0.9, 3.0, 8.5, 11.0]))
    def time_passes(self, seconds: float) -> None:
        """And nobody does anything: dispatchers may lose their leases."""
        self.world.stall(seconds)

    @happens(
        1, seconds=st.sampled_from([61.0, 700.0, None]), before=st.sampled_from([0.0, 0.2, 0.8])
    )
    def much_time_passes(self, seconds: float | None, before: float) -> None:
        """Perhaps as far as a quota is nearly reset. There is nothing to be done, but leases are
        kept.
        """
        _, end = self.world.services[1].limits.period(self.clock.now)
        self.world.rest(seconds or (end - self.clock.now).total_seconds() - before)

    # Maintenance and staff

    @happens(2)
    def maintenance_runs(self) -> None:
        self.world.recover()
        self.staff.sweep()
        self.staff.complete()
        self.staff.fold()

    @happens(2, which=WHICH, verb=st.sampled_from(["pause", "resume", "resume", "cancel"]))
    def staff_steer_a_task(self, which: int, verb: str) -> None:
        getattr(self.staff, verb)(pick(self.world.tasks, which))

    @happens(1, which=WHICH)
    def what_failed_is_tried_again(self, which: int) -> None:
        self.staff.retry(pick(self.world.tasks, which))

    @happens(2, first=WHICH, count=st.integers(1, 8), choice=st.sampled_from(DecisionChoice))
    def a_person_decides(self, first: int, count: int, choice: DecisionChoice) -> None:
        self.staff.decide(sorted(self.world.rows)[first : first + count], choice)

    @happens(1, which=WHICH)
    def an_address_is_suppressed(self, which: int) -> None:
        self.staff.suppress(pick(list(self.world.rows.values()), which).address)

    @happens(2, which=WHICH, verb=st.sampled_from(["freeze", "unfreeze", "unfreeze", "switch"]))
    def staff_steer_a_service(self, which: int, verb: str) -> None:
        service = pick(self.world.services, which)
        if verb == "switch":
            self.staff.change(service, enabled=not service.enabled)
        else:
            getattr(self.staff, verb)(service)

    @happens(2, which=WHICH, limits=LIMITS)
    def limits_are_changed(self, which: int, limits: dict[str, object]) -> None:
        self.staff.change(pick(self.world.services, which), **limits)

    # What there is to choose from

    def _dispatcher(self, which: int) -> Puppet:
        """One of those that live, or a new one."""
        living = self.world.puppets
        if not living or which >= 6 and len(living) < MOST_DISPATCHERS:
            self.world.tick(self.world.join())
        return pick(living, which)

    def _deliveries(self, of: Callable[[Puppet], list[Delivery]]) -> list[tuple[Puppet, Delivery]]:
        return [(puppet, delivery) for puppet in self.world.puppets for delivery in of(puppet)]
