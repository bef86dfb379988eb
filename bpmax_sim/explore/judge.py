"""Judge a run in which a call failed, step by step, in comparison with the base run.

A verdict is absolute: whether anybody was told, whether something was done twice, whether a script
crashed. The base run only shows what would have happened anyway.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from math import isnan
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.explore.failures import PossibleFailure
from bpmax_sim.explore.run_view import Line, ObservedCall, RunView, StepView
from bpmax_sim.i18n import join_list, msg, plural
from bpmax_sim.scenario.events import ErrorThrown
from bpmax_sim.scenario.references import show
from bpmax_sim.subject.hooks import FieldChanged, HookStarted, is_same_value

VerdictKind = Literal[
    "handled",
    "crash",
    "silent",
    "partial",
    "duplicate",
    "differs",
    "stale",
    "unrecorded",
    "invariant",
    "endless",
]
VERDICTS: Final[Mapping[VerdictKind, str]] = {
    "handled": msg("handled"),
    "crash": msg("crash"),
    "silent": msg("silent"),
    "partial": msg("partial"),
    "duplicate": msg("duplicate"),
    "differs": msg("differs"),
    "stale": msg("stale"),
    "unrecorded": msg("unrecorded"),
    "invariant": msg("invariant"),
    "endless": msg("endless"),
}
RED: Final = frozenset({"silent", "duplicate", "differs", "stale", "invariant"})
"""What fails by default; a crash does so too where it is shown that the response can be so."""
_CRASHES: Final = frozenset(
    {"TypeError", "ReferenceError", "RangeError", "SyntaxError", "InternalError", "URIError",
     "EvalError", "ScriptLimitError", "PendingPromise", "PendingPromiseError"}
)  # fmt: skip
_TELLING: Final = frozenset({"error", "warn", "warning"})
# In `undefined元` the word ends where the Chinese begins.
_BROKEN_VALUE: Final = re.compile(r"\b(undefined|NaN|null)\b|\[object Object\]", re.ASCII)
_SAYS_SO: Final = re.compile(
    r"[不没未无缺错败误待暂请否?？]|异常|超时|稍后|重试|手[工动]|人工|"
    r"fail|error|unknown|unavail|retry|later|pending|n/?a\b|manual|time-?out|offline|missing|"
    r"\bno[tn]?\b|cannot",
    re.IGNORECASE,
)
"""What a text says that stands in a field in the place of a value that could not be had."""
_ALIKE: Final = 0.6


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one variant: how the scripts coped with a failure or an order of responses.

    Attributes:
        verdict: what it is, such as ``handled``, ``silent`` or ``differs``.
        why: one-line description of what was seen.
        step: key of the step concerned.
        place: line of the script that crashed, else of the call.
        is_shown: whether a schema or a recording proves that the response is possible.
        is_recovered: whether the script made up for it by another call of the same API.
        failing_expectation: an expectation, as under ``expect``, that would fail because of this;
            empty if there is none.
    """

    verdict: VerdictKind
    why: str = ""
    step: str = ""
    place: Place | None = None
    is_shown: bool = False
    is_recovered: bool = False
    failing_expectation: Mapping[str, Any] = {}


def judge_failure(base: RunView, run: RunView, failure: PossibleFailure) -> Judgement:
    """Return the verdict on *run*, in which *failure* occurred.

    *base* is the run without it, to which *run* is compared. What no comparison can excuse comes
    first: a broken invariant, a run without end, an effect that occurred twice. Then calls without
    a recording: what came after them is unknown, so nothing else can be judged. Only then does it
    count what a person was told and what differs from *base*.
    """
    place, shown = failure.call.place, bool(failure.shown_by)
    if broken := find_broken_invariant(run, place):
        return broken
    if run.trial.exceeded:
        return judge_endless(run, failure.call.step, place)
    if twice := judge_repetition(base, run, failure):
        return replace(twice, step=failure.call.step, place=place)
    if missing := describe_unrecorded_calls(run):
        return Judgement(verdict="unrecorded", why=missing, step=failure.call.step, place=place)
    return _FailureJudge(base, run, failure, place, shown).judge()


def find_broken_invariant(run: RunView, place: Place | None) -> Judgement | None:
    """Return the verdict on a run that violates an ``always:`` or ``never:``; None if it does not.

    *place* is the script line to name in the verdict, that of the call that failed or came late.
    """
    for broken in run.trial.failures:
        if broken.kind in {"always", "never"}:
            return Judgement(
                verdict="invariant", why=broken.essence, step=str(broken.step), place=place
            )
    return None


