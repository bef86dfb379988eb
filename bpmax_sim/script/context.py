"""A context and the scripts that run in it: a single script, or all scripts of a page at once.

A `Context` has one engine. Each script body in it is a `ScriptRun`, which owns its calls, timers
and console lines, and those of other bodies that a turn of it resumes.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

from bpmax_sim.errors import (
    BpmaxError,
    CallError,
    NoMatchError,
    Place,
    ScriptError,
    ScriptLimitError,
)
from bpmax_sim.i18n import msg
from bpmax_sim.js_values import UNDEFINED, decode_tagged, encode_tagged, holds_promise
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.proxy.call_effects import Effect
from bpmax_sim.proxy.result import ResolvedCallValue, to_rejection_properties
from bpmax_sim.script.channel import Channel, Engine, LiveObject, SentLiveObjects
from bpmax_sim.script.failure import ErrorFactory, PlacedScript, PlacedScripts, Script
from bpmax_sim.script.hits import ContextHits, ScriptHits
from bpmax_sim.script.limits import (
    EngineError,
    Limits,
    find_budget,
    make_budget_error,
    make_time_error,
)
from bpmax_sim.script.scheduler import ScheduledEvent, Scheduler
from bpmax_sim.script.turn_result import (
    AbsentMember,
    AbsentRead,
    BodyLeftovers,
    BodyReturnValue,
    CallEntry,
    ConsoleEntry,
    ConsoleLine,
    FieldWrite,
    MalformedError,
    Outcome,
    PendingPromiseTraces,
    PendingTimer,
    PromiseMemberRead,
    PromiseRead,
    PromiseWrite,
    RandomDrawCount,
    RefusedCall,
    ScriptBodyError,
    TimerCancel,
    TimerEntry,
    TimerError,
    TimerFired,
    UnawaitedCall,
    UncalledChain,
    UnrankedCharacter,
    UnrankedCharacterEntry,
)

Begin = Callable[[CallSpec], Generator[Effect, Any, ResolvedCallValue]]
PROMPT = 1
"""The milliseconds of ``setTimeout(work, 0)``, as Node counts: what is due now."""


class ContextSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a new context of the engine is created with.

    Attributes:
        libraries: global scripts, which run before the first body.
        bindings: live objects by global name; each run may have others of the same shape.
        values: further globals by name, which scripts get as copies.
        limits: limits of each script.
        zone: seconds east of Greenwich.
        seed_parts: seeds of the random values of the first body. Each is a list of four 32-bit
            words, not all zero, and the index of the value from which on the next seed is used;
            None for the last one.
        on_draw: called with a script's number and the number of random values that it has drawn:
            before the first draw with 0, then at its calls.
        hits: counters of executed code (coverage), or None.
    """

    libraries: Sequence[Script] = ()
    bindings: Mapping[str, LiveObject] = msgspec.field(default_factory=dict)
    values: Mapping[str, Any] = msgspec.field(default_factory=dict)
    limits: Limits = msgspec.field(default_factory=Limits)
    zone: float
    seed_parts: Sequence[Sequence[int | None]]
    on_draw: Callable[[int, int], None] = lambda _number, _drawn: None
    hits: ScriptHits | None = None


class _ActiveTimer(msgspec.Struct, frozen=True):
    """A timer that was set and has not fired yet.

    Attributes:
        event: its event in the scheduler.
        delay: milliseconds.
        repeat: whether it is an interval.
        place: line that set it.
    """

    event: ScheduledEvent
    delay: int
    repeat: bool
    place: Place | None


