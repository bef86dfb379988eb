"""What a Python test says of faults -> rules, in the words of a scenario file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.scenario.faults import fault_of, fault_problem, told
from bpmax_sim.scenario.model import FaultRule
from bpmax_sim.session import Session
from bpmax_sim.transport.faults import Fault
from bpmax_sim.yamlfile import decode, read_yaml


def make_fault(on: str, *, call: int | str | None = None, **do: Any) -> Fault:
    """Return a rule such as ``make_fault("crm.create_order", call=2, token="expired")``.

    Args:
        on: ``platform.api``, ``platform.*`` or ``*``.
        call: which matching requests, from 1: a number, or a range such as ``1-2``.
        do: ``status``, ``headers``, ``body``, ``error``, ``after``, ``token``, ``delay``, ``drip``,
            as a scenario's ``do`` has them.

    Raises:
        ConfigError: if something of it is wrong.
    """
    written = {"on": on, "do": do} | ({} if call is None else {"call": call})
    problems: list[Problem] = []
    node = read_yaml(json.dumps(written, ensure_ascii=False), file="fault")
    rule = decode(node, FaultRule, problems)
    if rule is None or problems:
        raise ConfigError(*(Problem(one.message, path=one.path) for one in problems))
    if wrong := fault_problem(rule):
        raise ConfigError(f"fault on {on}: {wrong}")
    return fault_of(rule)


def marked_faults(node: pytest.Item) -> Iterator[Fault]:
    """Yield the rules of a test's markers ``bpmax_fault``, in the order they are written.

    Raises:
        ConfigError: if one is wrong.
    """
    for mark in reversed(list(node.iter_markers("bpmax_fault"))):
        given = dict(mark.kwargs)
        given |= given.pop("do", {})
        if len(mark.args) != 1 or not isinstance(mark.args[0], str):
            raise ConfigError("the marker bpmax_fault takes one target, such as 'crm.create_order'")
        yield make_fault(mark.args[0], **given)


class RunFaults:
    """Faults of one Python test; one that never fires fails it."""

    def __init__(self, session: Session, *, armed: bool) -> None:
        """Arm nothing yet; without *armed* nothing ever is."""
        self._session = session
        self._armed = armed
        self._rules: list[Fault] = []

    def add(self, on: str, *, call: int | str | None = None, **do: Any) -> None:
        """Arm a rule, in front of those already there; see `make_fault`.

        Raises:
            ConfigError: if something of it is wrong.
        """
        self.arm(make_fault(on, call=call, **do))

    def arm(self, rule: Fault) -> None:
        """Arm a rule that is made already."""
        if self._armed:
            self._session.arm((rule,))
            self._rules.append(rule)

    def disarm(self) -> str:
        """Take the rules away, and return what to say of those that never fired, or nothing."""
        silent = self._session.disarm(self._rules)
        self._rules = []
        made = ", ".join(dict.fromkeys(call.name for call in self._session.calls)) or "none"
        return "\n".join(
            f"fault never fired: {rule} -> {told(rule)} (calls made: {made})" for rule in silent
        )
