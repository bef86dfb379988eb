"""A search for calls that break a law: round by round with more examples, until time is over.

What broke a law is kept in the example database, so the next search begins with it. Hypothesis
shrinks what it finds; that ends when the time is over, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import msgspec
from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample, Unsatisfiable

from bpmax_sim.errors import ConfigError
from bpmax_sim.platform.load import read_platform
from bpmax_sim.session.scripts import read_script
from bpmax_sim.strategies.derived import loaded, together, wanted_apis
from bpmax_sim.strategies.fuzz.broken import LawBroken
from bpmax_sim.strategies.fuzz.case import Plain, plain
from bpmax_sim.strategies.fuzz.database import database
from bpmax_sim.strategies.fuzz.hold import hold_programs, hold_script
from bpmax_sim.strategies.fuzz.laws import LAWS
from bpmax_sim.strategies.fuzz.scripts import SCRIPT, situations
from bpmax_sim.strategies.fuzz.target import SIMULATE, Target, hang_up, target_of
from bpmax_sim.strategies.javascript import javascript

_FIRST_ROUND: Final = 5
_LARGEST_ROUND: Final = 320
"""When time is over, no more than the rest of a round is still drawn, and not tried."""
_SAFE: Final = frozenset({"GET", "HEAD"})


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is searched.

    Attributes:
        path: a platform file.
        api: the one API, in either style; empty for all.
        against: ``simulate``, or an address.
        allow_writes: whether a live system is also sent what may change something.
        scripts: files of scripts, and *libraries* those that run before each.
        laws: names of the laws that are tried; empty for all.
        seconds: how long.
        workers: processes.
        examples: where the example database is; see `database`.
    """

    path: Path
    api: str = ""
    against: str = SIMULATE
    allow_writes: bool = False
    scripts: tuple[Path, ...] = ()
    libraries: tuple[Path, ...] = ()
    laws: tuple[str, ...] = ()
    seconds: float = 60
    workers: int = 1
    examples: str