def judge_endless(run: RunView, step: str, place: Place | None) -> Judgement:
    """Return the verdict on a run that was stopped because its scripts did not end.

    *step* and *place* are those of the call that failed.
    """
    what = _LIMITS.get(run.trial.exceeded, run.trial.exceeded)
    why = msg("the scripts go on and on; ended by a limit: {what}", what=what)
    return Judgement(verdict="endless", why=why, step=step, place=place)


_LIMITS: Final[Mapping[str, str]] = {
    "calls": msg("number of calls"),
    "timers": msg("number of timers"),
    "seconds": msg("virtual time"),
    "interrupts": msg("steps of the engine"),
    "jobs": msg("number of promises"),
}
"""What ends a run, by its name in `WorkCounts`."""


def describe_unrecorded_calls(run: RunView) -> str:
    """Return a text that names the APIs that *run* called without a recording; "" if none."""
    names = dict.fromkeys(f"{miss.platform}.{miss.api}" for miss in run.trial.misses)
    return msg("no recording of {names}", names=join_list(names)) if names else ""


def judge_repetition(
    base: RunView, run: RunView, failure: PossibleFailure | None = None
) -> Judgement | None:
    """Return the verdict if an effect, such as an order, occurs more often than in *base*.

    *failure* is the failure that was caused in *run*, None for an order or interruption. None if no
    effect is repeated. A repetition by a person in two steps is intended; one by a script on its
    own, later, is not.
    """
    struck = None if failure is None else find_call(run, failure.call)
    is_done = failure is not None and failure.is_executed
    done = run.find_calls_with_effect(struck, is_failed_call_executed=is_done)
    before = Counter((one.step, one.name, one.request) for one in base.find_calls_with_effect())
    times = Counter((one.step, one.name, one.request) for one in done)
    # Backwards, so that the verdict names the call that was one too many.
    for last in reversed(done):
        wanted = before[last.step, last.name, last.request]
        number = times[last.step, last.name, last.request]
        if last.step in run.idle and number > wanted:  # a timer does it, whatever a person wants
            number = sum((one.name, one.request) == (last.name, last.request) for one in done)
        if number <= max(wanted, 1):
            continue
        if struck is not None and (lookup := run.find_read_of_effect(struck, before_call=last)):
            why = msg("what {lookup} answers after {call} was executed is not recorded",
                      lookup=lookup.name, call=struck.name)  # fmt: skip
            return Judgement(verdict="unrecorded", why=why)
        why = msg("{name} was done {number} times", name=last.name, number=number)
        expects = {"proxy": [_expect_same_call_count(base, last)]}
        return Judgement(verdict="duplicate", why=why, failing_expectation=expects)
    return None


def _expect_same_call_count(base: RunView, repeated: ObservedCall) -> Mapping[str, Any]:
    """Return the expectation, for ``expect.proxy``, on how often *repeated* may be called.

    That is as often as calls of its API changed something at the third party in the same step of
    *base*.
    """
    same = [
        one
        for one in base.find_calls_with_effect()
        if (one.name, one.step) == (repeated.name, repeated.step)
    ]
    return {"call": repeated.name, "times": max(len(same), 1), "once_per_key": True}


def find_call(run: RunView, call: ObservedCall | None) -> ObservedCall | None:
    """Return the call of *run* with the API and number of *call*, which is of another run.

    None if there is none.
    """
    if call is None:
        return None
    same_call = (c for c in run.calls if c.name == call.name and c.number == call.number)
    return next(same_call, None)


def find_calls_waiting_for_login(run: RunView, login: ObservedCall) -> tuple[ObservedCall, ...]:
    """Return the calls of *run* during which *login*, a login to their platform, was sent."""
    return tuple(
        one
        for one in run.calls
        if one.platform == login.platform
        and not one.is_login
        and one.begin <= login.begin <= one.end
    )