class ScriptRun:
    """One run of a script's body: its calls and timers in progress, and its results so far.

    The results are those since the outcome that was last taken (`take_outcome`).

    Attributes:
        objects: live objects that the body sees.
        done: called with each outcome, and whether it is the last one.
        keeps_timers: whether the run counts as ended while timers are left that fire later; they do
            so when a scenario step lets time pass. Else the run waits for them.
        settled, over: whether the body has ended, and whether nothing else can follow.
        flights: numbers of its calls in flight.
    """

    def __init__(
        self,
        number: int,
        script: Script,
        objects: Mapping[str, LiveObject],
        done: Callable[[Outcome, bool], None],
        *,
        keeps_timers: bool,
    ) -> None:
        self.number, self.script = number, script
        self.objects = objects
        self.done = done
        self.keeps_timers = keeps_timers
        self.settled = self.over = False
        self.value: Any = UNDEFINED
        self.error: BpmaxError | None = None
        self.took = 0.0
        self.place: Place | None = None  # where the script was last seen
        self.calls: dict[int, UnawaitedCall] = {}
        self.fresh: list[int] = []  # calls since the outcome was told
        self.flights: set[int] = set()
        self.forgotten: dict[int, UnawaitedCall] = {}
        self.absent_reads: list[AbsentRead] = []
        self.unranked: list[UnrankedCharacter] = []
        self.misread: dict[int, PromiseMemberRead] = {}  # the first one of each call
        self.timers: dict[int, _ActiveTimer] = {}
        self.fired: list[TimerFired] = []
        self.promise_traces: list[tuple[str, str]] = []
        self.console: list[ConsoleLine] = []
        self.unhandled: list[ScriptError] = []
        self.built: list[UnawaitedCall] = []
        self.refused: list[CallSpec] = []
        self.unresolved: dict[str, Place | None] = {}
        self.left_over: set[int] = set()  # calls in flight when the body ended

    @property
    def has_ended_except_timers(self) -> bool:
        """Whether the body has ended, and only timers that wait for a scenario step are left."""
        return (
            self.settled
            and not self.flights
            and not any(map(self._waits_for, self.timers.values()))
        )

    def _waits_for(self, timer: _ActiveTimer) -> bool:
        """Return whether the run can only end after *timer* has fired."""
        return not timer.repeat and (not self.keeps_timers or timer.delay <= PROMPT)

    def stop_timers(self) -> None:
        """Cancel all timers of the run."""
        for timer in self.timers.values():
            timer.event.cancel()
        self.timers.clear()

    def start_new_change_chain(self) -> None:
        """Let later writes to a form begin a new chain of changes.

        In a change handler a write belongs to the chain of the change that is handled; a chain that
        goes round in a circle is cut. What a timer writes later is no part of it.
        """
        self.objects = {
            name: later() if (later := getattr(live, "later", None)) else live
            for name, live in self.objects.items()
        }

    def find_read_of_unused_promise(self, unused_calls: Sequence[int]) -> PromiseMemberRead | None:
        """Return the first read of a member of an unused call's promise.

        *unused_calls* are the numbers of the unused calls. None if there was no such read.
        """
        return next((self.misread[n] for n in sorted(unused_calls) if n in self.misread), None)

    def take_outcome(self) -> Outcome:
        """Return the results since the last call of this method, and clear them."""
        outcome = Outcome(
            value=self.value,
            error=self.error,
            console=tuple(self.console),
            timers=tuple(self.fired),
            unawaited=(*self.forgotten.values(), *self.built),
            unhandled=tuple(self.unhandled),
            absent_reads=tuple(self.absent_reads),
            unranked=tuple(self.unranked),
        )
        told = (self.console, self.fired, self.built, self.unhandled, self.absent_reads)
        for entries in (*told, self.unranked):
            entries.clear()
        self.forgotten.clear()
        self.error = None
        return outcome