class Task(msgspec.Struct, frozen=True):
    """One law tried on one API, or on one script."""

    law: str
    api: str = ""
    script: str = ""

    def called(self, target: Target) -> str:
        """Return what it is tried on: ``crm.create_order``, or the script's file."""
        return Path(self.script).name if self.script else f"{target.key}.{self.api}"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A law that does not hold, and the least that breaks it.

    Attributes:
        call: the API, ``crm.create_order``, or the script's file.
        message: what is told, one line.
        javascript: the calls as a script makes them.
        calls, situation: as `hold` takes them.
    """

    platform: str
    call: str
    law: str
    message: str
    javascript: tuple[str, ...] = ()
    calls: tuple[Plain, ...] = ()
    script: str = ""
    situation: Mapping[str, Any] = msgspec.field(default_factory=dict)


class Tried(msgspec.Struct, frozen=True):
    """How many examples one task was tried with, and what it came to."""

    call: str
    law: str
    examples: int
    finding: Finding | None = None


def search(plan: Plan) -> list[Tried]:
    """Search as *plan* says, and return what was tried, in the order of APIs and laws.

    Raises:
        ConfigError: a file or an option is wrong, or no value fits what is declared.
    """
    until = time.monotonic() + plan.seconds
    tasks = list(tasks_of(plan))
    count = max(1, min(plan.workers, len(tasks)))
    if count == 1:
        return searched(plan, tasks, until - time.monotonic())
    left = until - time.monotonic()
    shares = [tasks[number::count] for number in range(count)]
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        parts = list(pool.map(searched, [plan] * count, shares, [left] * count))
    return [parts[number % count][number // count] for number in range(len(tasks))]


def tasks_of(plan: Plan) -> Iterator[Task]:
    """Yield what there is to try: every law that says something of an API, and every script.

    Raises:
        ConfigError: a file is wrong, or there is no such API.
    """
    target = _target(plan)
    for api in wanted_apis(target.platforms, target.platform, plan.api, path=plan.path):
        for name, law in LAWS.items():
            is_live = plan.against != SIMULATE
            allowed = not is_live or (law.live and (plan.allow_writes or api.method in _SAFE))
            if allowed and (not plan.laws or name in plan.laws) and law.applies(target, api):
                yield Task(name, api=api.key)
    for script in plan.scripts:
        if not plan.laws or SCRIPT in plan.laws:
            yield Task(SCRIPT, script=str(script))


def _target(plan: Plan) -> Target:
    known = together(plan.path) if plan.scripts else loaded(plan.path)
    return target_of(known, read_platform(plan.path).platform_key, plan.against)


def searched(plan: Plan, tasks: Sequence[Task], seconds: float) -> list[Tried]:
    """Try *tasks* in turn, each round with more examples, and return what came of each."""
    until = time.monotonic() + seconds
    target = _target(plan)
    hunts = [_hunt(target, task, plan) for task in tasks]
    kept = settings(
        database=database(plan.examples),
        deadline=None,
        derandomize=False,  # which is on where CI is set, and would leave the database out
        max_examples=_FIRST_ROUND,
        phases=(Phase.reuse, Phase.generate, Phase.target, Phase.shrink),
        print_blob=False,
    )
    size = _FIRST_ROUND
    try:
        while time.monotonic() < until and any(hunt.finding is None for hunt in hunts):
            _round(hunts, settings(kept, max_examples=size), until)
            size = min(2 * size, _LARGEST_ROUND)
    finally:
        hang_up()
    return [Tried(hunt.call, hunt.law, hunt.examples, hunt.finding) for hunt in hunts]


def _round(hunts: Sequence[_Hunt], how: settings, until: float) -> None:
    for hunt in hunts:
        if hunt.finding is None and time.monotonic() < until:
            hunt.go(how, until)


class _Hunt(msgspec.Struct):
    """One task under way.

    Attributes:
        drawn: what the law is tried with.
        hold: holds the law against one example.
        tell: returns the fields of a finding that tell of an example, which identify it, too.
    """

    target: Target
    call: str
    law: str
    drawn: st.SearchStrategy[Any]
    hold: Callable[[Any], None]
    tell: Callable[[Any], dict[str, Any]]
    examples: int = 0
    finding: Finding | None = None
    _until: float = 0.0
    _known: dict[str, str] = msgspec.field(default_factory=dict)

    def go(self, how: settings, until: float) -> None:
        """Try more examples, and keep the least that breaks the law.

        Raises:
            ConfigError: no value fits what is declared.
        """
        self._until = until
        key = f"bpmax-sim fuzz {self.call} {self.law}".encode()
        try:
            least = find(self.drawn, self._breaks, settings=how, database_key=key)
        except NoSuchExample:
            return
        except Unsatisfiable:
            raise ConfigError(
                f"{self.call}: no value fits what is declared of its parameters; "
                "see their enum, format and schema"
            ) from None
        self.finding = Finding(
            platform=self.target.key,
            call=self.call,
            law=self.law,
            message=self._known[self._shown(least)],
            **self.tell(least),
        )

    def _breaks(self, example: Any) -> bool:
        """Return whether *example* breaks the law; when time is over, only what is known does."""
        shown = self._shown(example)
        if shown in self._known:
            return True
        if time.monotonic() > self._until:
            return False
        self.examples += 1
        try:
            self.hold(example)
        except LawBroken as error:
            self._known[shown] = str(error)
            return True
        return False

    def _shown(self, example: Any) -> str:
        return repr(self.tell(example))


def _hunt(target: Target, task: Task, plan: Plan) -> _Hunt:
    if task.script:
        files = (task.script, *map(str, plan.libraries))
        source = "\n".join(read_script(one).source for one in files)
        return _Hunt(
            target,
            task.called(target),
            task.law,
            situations(source),
            lambda found: hold_script(target, files, found),
            lambda found: {"script": task.script, "situation": found},
        )
    return _Hunt(
        target,
        task.called(target),
        task.law,
        LAWS[task.law].draw(target, target.platform.apis[task.api]),
        lambda programs: hold_programs(target, task.law, programs),
        lambda programs: {
            "calls": tuple(map(plain, programs)),
            "javascript": tuple(map(javascript, programs)),
        },
    )
