"""Run users' scripts, each in a context of its own, all on one scheduler and one thread.

A script goes through these states; `Runtime.run_until_idle` drives all scripts at once:

- *running*: a turn of the engine is in progress; only one script of all is in this state.
- *waiting*: the body has not ended (`ScriptRun.settled` is False), or calls of it are in flight, or
  timers that it has to wait for. Virtual time passes as long as any script is in this state.
- *idle*: the body has ended, and only intervals and timers of a page are left
  (`ScriptRun.has_ended_except_timers`). Its outcome is delivered now. Time passes for it only if
  a scenario step says so; what it does then is a further outcome (`take_outcomes_of_late_timers`).
- *over*: nothing is left, or the context was closed.

If no event is left while a script is waiting, nothing can ever resume it, because everything that
settles a promise is an event of the scheduler. So it is ended with an error, one script at a time.
"""

from __future__ import annotations

import hashlib
import math
import struct
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cache, lru_cache, partial
from itertools import chain
from typing import Any

from bpmax_sim.clock import SeedRanges
from bpmax_sim.errors import ConfigError
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.call_effects import Effect
from bpmax_sim.proxy.result import ResolvedCallValue
from bpmax_sim.script.channel import Engine, LiveObject, MakeEngine
from bpmax_sim.script.context import Begin, Context, ContextSettings, ScriptRun
from bpmax_sim.script.failure import Script
from bpmax_sim.script.hits import RaisedLimitEngine, ScriptHits
from bpmax_sim.script.limits import EngineError, Limits, find_default_stack_size, run_with_stack
from bpmax_sim.script.scheduler import Scheduler
from bpmax_sim.script.turn_result import Outcome, PendingTimer, UnawaitedCall

SHANGHAI = 8 * 3600.0


def make_quickjs(limits: Limits, sources: Sequence[str] = ()) -> Engine:
    """Return a new context of the default engine within *limits*.

    *sources* are the scripts that will run in it; their text decides which parts of the prelude
    (our JavaScript code) are loaded.
    """
    from bpmax_sim.script.engine import QuickJSNG  # noqa: PLC0415 - not before a script runs

    return QuickJSNG(limits, sources)


def find_expression_problem(text: str) -> str | None:
    """Return the syntax error of *text* as a JavaScript expression, or None; nothing is run."""
    wrong = _find_condition_syntax_error(text)
    # The engine complains about our parenthesis behind an incomplete text. If an operand behind it
    # mends the text, it only ended too early, and the message must not speak of a parenthesis.
    return (
        "unexpected end of the condition"
        if wrong and not _find_condition_syntax_error(f"{text} 0")
        else wrong
    )


def _find_condition_syntax_error(text: str) -> str:
    engine = make_quickjs(Limits())
    try:
        # `throw 0` keeps what is parsed from running. The arrow function gives `await` and `return`
        # the meaning that they have in a condition: none. The line ends keep a comment from
        # swallowing the parenthesis.
        engine.load(f"throw 0;(() => (\n{text}\n));")
    except EngineError as error:
        return error.message if error.name == "SyntaxError" else ""
    finally:
        engine.close()
    return ""


_PACKAGES = {"quickjs": "quickjs-ng", "v8": "mini-racer"}


@cache
def describe_engine(name: str) -> str:
    """Return name and version of the engine *name*, such as ``quickjs-ng 0.17.0.2``."""
    packages = [_PACKAGES[part.strip()] for part in name.split(",")]
    return ", ".join(f"{package} {_read_version(package)}".rstrip() for package in packages)


def _read_version(package: str) -> str:
    from importlib import metadata  # noqa: PLC0415 - not before a script runs

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def select_engine(name: str) -> MakeEngine:
    """Return a function that creates contexts of engine *name*: ``quickjs``, ``v8`` or both.

    With both, separated by a comma, each script runs in both, and a difference is an error.

    Raises:
        ConfigError: if the engine's optional package is not installed.
    """
    if name == "quickjs":
        return make_quickjs
    try:
        from bpmax_sim.script.v8 import V8  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigError(
            'the engine v8 needs mini-racer: pip install "bpmax-sim[engine-v8]"'
        ) from None
    if name == "v8":
        return V8
    from bpmax_sim.script.engine_comparison import BothEngines  # noqa: PLC0415 - imports this package's engines

    return lambda limits, sources: BothEngines(
        ("quickjs", make_quickjs(limits, sources)), ("v8", V8(limits, sources))
    )


class Page:
    """A form or the like whose scripts share one JavaScript context.

    They share globals and libraries, which run once. Timers that they set outlive them, and fire
    when a scenario step lets virtual time pass.

    Args:
        scripts: all scripts that may run in it; their text decides which parts the context needs.
    """

    def __init__(self, scripts: Sequence[Script] = ()) -> None:
        self.scripts = tuple(scripts)