class _FailureJudge(msgspec.Struct, frozen=True):
    """Judges one failure by comparing the run with it to the base run.

    Attributes:
        base: run without the failure.
        run: run with it.
        place: script line of the failed call.
        is_shown: whether a schema or a recording proves that the response is possible.
    """

    base: RunView
    run: RunView
    failure: PossibleFailure
    place: Place | None
    is_shown: bool

    def judge(self) -> Judgement:
        """Return the verdict on the failure.

        The first crash or message to a person since the failed call decides. Without either, the
        differences that the failure left behind decide.
        """
        for before, after in self._pair_steps_from_failure():
            crash = next(
                (e for e in find_new_lines(before.errors, after.errors) if _is_crash(e)), None
            )
            if crash is not None:
                return self._judge_crash(after, crash)
            told = _describe_notice(before, after)
            if told:
                return self._judge_notice(before, after, told)
        return self._judge_unreported()

    def _pair_steps_from_failure(self) -> Iterator[tuple[StepView, StepView]]:
        """Yield each step from that of the failed call on, as the base run and this run show it.

        A step that the base run does not have is paired with an empty view.
        """
        for key, step in self.run.find_steps_from(self.failure.call.step):
            yield self.base.steps.get(key) or StepView(key=key), step

    def _judge_crash(self, after: StepView, crash: Line) -> Judgement:
        why = f"{crash['type']}: {crash['message']}"
        place = _find_error_place(self.run, crash) or self.place
        if done := self._describe_succeeded_effects(after.key):
            # A crash by a response that may be impossible is a warning only, like a step that was
            # left half done; and the latter tells the reader more.
            if not self.is_shown:
                return self._make_partial_judgement(after, done, why, place)
            why = msg("{why}, after {done}", why=why, done=done)
        return Judgement(
            verdict="crash", why=why, step=after.key, place=place, is_shown=self.is_shown
        )

    def _judge_notice(self, before: StepView, after: StepView, notice: str) -> Judgement:
        has_failed = any(
            not error.get("unhandled") for error in find_new_lines(before.errors, after.errors)
        )
        done = (
            self._describe_succeeded_effects(after.key)
            if after.key == self.failure.call.step
            else ""
        )
        if has_failed and done:
            return self._make_partial_judgement(after, done, notice, self.place)
        return Judgement(verdict="handled", why=notice, step=after.key, place=self.place)

    def _make_partial_judgement(
        self, after: StepView, effects_done: str, why: str, place: Place | None
    ) -> Judgement:
        why = msg("{done}, then the script failed: {why}", done=effects_done, why=why)
        return Judgement(
            verdict="partial", why=why, step=after.key, place=place, is_shown=self.is_shown
        )

    def _describe_succeeded_effects(self, step: str) -> str:
        """Return which calls with an effect succeeded in *step* of the run; "" if none."""
        struck = find_call(self.run, self.failure.call)
        done = [
            call.name
            for call in self.run.calls
            if call.has_effect and call.step == step and not call.error and call is not struck
        ]
        if struck is not None and struck.has_effect and self.failure.is_executed:
            done.append(struck.name)
        if not done:
            return ""
        names = dict.fromkeys(done)
        return plural(len(names), "{names} was done", "{names} were done", names=join_list(names))

    def _judge_unreported(self) -> Judgement:
        """Return the verdict on a failure that no message or crash reports.

        ``silent`` if a shown value became NaN or undefined, ``handled`` for a missing member
        without such a trace; else the differences from the base run decide.
        """
        failure, step = self.failure, self.failure.call.step
        if wrong := self._find_shown_nan_or_undefined():
            return Judgement(
                verdict="silent",
                why=wrong,
                step=step,
                place=self.place,
                is_shown=self.is_shown,
                failing_expectation=self._expect_message(),
            )
        if failure.lacks_member:
            return Judgement(verdict="handled", step=step, place=self.place)
        return self._judge_differences()

    def _judge_differences(self) -> Judgement:
        """Return the verdict from the differences to the run without the failure.

        ``handled`` if the failure had no consequence, or the scripts made up for it; ``differs`` if
        they did so too late; ``silent`` if nobody was told of a consequence.
        """
        failure, differences = self.failure, list(self._find_differences())
        call, step = failure.call, failure.call.step
        struck = find_call(self.run, failure.call)
        handled = Judgement(verdict="handled", step=step, place=self.place)
        is_end_same = is_same_value(self.base.end, self.run.end)
        # Nobody needs a message about a response that the end state does not depend on.
        if is_end_same and self._is_failed_call_obsolete():
            return handled
        # The script asked the third party whether its write was executed: that is handling it.
        if (
            struck is not None
            and call.has_effect
            and is_end_same
            and self.run.find_read_of_effect(struck)
        ):
            return handled
        if self._was_executed_by_resending(struck):
            if is_end_same:
                return replace(handled, is_recovered=self._is_repeated_with_success(struck))
            why = describe_difference(*differences[0]) if differences else ""
            late = msg("the response of {call} comes later: {why}", call=call.label, why=why)
            expects = expect_value(*differences[0][:2]) if differences else {}
            return Judgement(
                verdict="differs",
                why=late,
                step=step,
                place=self.place,
                failing_expectation=expects,
            )
        if not differences:
            is_lost = failure.is_rejected and not (
                self._is_failed_call_obsolete() or self._is_replaced_by_other_call()
            )
            why = msg("{call} failed, and nobody was told", call=call.label) if is_lost else ""
        elif any(_shows_value_is_missing(*one, has_effect=call.has_effect) for one in differences):
            why = ""
        else:
            why = msg("nobody was told: {what}", what=describe_difference(*differences[0]))
        if not why:
            return handled
        expects = self._expect_message()
        return Judgement(
            verdict="silent", why=why, step=step, place=self.place, failing_expectation=expects
        )

    def _expect_message(self) -> Mapping[str, Any]:
        """Return the expectation (as under ``expect``) that one more message is shown than before.

        Its text does not matter; "before" is the same step of the base run.
        """
        before = self.base.steps.get(self.failure.call.step)
        shown = len(before.messages) if before else 0
        return {"messages": {"$length": {"$gt": shown}}}

    def _is_failed_call_obsolete(self) -> bool:
        """Return whether nobody needed the response of the failed call any more.

        For a login, that is so if nobody needed the responses of the calls that waited for it.
        """
        call = self.failure.call
        needed = find_calls_waiting_for_login(self.base, call) if call.is_login else (call,)
        return bool(needed) and all(map(self._is_response_obsolete, needed))

    def _is_response_obsolete(self, call: ObservedCall) -> bool:
        """Return whether the response to a read was already obsolete when it arrived.

        A person had changed something meanwhile, or a later run of a handler had sent the same
        query.
        """
        if call.has_effect:
            return False
        meanwhile = self.base.trial.events[call.begin : call.end]
        if any(isinstance(event, FieldChanged) and event.by == "user" for event in meanwhile):
            return True
        return any(self._supersedes(one, call) for one in self.base.calls if one.begin < call.end)

    def _supersedes(self, newer: ObservedCall, call: ObservedCall) -> bool:
        """Return whether *newer* is the same query as *call*, made by a later event script.

        Then only the result of *newer* matters.
        """
        between = self.base.trial.events[call.begin : newer.begin]
        return newer.name == call.name and any(isinstance(event, HookStarted) for event in between)

    def _is_replaced_by_other_call(self) -> bool:
        """Return whether another call made up for a failed read.

        That is a later equal query, which the run without the failure makes, too, or a call that it
        does not make.
        """
        call = self.failure.call
        if call.has_effect:
            return False
        known = {(one.name, one.request) for one in self.base.calls}
        return any(self._supersedes(one, call) for one in self.base.calls) or any(
            (one.name, one.request) not in known
            for one in self.run.calls
            if one.begin > call.begin and one.has_third_party_response and not one.is_login
        )

    def _was_executed_by_resending(self, failed_call: ObservedCall | None) -> bool:
        """Return whether the failed request was executed after all, resent by script or client.

        *failed_call* is the failed call in this run; None if it was not made.
        """
        if failed_call is not None and failed_call.has_third_party_response:
            return True
        return self._is_repeated_with_success(failed_call)

    def _is_repeated_with_success(self, failed_call: ObservedCall | None) -> bool:
        """Return whether the script sent the request of the failure again, with success.

        Only later calls than *failed_call* count; any call, if the failed call was not made in this
        run (None).
        """
        wanted = self.failure.call.name, self.failure.call.request
        return any(
            (call.name, call.request) == wanted and call.has_third_party_response
            for call in self.run.calls
            if failed_call is None or call.begin > failed_call.begin
        )

    def _find_differences(self) -> Iterator[tuple[str, Any, Any]]:
        """Yield each place whose value after some step differs from the base run.

        Yielded are place (in form, fields or flow), value in the base run, value in this run.
        """
        for before, after in self._pair_steps_from_failure():
            for place in dict.fromkeys((*before.state, *after.state)):
                was, got = before.state.get(place), after.state.get(place)
                if not is_same_value(was, got):
                    yield place, was, got

    def _find_shown_nan_or_undefined(self) -> str:
        """Return where NaN or ``undefined``, computed from a missing value, is shown, or ""."""
        for before, after in self._pair_steps_from_failure():
            for line in find_new_lines(before.messages, after.messages):
                if _BROKEN_VALUE.search(str(line.get("text"))):
                    return msg("shown: {text}", text=_shorten(line["text"]))
            for place, got in after.state.items():
                was = before.state.get(place)
                if _is_text_from_missing_value(got) and not _is_text_from_missing_value(was):
                    return msg("{place} is {got}", place=place, got=_shorten(got))
                if isinstance(got, float) and isnan(got) and not is_same_value(was, got):
                    return msg("{place} is {got}", place=place, got="NaN")
        return ""


