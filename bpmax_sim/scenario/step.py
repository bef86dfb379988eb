"""One step: condition, faults, action and its repetitions, then what must be true."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from bpmax_sim.errors import NoMatchError, PendingPromise
from bpmax_sim.scenario.blame import Scene
from bpmax_sim.scenario.condition import holds
from bpmax_sim.scenario.events import Event, Outcome, StepFinished, StepStarted
from bpmax_sim.scenario.expect import failed
from bpmax_sim.scenario.failure import Failure
from bpmax_sim.scenario.item import LocatedStep
from bpmax_sim.scenario.judge import judge
from bpmax_sim.scenario.log import START, Mark
from bpmax_sim.scenario.model import Expect, Retry
from bpmax_sim.scenario.progress import Progress
from bpmax_sim.scenario.thrown import resolved_error, told_error
from bpmax_sim.scenario.values import UndefinedValueError
from bpmax_sim.script.outcome import Unawaited
from bpmax_sim.subject.stage import Result

_ONCE = Retry(tries=1)


class StepRun(msgspec.Struct):
    """A step while it runs; its failures end up in the run's."""

    progress: Progress
    located: LocatedStep
    number: int = 0
    total: int = 0
    prefix: str = ""
    since: Mark = START
    failures: list[Failure] = msgspec.field(default_factory=list)

    def events(self) -> Iterator[Event]:
        """Run the step and yield what happens."""
        log, clock = self.progress.log, self.progress.bench.clock
        self.since = log.mark()
        title, begin = self._title(), clock.now()
        yield log.add(
            StepStarted(
                number=self.number,
                total=self.total,
                id=self.located.step.id,
                title=title,
                action=self.located.step.action,
                place=self.located.spot.place,
                at=begin,
            )
        )
        wanted = self._wanted()
        if wanted:
            yield from self._body()
        outcome: Outcome = "failed" if self.failures else "passed" if wanted else "skipped"
        self.progress.failures += self.failures
        now = clock.now()
        took = round(now - begin, 6)
        yield log.add(
            StepFinished(number=self.number, title=title, outcome=outcome, duration=took, at=now)
        )

    def _title(self) -> str:
        title = self.located.step.title
        with contextlib.suppress(UndefinedValueError):  # it is shown as it is written then
            title = self.progress.scope.resolve(title)
        return self.progress.shown(f"{self.prefix}{title}")

    def _wanted(self) -> bool:
        try:
            return holds(self.located.step.condition, self.progress.scope.lookup)
        except UndefinedValueError as error:
            self._undefined(error, ("if",))
            return False

    def _undefined(self, error: UndefinedValueError, path: tuple[str | int, ...]) -> None:
        self.failures = [self._scene().failure("value", str(error), path)]

    def _body(self) -> Iterator[Event]:
        bench, step = self.progress.bench, self.located.step
        rules = self.located.faults if self.progress.faults else ()
        bench.arm(rules)
        retry = step.retry if isinstance(step.retry, Retry) else _ONCE
        for attempt in range(retry.tries):
            if attempt:
                bench.wait(retry.every)
            self.failures = []
            result = yield from self._act()
            if result is not None:
                self._check(result)
            if self._is_done(retry, result):
                break
        silent = bench.disarm(rules)
        if not self.failures:
            self.failures = [self._scene().silent(fault) for fault in silent]

    def _act(self) -> Generator[Event, None, Result | None]:
        """Perform the action; None if a value of it is not defined."""
        progress, step = self.progress, self.located.step
        action = step.action
        if action == "run":
            return (yield from self._run_named(step.run))
        result = Result()
        if action:
            value = getattr(step, action)
            try:
                value = value if action == "js" else progress.scope.resolve(value)
            except UndefinedValueError as error:
                self._undefined(error, (action,))
                return None
            result = progress.performer.perform(action, value, self._script_name())
        yield from progress.log.collect(result.console, result.timers)
        if progress.item.scenario.proxy.unawaited == "warn":
            progress.log.notes += map(str, result.unawaited)
        if action:
            progress.remember(step.id, result.value, told_error(result.errors))
        return result

    def _script_name(self) -> str:
        return f"{self.located.spot.source.file}:{self.located.spot.place.line} js"

    def _run_named(self, value: Any) -> Generator[Event, None, Result | None]:
        """Run the named steps of a fragment, with variables of their own."""
        progress = self.progress
        given = value if isinstance(value, Mapping) else {"steps": value}
        kept = dict(progress.scope.vars)
        try:
            progress.scope.vars |= progress.scope.resolve(given.get("with", {}))
        except UndefinedValueError as error:
            self._undefined(error, ("run",))
            return None
        prefix = f"{self._title()} > "
        for located in progress.item.cast.named[given["steps"]]:
            before = len(progress.failures)
            inner = StepRun(progress, located, self.number, self.total, prefix)
            yield from inner.events()
            if len(progress.failures) > before:
                self.failures = progress.failures[before:]
                del progress.failures[before:]
                return None
        for name in given.get("with", {}):
            progress.scope.vars.pop(name)
            if name in kept:
                progress.scope.vars[name] = kept[name]
        if self.located.step.id:
            progress.remember(self.located.step.id, progress.result, None)
        return Result(value=progress.result)

    def _check(self, result: Result) -> None:
        """Find what is wrong: misses first, then errors, then what is expected."""
        progress, scene = self.progress, self._scene()
        missed = progress.bench.misses[progress.missed :]
        progress.missed += len(missed)
        if missed:
            self.failures = [scene.miss(error) for error in missed]
            return
        self.failures = [
            *self._judge_errors(result, scene),
            *(scene.rejection(error) for error in result.unhandled),
            *(scene.unawaited(call) for call in self._forbidden(result)),
        ]
        if self.failures:
            return  # what is expected of a step that went wrong says nothing new
        try:
            for name, value in self.located.step.save.items():
                progress.scope.vars[name] = progress.scope.resolve(value)
            state = progress.state(self.since)
            checks = judge(self.located.step.expect, state, progress.wanted)
        except UndefinedValueError as error:
            self._undefined(error, ("expect",))
        else:
            self.failures = scene.expectation(checks)

    def _forbidden(self, result: Result) -> Sequence[Unawaited]:
        """Return the calls that nobody awaited, where that is a failure."""
        fails = self.progress.item.scenario.proxy.unawaited == "fail"
        return result.unawaited if fails else ()

    def _judge_errors(self, result: Result, scene: Scene) -> list[Failure]:
        """Return the failures of what was thrown; a wait for ever can never be expected."""
        never = [e for e in result.errors if isinstance(e, NoMatchError | PendingPromise)]
        others = [e for e in result.errors if e not in never]
        expected = self.located.step.expect_error
        if never:
            return [
                scene.miss(error) if isinstance(error, NoMatchError) else scene.uncaught(error)
                for error in never
            ]
        if expected is UNSET:
            return [scene.uncaught(error) for error in others]
        try:
            wanted = resolved_error(expected, self.progress.wanted)
        except UndefinedValueError as error:
            return [scene.failure("value", str(error), ("expect_error",))]
        return scene.expected_error(wanted, others)

    def _is_done(self, retry: Retry, result: Result | None) -> bool:
        if result is None:
            return True
        if not isinstance(retry.until, Expect):
            return not self.failures
        progress = self.progress
        try:
            checks = judge(retry.until, progress.state(self.since), progress.wanted)
        except UndefinedValueError as error:
            self._undefined(error, ("retry", "until"))
            return True
        if failed(checks) and not self.failures:
            self.failures = self._scene().expectation(checks, ("retry", "until"))
        return not failed(checks)

    def _scene(self) -> Scene:
        return self.progress.scene(
            self.since,
            located=self.located,
            number=self.number,
            total=self.total,
            title=self._title(),
        )