@dataclass(eq=False)
class Runtime:
    """Starts and runs the scripts of one session; belongs to the thread that created it.

    Attributes:
        scheduler: runs calls and timers in the session's virtual time.
        begin: function that starts a ``$proxy`` call.
        limits: limits of each script.
        seed_ranges_of: returns for the number of a script the seeds of its random values, in order,
            each with the count of values at which the next seed takes over (None for the last).
        on_draw: called with the number of a script and how many random values it has drawn, when it
            draws its first and at each call after it.
        zone: local time of scripts, in seconds east of Greenwich.
        engine: function that creates a context.
        hits: counters of executed code (coverage), or None.
    """

    scheduler: Scheduler
    begin: Begin
    _: KW_ONLY
    limits: Limits = field(default_factory=Limits)
    seed_ranges_of: Callable[[int], SeedRanges] = lambda _number: ((0, None),)
    on_draw: Callable[[int, int], None] = lambda _number, _drawn: None
    zone: float = SHANGHAI
    engine: MakeEngine = make_quickjs
    hits: ScriptHits | None = None

    def __post_init__(self) -> None:
        self._watched: tuple[str, Callable[[], None]] | None = None
        self._started = 0
        self._single: dict[int, Context] = {}
        self._pages: dict[Page, Context] = {}
        self._later: list[Outcome] = []
        self._is_settling = False
        self._thread = threading.get_ident()

    def run(
        self,
        script: Script,
        *,
        libraries: Sequence[Script] = (),
        bindings: Mapping[str, LiveObject] | None = None,
        values: Mapping[str, Any] | None = None,
        page: Page | None = None,
    ) -> Outcome:
        """Run *script* and everything that it starts, until nothing is left to happen.

        Timers in the future stay if the script has a page. If this is called while other scripts
        run, the script runs as far as it can now, and `take_outcomes_of_late_timers` returns its
        later results.

        Args:
            script: body of an async function, as BPMAX stores it.
            libraries: global scripts that run before it, whose declarations the body sees.
            bindings: objects that the script can read and change, such as ``form``, by global name.
            values: further globals.
            page: context to run in, instead of one of its own.

        Raises:
            ConfigError: if called on another thread than the one that opened the session.
        """
        # The outcome may come after this returns, if this is a nested call: then it goes to
        # `_later`, as whoever waits for `outcomes` has gone.
        outcomes: list[Outcome] = []
        takers = [outcomes]
        self.start(
            script,
            lambda outcome: takers[-1].append(outcome),  # noqa: PLW0108 - the last one of then
            libraries=libraries,
            bindings=bindings,
            values=values,
            page=page,
        )
        self.run_until_idle()
        takers.append(self._later)
        return outcomes[0] if outcomes else Outcome()

    def start(
        self,
        script: Script,
        done: Callable[[Outcome], None],
        *,
        libraries: Sequence[Script] = (),
        bindings: Mapping[str, LiveObject] | None = None,
        values: Mapping[str, Any] | None = None,
        page: Page | None = None,
    ) -> None:
        """Plan to run *script* beside those that run already; *done* receives its first outcome.

        The other arguments are those of `run`. Outcomes of timers that fire after its end are
        returned by `take_outcomes_of_late_timers`.

        Raises:
            ConfigError: if called on another thread than the one that opened the session.
        """
        if threading.get_ident() != self._thread:
            raise ConfigError(
                "{name}: scripts run on the thread that opened the session; "
                "open a session of its own on this thread",
                name=script.name,
            )
        self._started = number = self._started + 1
        ended = partial(self._deliver_outcome, number, [done])
        run = ScriptRun(number, script, bindings or {}, ended, keeps_timers=page is not None)
        setting = ContextSettings(
            libraries=libraries,
            bindings=bindings or {},
            values=values or {},
            limits=self.limits,
            zone=self.zone,
            seed_parts=[
                (*_hash_to_seed_words(f"{seed}/{number}"), end)
                for seed, end in self.seed_ranges_of(number)
            ],
            on_draw=self.on_draw,
            hits=self.hits,
        )
        self.scheduler.call_soon(partial(self._start_in_context, run, setting, page))

    def run_until_idle(self, until: float = -math.inf) -> None:
        """Run everything that is due by now or by *until*, and everything that scripts wait for.

        A script that still waits afterwards can never go on, and ends with an error. Timers that
        only a scenario step lets fire stay. Called again while it runs (a step that acts during a
        call runs a script), it runs what is due and returns without waiting: the outer one waits.
        """
        if self._is_settling:
            self.scheduler.run(lambda: False, until)
            return
        self._is_settling = True
        self.scheduler.begin_wait()
        try:
            if self.limits.stack and self.limits.stack > find_default_stack_size():
                run_with_stack(
                    self.limits.stack, partial(self._run_until_idle_on_this_thread, until)
                )
            else:
                self._run_until_idle_on_this_thread(until)
        finally:
            self._is_settling = False

    def take_outcomes_of_late_timers(self) -> list[Outcome]:
        """Return the outcomes of timers that fired after their scripts ended, each only once."""
        due, self._later = self._later, []
        return due

    def watch(self, call: str, act: Callable[[], None]) -> None:
        """Call *act* whenever a call *call* (``platform.api``) of a script is in flight.

        So a scenario can change a form during a call. An empty name ends this.
        """
        self._watched = (call, act) if call else None

    def _begin_call_and_notify(
        self, program: CallSpec
    ) -> Generator[Effect, Any, ResolvedCallValue]:
        watched = self._watched
        if watched and not program.refusal and _is_call_named(watched[0], program):
            self.scheduler.call_soon(watched[1])
        return self.begin(program)

    def list_pending_timers(self) -> list[PendingTimer]:
        """Return the timers that fire only when a scenario step lets time pass, first due first."""
        waiting = (context.list_pending_timers() for context in self._list_open_contexts())
        return sorted(chain.from_iterable(waiting), key=lambda timer: timer.due)

    def is_promise_unused_by_page(self, call: UnawaitedCall) -> bool:
        """Return whether no script of the page has used the promise of *call* so far.

        True for a call of a script without a page, which nobody else can use.
        """
        numbers = (context.find_unused_calls() for context in self._pages.values())
        return not call.number or any(call.number in number for number in numbers)

    def close(self) -> None:
        """Close all contexts, including those of scripts that still run."""
        for context in self._list_open_contexts():
            context.close()
        self._single.clear()
        self._pages.clear()

    def _run_until_idle_on_this_thread(self, until: float) -> None:
        # `run_with_stack` may have moved the work to another thread: `start` is allowed there.
        home, self._thread = self._thread, threading.get_ident()
        try:
            self.scheduler.run(self._is_busy, until)
            # Nothing can happen any more, yet a script waits: end it. That may start others, such
            # as the next handler of the same event, so run everything again before ending another
            # one.
            while busy := next(self._find_runs_in_progress(), None):
                context, run = busy
                context.end_stuck_run(run, is_over_time=self.scheduler.has_waited_too_long)
                self.scheduler.run(self._is_busy, until)
        finally:
            self._thread = home

    def _find_runs_in_progress(self) -> Iterator[tuple[Context, ScriptRun]]:
        for context in self._list_open_contexts():
            for run in context.unfinished_runs:
                if not run.has_ended_except_timers:
                    yield context, run

    def _is_busy(self) -> bool:
        return any(self._find_runs_in_progress())

    def _list_open_contexts(self) -> tuple[Context, ...]:
        return (*self._pages.values(), *self._single.values())

    def _deliver_outcome(
        self, number: int, done: list[Callable[[Outcome], None]], outcome: Outcome, is_last: bool
    ) -> None:
        """Pass the first outcome of script *number* to the function in *done*, which is removed.

        Later outcomes are those of timers, and are kept for `take_outcomes_of_late_timers`. With
        *is_last* no other follows, so the context of a script without a page is closed.
        """
        # The context of a page stays, as later events run in it; only `close` frees it.
        if is_last and number in self._single:
            self._single.pop(number).close()
        if done:
            done.pop()(outcome)
        else:
            self._later.append(outcome)

    def _start_in_context(
        self, run: ScriptRun, setting: ContextSettings, page: Page | None
    ) -> None:
        """Start *run* in a context of its own, or in the shared context of *page*.

        A context that has to be created gets *setting*.
        """
        context = self._pages.get(page) if page is not None else None
        if context is None or not context.is_open:
            # After a script exceeded a limit its context is closed: the page gets a new one, in
            # which globals and libraries begin anew.
            others = page.scripts if page is not None else ()
            scripts = dict.fromkeys((*setting.libraries, run.script, *others))
            make = self.engine if self.hits is None else partial(RaisedLimitEngine, self.engine)
            context = Context(
                setting,
                engine=make(setting.limits, [script.source for script in scripts]),
                scheduler=self.scheduler,
                begin=self._begin_call_and_notify,
            )
            if page is not None and page.scripts:
                self._pages[page] = context
                context.is_page = True
            else:
                self._single[run.number] = context
        context.start(run, setting.seed_parts)


def _normalise_call_name(call: str) -> str:
    """Return *call* in lower case without underscores.

    ``getOrder`` and ``get_order`` are the same API.
    """
    return call.replace("_", "").lower()


def _is_call_named(name: str, program: CallSpec) -> bool:
    called = f"{program.platform}.{program.api}"
    return _normalise_call_name(name) == _normalise_call_name(called)


@lru_cache(maxsize=256)  # the runs of a scenario have the same
def _hash_to_seed_words(seed: str) -> tuple[int, ...]:
    return struct.unpack("<4I", hashlib.sha256(seed.encode()).digest()[:16])