def describe_difference(place: str, was: Any, got: Any) -> str:
    """Return a message that *place* has the value *got* instead of *was*."""
    return msg("{place} is {got} instead of {was}", place=place, got=_shorten(got),
               was=_shorten(was))  # fmt: skip


def expect_value(place: str, value: Any) -> Mapping[str, Any]:
    """Return the expectation (as under ``expect``) that *place* has *value*.

    It is empty for a place that is not in form, fields or flow.
    """
    section, _, name = place.partition(".")
    if section == "fields":
        field, _, state = name.rpartition(".")
        return {"fields": {field: {state: value}}}
    return {section: {name: value}} if section in {"form", "flow"} else {}


def _is_text_from_missing_value(value: Any) -> bool:
    """Return whether *value* is a text such as ``Hello undefined``, and is no error message.

    The value that was missing shows as ``undefined``, ``null`` or NaN; a word such as "failed" or
    "unknown" marks an error message.
    """
    return (
        isinstance(value, str)
        and bool(_BROKEN_VALUE.search(value))
        and not _SAYS_SO.search(_BROKEN_VALUE.sub("", value))
    )


def _shorten(value: Any, max_length: int = 60) -> str:
    text = value if isinstance(value, str) and value else show(value)
    return text if len(text) <= max_length else f"{text[: max_length - 1]}…"