class Context:
    """An engine's context in which script bodies run, until it is closed or one exceeds a limit.

    A body is what users write: the inside of an async function. `ScriptRun.done` is called with its
    outcome at its end, even if timers are left that fire only when a scenario step lets time pass,
    and again when these fire; its second argument says if all is over.

    The engine is entered in turns. A turn is one operation of the prelude (our JavaScript code),
    such as starting a body or settling a call, with all microtasks after it; its entries are what
    scripts did meanwhile. Scripts of one page (a form or the like) share one context, so one turn
    can go on with several bodies: a settled call resumes whoever awaits it. Entries belong to the
    run of the turn; ends of bodies are reported with the number of their run.

    Users' code may have changed anything in the engine that writes what crosses: each number in it
    is checked, and one that does not fit is a `MalformedError`, which ends the context and not the
    process.
    """

    def __init__(
        self,
        setting: ContextSettings,
        *,
        engine: Engine,
        scheduler: Scheduler,
        begin: Begin,
    ) -> None:
        self._setting = setting
        self._scheduler = scheduler
        self._begin = begin
        self._hits = ContextHits(setting.hits) if setting.hits is not None else None
        self._sources = PlacedScripts(
            setting.libraries, *([setting.hits.add_counters_to_script] if setting.hits else [])
        )
        self._libraries = tuple(self._sources.placed)
        self._bodies: dict[Script, PlacedScript] = {}
        self._failures = ErrorFactory(self._sources, "", setting.limits)
        self._mirror = SentLiveObjects(setting.bindings)
        self._channel = Channel(engine, self._mirror, scheduler.clock.now)
        self._runs: dict[int, ScriptRun] = {}
        self._owners: dict[int, ScriptRun] = {}  # of calls
        # when the processor time was last counted anew
        self._waited = scheduler.real_seconds_without_call
        self.is_page = False
        self._is_new = True
        self._shared_calls: set[int] = set()  # that nobody had taken when their scripts ended
        self._drawing = 0  # whose sequence chance is

    @property
    def is_open(self) -> bool:
        """Whether the context still has an engine in which bodies can run."""
        return self._channel.is_open

    @property
    def unfinished_runs(self) -> Sequence[ScriptRun]:
        """Return the runs of script bodies that have not ended, in the order of their start."""
        return tuple(self._runs.values())

    def start(self, run: ScriptRun, seed_parts: Sequence[Sequence[int | None]]) -> None:
        """Run a body until it first waits; before the context's first body, its libraries run.

        *seed_parts* are the seeds of the random values that it draws; for the first body, those in
        the settings of the context are used instead.
        """
        self._drawing = run.number
        self._runs[run.number] = run
        fresh = run.script not in self._bodies
        if fresh:
            self._bodies[run.script] = self._sources.add(run.script)
        placed = self._bodies[run.script]
        files = [_describe_file(placed)] if fresh else []
        # The first script opens the context: its file and its seeds go with the settings.
        if self._is_new:
            self._open_with_libraries(run, [*map(_describe_file, self._libraries), *files])
            self._is_new, files, seed_parts = False, [], ()
        self._channel.reset_time_limits()
        self._declare_counters(placed)
        self._run_turn(
            run,
            "run",
            start=placed.start,
            source=placed.engine_code,
            files=files,
            **({"parts": seed_parts} if seed_parts else {}),
            **({"counted": True} if self._hits is not None else {}),
        )

    def _open_with_libraries(self, run: ScriptRun, files: list[dict[str, Any]]) -> None:
        setting = self._setting
        self._failures.name = run.script.name
        try:
            self._channel.send_settings_and_objects(
                zone=round(setting.zone * 1000),
                parts=setting.seed_parts,
                values=encode_tagged(dict(setting.values)),
                files=files,
                **({"counted": True} if self._hits is not None else {}),
            )
            for library in self._libraries:
                self._failures.name = library.script.name
                self._declare_counters(library)
                self._channel.load(library.padded_code)
        except EngineError as error:
            self._abort_context(run, self._failures.make_engine_error(error))

    def _declare_counters(self, placed: PlacedScript) -> None:
        if self._hits is not None and placed.counted is not None:
            self._hits.declare(placed.script, placed.counted, self._channel.load)

    def _close_channel(self) -> None:
        if self._hits is not None:
            self._channel.reset_time_limits()
            self._hits.collect_counts(self._channel.load, self._sources)
        self._channel.close()

    def close(self) -> None:
        """Cancel all timers and close the engine; no *done* is called any more."""
        for run in self.unfinished_runs:
            run.over = True
            run.stop_timers()
        self._runs.clear()
        self._owners.clear()
        self._close_channel()

    def find_unused_calls(self) -> set[int]:
        """Return the numbers of calls whose promises no script of this page has used so far.

        A page is a form or the like whose scripts share this context, so a later script may use
        the promise of an earlier one.
        """
        if not self._shared_calls or not self.is_open:
            return self._shared_calls
        self._channel.reset_time_limits()
        reply = self._channel.run_turn("end", run=0, calls=sorted(self._shared_calls))
        ends = [entry for entry in reply.entries if isinstance(entry, BodyLeftovers)]
        return {number for end in ends for number in end.unseen}

    def list_pending_timers(self) -> list[PendingTimer]:
        """Return the timers that fire only when a scenario step lets time pass."""
        return [
            PendingTimer(timer.delay / 1000, timer.repeat, timer.place, timer.event.instant)
            for run in self.unfinished_runs
            for timer in run.timers.values()
        ]

    def end_stuck_run(self, run: ScriptRun, *, is_over_time: bool = False) -> None:
        """End *run* with an error at the line that waits for a promise that nothing can settle.

        With *is_over_time* it waited longer in real time than it may.

        The line is found by two operations of the prelude (our JavaScript code). ``probe`` rejects
        each pending promise of the run, so that every line that waits throws; whatever the script's
        handlers do then is not reported. The stacks are there only after the microtasks that
        follow, and ``probed`` reads them.
        """
        timers = [timer.place for timer in run.timers.values() if timer.place]
        if not run.settled:
            run.settled = True
            self._run_turn(run, "probe")
            self._run_turn(run, "probed")
            if not is_over_time:
                run.error = run.error or self._failures.make_pending_error(run.promise_traces)
        if is_over_time:
            place = timers[0] if timers else run.place
            run.error = run.error or self._failures.make_real_wait_error(run.promise_traces, place)
        self._finish_run(run)

    def _run_turn(self, run: ScriptRun, operation: str, **argument: Any) -> None:
        """Run *operation* of the prelude for *run*; deliver the outcomes of runs that ended in it.

        The prelude is our JavaScript code, and *argument* has the members of the operation's
        argument. Its time counts for *run*; if that exceeds the limit of real time, the context is
        closed.
        """
        if not self._channel.is_open:
            self._deliver_outcome_if_ended(run)
            return
        self._failures.name = run.script.name
        started = time.monotonic()
        ended = self._run_turn_and_list_ended_runs(run, operation, argument)
        run.took += time.monotonic() - started
        if run.took > self._setting.limits.wall and not run.over:
            limit = make_time_error(self._setting.limits, is_wall=True)
            self._abort_context(run, self._failures.make_engine_error(limit))
        # `_finish_run` itself runs `end`, and `end_stuck_run` the probes.
        if operation not in {"probe", "probed", "end"}:
            self._deliver_outcome_if_ended(run)
        for other in ended:
            if other is not run:
                self._deliver_outcome_if_ended(other)

    def _run_turn_and_list_ended_runs(
        self, run: ScriptRun, operation: str, argument: Mapping[str, Any]
    ) -> list[ScriptRun]:
        """Run one operation of the prelude (our JavaScript code), such as ``run`` or ``settle``.

        Handle each entry of the outbox that comes back, the list of what scripts did in the turn
        (calls, writes, timers …). *argument* are the operation's own members of the JSON object
        that goes in. Return the runs whose bodies ended in it.
        """
        ended: list[ScriptRun] = []
        try:
            reply = self._channel.run_turn(operation, run=run.number, **argument)
            for entry in reply.entries:
                # A write that the form refuses closes the context: skip what follows.
                if self._channel.is_open:
                    _ENTRIES[type(entry)](self, run, entry)
            ended = [self._end_body(number, ending) for number, ending in reply.endings.items()]
        except EngineError as error:
            self._abort_context(run, self._failures.make_engine_error(error))
        except MalformedError as error:
            self._abort_context(run, self._failures.make_changed_builtins_error(error, run.place))
        except RecursionError:
            self._abort_context(run, self._failures.make_deep_value_error(run.place))
        except ValueError as error:
            self._abort_context(run, self._failures.make_unreadable_value_error(error, run.place))
        return ended

    def _end_body(self, number: int, ending: BodyReturnValue | ScriptBodyError) -> ScriptRun:
        """Store how the body of run *number* ended, its value or error, and return the run."""
        run = self._runs.get(number)
        if run is None:
            raise MalformedError("a script ended that does not run: {number}", number=number)
        if run.settled:
            return run
        value = decode_tagged(ending.value) if isinstance(ending, BodyReturnValue) else UNDEFINED
        run.settled = True
        # Calls in flight at the end were made by functions that the body did not await; see
        # `_note_unawaited_helpers`.
        if isinstance(ending, BodyReturnValue):
            run.left_over |= run.flights
            run.value = value
            if holds_promise(value):
                run.unresolved[msg("what the script returned")] = run.place
            return run
        if ending.is_syntax and ending.error:
            run.error = self._failures.make_syntax_error(ending.error)
        else:
            run.error = self._failures.make_uncaught_error(ending.error)
        if isinstance(run.error, ScriptLimitError):
            self._abort_context(run, run.error)
        elif not run.keeps_timers:
            run.stop_timers()
        return run

    def _abort_context(self, run: ScriptRun, error: ScriptError) -> None:
        """Close the context because *run* failed with *error*; all other runs in it end too."""
        for active in self.unfinished_runs:
            was_settled = active.settled
            active.settled = True
            # A body that has ended keeps its result; it only loses its timers and calls.
            if active is run or not was_settled:
                active.error = error
            active.stop_timers()
        self._close_channel()
        for active in self.unfinished_runs:
            if active is not run:
                self._deliver_outcome_if_ended(active)

    def _count_and_check_budget(self, name: str) -> bool:
        budget = find_budget(self._setting.limits)
        if budget is None:
            return True
        is_in_time = budget.spend_virtual_time_until(self._scheduler.clock.now())
        return budget.spend(name) and is_in_time

    def _abort_context_over_budget(self, run: ScriptRun) -> None:
        budget = find_budget(self._setting.limits)
        assert budget is not None, "called only where one is exceeded"
        self._abort_context(run, self._failures.make_engine_error(make_budget_error(budget)))

    def _deliver_outcome_if_ended(self, run: ScriptRun) -> None:
        """Pass the outcome of *run* to `ScriptRun.done` if there is nothing more to wait for.

        Its body has ended then, no call is in flight, and at most timers are left that fire when a
        scenario step lets time pass. Without such timers the run is over.
        """
        if run.has_ended_except_timers and not run.over:
            if run.timers:
                run.done(self._take_outcome_with_unused_calls(run), False)
            else:
                self._finish_run(run)

    def _finish_run(self, run: ScriptRun) -> None:
        if run.over:
            return
        run.over = True
        run.stop_timers()
        outcome = self._take_outcome_with_unused_calls(run)
        self._runs.pop(run.number, None)
        run.done(outcome, True)

    def _take_outcome_with_unused_calls(self, run: ScriptRun) -> Outcome:
        """Return the results of *run* since the last outcome, and clear them.

        The engine is first asked which calls' promises no script used. That is known only now:
        until its end a script may still await what it began (``const p = call(); …; await p``).
        """
        self._run_turn(run, "end", calls=run.fresh)
        run.fresh = []
        return run.take_outcome()

    # What the prelude queues.

    def _locate_entry(
        self,
        run: ScriptRun,
        entry: CallEntry
        | RefusedCall
        | FieldWrite
        | ConsoleEntry
        | TimerEntry
        | PromiseRead
        | AbsentMember
        | UnrankedCharacterEntry
        | PromiseWrite,
    ) -> Place | None:
        place = self._sources.locate(entry.row, entry.column)
        run.place = place or run.place
        return place

    def _start_call(self, run: ScriptRun, entry: CallEntry) -> None:
        number, place = entry.number, self._locate_entry(run, entry)
        if len(run.calls) >= self._setting.limits.calls:
            self._abort_context(run, self._failures.make_call_limit_error(place))
            return
        if number in self._owners:
            raise MalformedError("call {number} is made twice", number=number)
        options = decode_tagged(entry.options)
        if not isinstance(options, dict):
            raise MalformedError("the options of a call are not an object")
        if (entry.steps is None) is (entry.args is None):
            raise MalformedError("a call is neither direct nor chained")
        program = CallSpec(
            platform=entry.platform,
            options=options,
            api=entry.api,
            steps=tuple((setter, decode_tagged(value)) for setter, value in entry.steps or ()),
            args=None if entry.args is None else tuple(decode_tagged(entry.args)),
            position=place,
        )
        if not self._count_and_check_budget("calls"):
            self._abort_context_over_budget(run)
            return
        run.calls[number] = UnawaitedCall(f"{program.platform}.{program.api}", place)
        run.fresh.append(number)
        run.flights.add(number)
        self._owners[number] = run
        self._scheduler.start_call(self._begin(program), partial(self._settle_call, run, number))

    def _log_refused_call(self, run: ScriptRun, entry: RefusedCall) -> None:
        """Log a call that was rejected before it was sent, once for each line that makes it.

        It is begun like any call, so that it is in the log of calls, but ends at once with the
        refusal. The script has got that error already, so it is not delivered again.
        """
        program = CallSpec(
            platform=entry.platform,
            api=entry.api,
            position=self._locate_entry(run, entry),
            refusal=entry.message,
        )
        if program not in run.refused and len(run.refused) < self._setting.limits.calls:
            run.refused.append(program)
            self._scheduler.start_call(self._begin(program), lambda _answer, _error: None)

    def _settle_call(
        self, run: ScriptRun, number: int, value: ResolvedCallValue | None, error: Exception | None
    ) -> None:
        """Fulfil the promise of call *number* with *value*, or reject it with *error*."""
        run.flights.discard(number)
        if value is not None:
            settled: list[Any] = [True, *_encode_call_value(value)]
        elif isinstance(error, BpmaxError):
            self._failures.rejected[number] = error
            settled = [False, "", encode_tagged(_make_rejection_fields(error))]
        elif isinstance(error, RecursionError):
            self._abort_context(run, self._failures.make_deep_value_error(run.calls[number].place))
            self._deliver_outcome_if_ended(run)
            return
        else:
            raise error or AssertionError(
                msg("call {number} ended without a response", number=number)
            )
        self._run_turn(run, "settle", calls=[[number, *settled]])

    def _apply_write(self, run: ScriptRun, entry: FieldWrite) -> None:
        place = self._locate_entry(run, entry)
        if entry.index >= len(self._mirror.names):
            raise MalformedError("a field is set of an object that is not there")
        try:
            self._mirror.write(run.objects, entry.index, entry.name, entry.value, place)
        except RecursionError:
            raise
        except Exception as error:  # noqa: BLE001 - a live object may raise anything
            path = f"{self._mirror.names[entry.index]}.{entry.name}"
            self._abort_context(run, self._failures.make_refused_write_error(error, path, place))

    def _log_console(self, run: ScriptRun, entry: ConsoleEntry) -> None:
        text = decode_tagged(entry.text)
        if not isinstance(text, str):
            raise MalformedError("a line of the console is not a text")
        run.console.append(
            ConsoleLine(
                entry.level,
                text,
                tuple(decode_tagged(entry.values)),
                at=self._scheduler.clock.now(),
                order=self._scheduler.clock.next_seq(),
                place=self._locate_entry(run, entry),
            )
        )

    def _set_timer(self, run: ScriptRun, entry: TimerEntry) -> None:
        place = self._locate_entry(run, entry)
        if any(entry.number in run.timers for run in self._runs.values()):
            raise MalformedError("timer {number} is set twice", number=entry.number)
        self._schedule_timer(run, entry.number, entry.delay, entry.repeat, place)

    def _schedule_timer(
        self, run: ScriptRun, number: int, delay: int, repeat: bool, place: Place | None
    ) -> None:
        due = self._scheduler.clock.now() + delay / 1000
        event = self._scheduler.call_at(due, partial(self._fire_timer, run, number))
        run.timers[number] = _ActiveTimer(event, delay, repeat, place)

    def _fire_timer(self, run: ScriptRun, number: int) -> None:
        timer = run.timers.pop(number)
        # Planned before the callback runs, which may clear it.
        if timer.repeat:
            self._schedule_timer(run, number, timer.delay, timer.repeat, timer.place)
        clock = self._scheduler.clock
        if not self._count_and_check_budget("timers"):
            self._abort_context_over_budget(run)
            self._deliver_outcome_if_ended(run)
            return
        run.fired.append(TimerFired(timer.delay / 1000, timer.place, clock.now(), clock.next_seq()))
        # `setTimeout(f, 0)` still belongs to the change that set it. What a later timer writes
        # begins a new chain of changes.
        if timer.delay > PROMPT:
            run.start_new_change_chain()
        self._reset_limits_after_long_wait(run)
        self._failures.timer = timer.place
        self._run_turn(run, "fire", id=number)
        self._failures.timer = None

    def _reset_limits_after_long_wait(self, run: ScriptRun) -> None:
        """Count the time of *run* anew once it has waited as long as it may use the processor.

        A timer that sets itself again then ends at the limit of waiting, and not at that of the
        processor, which its many short turns would reach first. It still ends: the processor time
        is at most the sum of both limits.
        """
        if self._scheduler.real_seconds_without_call - self._waited >= self._setting.limits.cpu:
            self._waited, run.took = self._scheduler.real_seconds_without_call, 0.0
            self._channel.reset_time_limits()

    def _cancel_timer(self, run: ScriptRun, entry: TimerCancel) -> None:
        owner = next((run for run in self.unfinished_runs if entry.number in run.timers), None)
        if owner is None:
            return
        owner.timers.pop(entry.number).event.cancel()
        # Its owner may have nothing left to wait for. As an event, because this turn still runs.
        if owner is not run:
            self._scheduler.call_soon(partial(self._deliver_outcome_if_ended, owner))

    def _apply_timer_error(self, run: ScriptRun, entry: TimerError) -> None:
        run.unhandled.append(self._failures.make_uncaught_error(entry.error))

    def _store_promise_traces(self, run: ScriptRun, entry: PendingPromiseTraces) -> None:
        run.promise_traces = entry.promise_traces

    def _note_absent_member(self, run: ScriptRun, entry: AbsentMember) -> None:
        if entry.index >= len(self._mirror.names):
            raise MalformedError("a member is read of an object that is not there")
        owner, place = self._mirror.names[entry.index], self._locate_entry(run, entry)
        owner = f"{owner}.{entry.path}" if entry.path else owner
        run.absent_reads.append(AbsentRead(owner, entry.name, place))

    def _note_unresolved_write(self, run: ScriptRun, entry: PromiseWrite) -> None:
        if entry.index >= len(self._mirror.names):
            raise MalformedError("a field is set of an object that is not there")
        path = f"{self._mirror.names[entry.index]}.{entry.name}"
        run.unresolved.setdefault(path, self._locate_entry(run, entry))

    def _note_unranked_character(self, run: ScriptRun, entry: UnrankedCharacterEntry) -> None:
        if len(entry.text) != 1:
            raise MalformedError("more than a character is sorted by its code point")
        run.unranked.append(UnrankedCharacter(entry.text, self._locate_entry(run, entry)))

    def _note_draw_count(self, run: ScriptRun, entry: RandomDrawCount) -> None:
        del run
        self._setting.on_draw(self._drawing, entry.drawn)

    def _note_promise_read(self, run: ScriptRun, entry: PromiseRead) -> None:
        owner, place = self._find_run_of_call(entry.number), self._locate_entry(run, entry)
        read = PromiseMemberRead(owner.calls[entry.number].call, entry.member, place)
        owner.misread.setdefault(entry.number, read)

    def _find_run_of_call(self, number: int) -> ScriptRun:
        if number not in self._owners:
            raise MalformedError("call {number} was never made", number=number)
        return self._owners[number]

    def _apply_body_end(self, run: ScriptRun, entry: BodyLeftovers) -> None:
        """Turn what the body of *run* left behind into unawaited calls and errors of its outcome.

        *entry* names the calls whose promises no script used, unhandled rejections, and chains
        without ``$call()``.
        """
        for number in entry.unseen:
            if self._find_run_of_call(number) is not run:
                raise MalformedError("call {number} is not of the script that ended", number=number)
        self._note_unused_calls(run, entry.unseen)
        self._note_unawaited_helpers(run, run.left_over.difference(entry.unseen))
        run.left_over.clear()
        run.unhandled.extend(map(self._failures.make_uncaught_error, entry.reasons))
        causes = [error.__cause__ for error in run.unhandled]
        for number in entry.unseen:
            # Where the engine has no tracker, a rejected call that nobody awaited is known anyway.
            cause = self._failures.rejected.get(number)
            if cause is not None and cause not in causes:
                place = run.calls[number].place
                run.unhandled.append(self._failures.make_unhandled_error(cause, place))
        run.error = self._failures.explain_promise_read(
            run.error, run.find_read_of_unused_promise(entry.unseen)
        )
        for path, place in run.unresolved.items():
            error = self._failures.make_promise_in_field_error(path, place)
            run.error, more = (error, ()) if run.error is None else (run.error, (error,))
            run.unhandled.extend(more)
        run.unresolved.clear()
        for chain in entry.chains:
            self._report_chain(run, chain)

    def _note_unused_calls(self, run: ScriptRun, unused_calls: Sequence[int]) -> None:
        for number in (
            sorted(unused_calls) if run.error is None else ()
        ):  # a script that failed may not have come to its await
            if not self._has_void_operator(run.calls[number].place):
                # On a page another script may take it later, such as one that waits for it.
                shared = number if self.is_page else 0
                run.forgotten[number] = msgspec.structs.replace(run.calls[number], number=shared)
                self._shared_calls.add(shared)

    def _note_unawaited_helpers(self, run: ScriptRun, awaited_by_helpers: Iterable[int]) -> None:
        """Note each async function that makes calls and was itself called without ``await``.

        *awaited_by_helpers* are the numbers of calls that were in flight when the body ended and
        whose promises a function of the script awaits.
        """
        from bpmax_sim.script_source.voided_calls import find_unawaited_outer_call  # noqa: PLC0415

        for number in sorted(awaited_by_helpers) if run.error is None else ():
            place = run.calls[number].place
            dropped = place and find_unawaited_outer_call(self._sources.texts, place)
            if dropped:
                note = UnawaitedCall(dropped.name, dropped.place, is_helper=True)
                run.built += [] if note in run.built else [note]

    def _has_void_operator(self, place: Place | None) -> bool:
        if place is None:
            return False
        # It is read only now: hardly any call is forgotten, and a parser takes its time.
        from bpmax_sim.script_source.voided_calls import has_void_in_front  # noqa: PLC0415

        return has_void_in_front(self._sources.texts, place)

    def _report_chain(self, run: ScriptRun, chain: UncalledChain) -> None:
        """Add a chain without ``$call()``, which sends nothing, to the results of *run*.

        It is an error if it was awaited, else one of the unawaited calls.
        """
        name, place = f"{chain.platform}.{chain.api}", self._sources.locate(chain.row, chain.column)
        if not chain.awaited:
            if run.error is None:  # a script that failed may not have come to its $call()
                run.built.append(UnawaitedCall(name, place, built=True))
            return
        error = self._failures.make_uncalled_chain_error(name, place)
        if run.error is None or getattr(run.error, "name", "") == "TypeError":
            # `result.data.name` of a chain is a TypeError, so that one is the consequence.
            error.__cause__ = run.error
            run.error = error
        else:
            run.unhandled.append(error)


