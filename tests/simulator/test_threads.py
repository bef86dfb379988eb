"""A simulator whose settings change while it answers another thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from bpmax_sim.errors import TransportError
from bpmax_sim.simulator.simulator import Simulator
from bpmax_sim.simulator.state import State, TenantCredentials
from tests.simulator.bench import CREDENTIALS, START, Bench, bench

LOGIN = "GET /cgi-bin/gettoken?corpid=ww1&corpsecret=corp-secret"
SOON = 0.2


class HeldClock:
    """A clock that the simulator asks while it answers, and that waits for the test."""

    def __init__(self) -> None:
        self.is_asked, self.may_go_on = threading.Event(), threading.Event()

    def now(self) -> float:
        self.is_asked.set()
        assert self.may_go_on.wait(10)
        return START


def change_while_it_answers(line: str, change: Callable[[Simulator], None]) -> State:
    """Return the state after *change*, which a thread makes while another sends *line*."""
    clock, known = HeldClock(), bench("qywx").simulator.platform
    tenants = [TenantCredentials("default", CREDENTIALS["qywx"])]
    simulator = Simulator(known, lambda: tenants, clock=clock)
    simulator.drop("before")

    def send() -> None:
        with suppress(TransportError):
            Bench(simulator, bench("qywx").clock).send(line)

    sender, changer = (
        threading.Thread(target=send),
        threading.Thread(target=change, args=(simulator,)),
    )
    sender.start()
    assert clock.is_asked.wait(10)
    changer.start()
    changer.join(SOON)  # without a lock it is done by now, and the response overwrites it
    clock.may_go_on.set()
    for thread in (sender, changer):
        thread.join(10)
    return simulator.state


def test_a_reset_forgets_also_what_is_being_answered() -> None:
    assert change_while_it_answers(LOGIN, Simulator.reset) == State()


def test_a_drop_that_is_used_up_does_not_come_back() -> None:
    state = change_while_it_answers("GET /cgi-bin/user/get", lambda one: one.drop("after"))

    assert state.knobs.drops == ("after",)