def find_new_lines(before: Iterable[Line], after: Sequence[Line]) -> list[Line]:
    """Return the lines of *after* that *before* lacks, or has less often.

    A line is one entry of a step's messages, console or errors.
    """
    left = Counter(map(_make_line_key, before))
    fresh = []
    for line in after:
        key = _make_line_key(line)
        if left[key]:
            left[key] -= 1
        else:
            fresh.append(line)
    return fresh


def _make_line_key(line: Line) -> str:
    """Return a text that is equal for equal lines: messages, console lines or errors."""
    return repr(sorted(line.items()))


def _is_crash(error: Line) -> bool:
    return error.get("type") in _CRASHES and error.get("from") in {"script", "python", None}


def _describe_notice(before: StepView, after: StepView) -> str:
    """Return the message, warning or refusal by which a step reports a problem; "" if none.

    *after* is the step in the run with the failure; what *before*, the same step of the run without
    it, shows too does not count.
    """
    gone = [str(line.get("text")) for line in find_new_lines(after.messages, before.messages)]
    for line in find_new_lines(before.messages, after.messages):
        text = str(line.get("text"))
        if line.get("level") != "success" and text and not _differs_only_in_values(text, gone):
            return msg("shown: {text}", text=_shorten(text))
    for line in find_new_lines(before.console, after.console):
        if line.get("level") in _TELLING:
            return msg("console: {text}", text=_shorten(line.get("text")))
    for error in find_new_lines(before.errors, after.errors):
        if not error.get("unhandled"):
            return msg("rejected: {text}", text=_shorten(error.get("message")))
    return ""


def _differs_only_in_values(text: str, old_texts: Iterable[str]) -> bool:
    """Return whether *text* says the same as one of *old_texts*, apart from values.

    Then it does not report the failure. True also for a text with ``undefined`` in it; false if a
    word such as "failed" is in it.
    """
    if _SAYS_SO.search(text):
        return False
    return bool(_BROKEN_VALUE.search(text)) or any(
        SequenceMatcher(None, text, old).ratio() > _ALIKE for old in old_texts
    )


def _shows_value_is_missing(place: str, was: Any, got: Any, *, has_effect: bool) -> bool:
    """Return whether a person sees from the value *got* at *place* that something is missing.

    *was* is the value without the failure. If the failed call has an effect (*has_effect*), such as
    an order, a flag that is now false shows that it was not executed.
    """
    if place.startswith("form.") and has_effect and was is True and got is False:
        return True
    if place.startswith("fields."):
        return got is not None
    if place == "result":
        is_empty = got is None or got is False or got in ("", [], {})
        return is_empty or (isinstance(got, Mapping) and _reports_failure(got))
    return place.startswith("form.") and isinstance(got, str) and bool(_SAYS_SO.search(got))


def _reports_failure(result: Mapping[str, Any]) -> bool:
    flags = {name: result.get(name) for name in ("ok", "success", "成功")}
    return any(flag is False for flag in flags.values()) or any(
        result.get(name) for name in ("error", "errors", "message", "错误", "原因")
    )


def _find_error_place(run: RunView, error: Line) -> Place | None:
    """Return the script line of *error*, an entry of `StepView.errors`; None if it is not known."""
    for event in run.trial.events:
        if isinstance(event, ErrorThrown) and event.message == error.get("message"):
            return event.place
    return None