_ENTRIES: Mapping[type, Callable[[Context, ScriptRun, Any], None]] = {
    CallEntry: Context._start_call,  # noqa: SLF001 - the table of its own class
    RefusedCall: Context._log_refused_call,  # noqa: SLF001
    FieldWrite: Context._apply_write,  # noqa: SLF001
    ConsoleEntry: Context._log_console,  # noqa: SLF001
    TimerEntry: Context._set_timer,  # noqa: SLF001
    TimerCancel: Context._cancel_timer,  # noqa: SLF001
    TimerError: Context._apply_timer_error,  # noqa: SLF001
    PendingPromiseTraces: Context._store_promise_traces,  # noqa: SLF001
    AbsentMember: Context._note_absent_member,  # noqa: SLF001
    UnrankedCharacterEntry: Context._note_unranked_character,  # noqa: SLF001
    PromiseWrite: Context._note_unresolved_write,  # noqa: SLF001
    RandomDrawCount: Context._note_draw_count,  # noqa: SLF001
    PromiseRead: Context._note_promise_read,  # noqa: SLF001
    BodyLeftovers: Context._apply_body_end,  # noqa: SLF001
}


def _describe_file(placed: PlacedScript) -> dict[str, Any]:
    file = {"name": placed.script.name, "start": placed.start, "source": placed.script.source}
    counted = placed.counted
    return {**file, "code": counted.code, "shifts": counted.shifts} if counted else file


def _encode_call_value(call_value: ResolvedCallValue) -> tuple[str, Any]:
    if call_value.kind == "bytes":
        return call_value.kind, base64.b64encode(call_value.value).decode()
    if call_value.kind == "json" and call_value.text is not None:
        with suppress(UnicodeEncodeError):  # half a character crosses within a text only
            return "text", msgspec.Raw(call_value.text.encode())  # as it is, as a text does
    return call_value.kind, call_value.text


def _make_rejection_fields(error: BpmaxError) -> dict[str, Any]:
    if isinstance(error, CallError):
        return to_rejection_properties(error)
    if isinstance(error, NoMatchError):
        known = {"platform_key": error.platform, "api": error.api}
        # The rest explains the recording; the session tells it, whatever the script does.
        return {"message": str(error).partition("\n")[0], "code": "NO_MATCH", **known}
    return {"message": str(error), "code": "CONFIG"}
