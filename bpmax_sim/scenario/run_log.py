"""The log of a run: its events in the order in which they happened, and what is doubtful in them.

It also knows which events belong to the present step.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter, itemgetter
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.file_names import NOWHERE, RelativeFileNameRewriter
from bpmax_sim.i18n import label_message, msg
from bpmax_sim.project import to_absolute_path
from bpmax_sim.scenario import (
    assertions,
    events,
    findings,
    result_checks,
    source,
)
from bpmax_sim.scenario.calls import CallMade, make_call_event
from bpmax_sim.scenario.events import Event, LogPosition
from bpmax_sim.scenario.faults import make_fault_event
from bpmax_sim.scenario.names import ScenarioNames
from bpmax_sim.scenario.observation import (
    SubjectState,
    compute_digest,
    observe,
)
from bpmax_sim.scenario.provenance import Origins, to_plain_script_values
from bpmax_sim.session.sending_log import InjectedFault, RecordingMatch
from bpmax_sim.session.session import Session
from bpmax_sim.subject.hooks import (
    MESSAGE_TEXT,
    CycleCut,
    FieldChanged,
    FieldReassigned,
    MessageShown,
    NamedWrite,
    Result,
    RouteEvaluated,
    SubjectEvent,
)

_ROW: Final = re.compile(r"\[\d+\]")


class OrderedEvent(NamedTuple):
    """An event of a run that is not yet in its place among the others.

    Attributes:
        order: number by which events are sorted, from `VirtualClock.next_seq`.
        event: the event.
    """

    order: int
    event: Event


class RunLog(msgspec.Struct):
    """Collects the events of a run and returns them in the order in which they happened.

    Attributes:
        homes: object that makes file names in events relative to the scenario's folder.
        root: project folder; of a recording outside of it only the file name is shown.
        origins: assignments and routes from which the present values came.
        names: names against which written fields are checked.
        expected_columns: table -> columns that expectations name, which are taken as intended.
        find_fields_meant_to_change_type: returns the fields that are expected as another type than
            initially.
    """

    session: Session
    homes: RelativeFileNameRewriter = NOWHERE
    root: str = ""
    events: list[Event] = msgspec.field(default_factory=list)
    calls: list[CallMade] = msgspec.field(default_factory=list)
    messages: list[dict[str, Any]] = msgspec.field(default_factory=list)
    origins: Origins = msgspec.field(default_factory=Origins)
    warnings: list[source.RunWarning] = msgspec.field(default_factory=list)
    names: ScenarioNames = ScenarioNames()
    expected_columns: Mapping[str, frozenset[str]] = msgspec.field(default_factory=dict)
    find_fields_meant_to_change_type: Callable[[], frozenset[str]] = frozenset
    options: result_checks.OfferedOptionLog = msgspec.field(
        default_factory=result_checks.OfferedOptionLog
    )
    _fresh: list[OrderedEvent] = msgspec.field(default_factory=list)
    console: list[tuple[int, dict[str, Any]]] = msgspec.field(default_factory=list)
    _numbers: dict[int, int] = msgspec.field(default_factory=dict)  # of calls, by their serial
    _struck: int = 0
    _undeclared: dict[str, tuple[Place | None, str]] = msgspec.field(default_factory=dict)
    _reported: int = 0  # of those
    _misfits: set[tuple[Place | None, str]] = msgspec.field(default_factory=set)
    _files: dict[str, str] = msgspec.field(default_factory=dict)  # of recordings, as told

    def add_subject_event(self, event: SubjectEvent) -> None:
        """Record *event* of the form or flow at the present virtual time."""
        self.origins.note_assignment(event)
        if isinstance(event, FieldReassigned):
            return
        if isinstance(event, FieldChanged):
            self._note_wrong_write(event)
        clock = self.session.clock
        data = to_plain_script_values(event)
        event = self.session.redact_value(replace(event, at=clock.now(), **data))
        self._fresh.append(OrderedEvent(clock.next_seq(), event))
        if isinstance(event, RouteEvaluated):
            self.origins.routes.append(event)
        elif isinstance(event, MessageShown):
            code = {"code": event.code} if event.code else {}
            self.messages.append({"text": event.text, "type": event.level, **code})
            if event.code:  # what scripts assign is judged with its line
                self.judge_writes_outside_fields([NamedWrite(MESSAGE_TEXT, event.text, None)])
        elif isinstance(event, CycleCut):
            self.add_warning(
                "cycle", msg("change cycle cut: {names}", names=" -> ".join(event.chain))
            )

    def add_warning(
        self, kind: str, message: str, place: Place | None = None, *, fails: bool = False
    ) -> None:
        """Add a warning, unless an equal one exists.

        *kind* is a key of `WARNINGS`. *fails* says that it would be a failure in a folder that is
        not lenient; it is only stored with the warning.
        """
        warning = source.RunWarning(kind, message, place, fails)
        if warning not in self.warnings:
            self.warnings.append(warning)

    def add_event_in_flight(self, event: Event) -> None:
        """Record an event of a ``during`` step.

        Such a step is performed while a call of another step is in flight.
        """
        self.origins.note_step(event)
        order = self.session.clock.next_seq()
        self._fresh.append(OrderedEvent(order, self.session.redact_value(event)))

    def _note_wrong_write(self, change: FieldChanged) -> None:
        """Note a write to an undeclared field, and a value of another type than the field's.

        An undeclared name fails the step that ends next, which gets it by `pop_undeclared_names`;
        each name only once. A value of another type is a warning.
        """
        for name, wrong in findings.find_undeclared_names_in_write(
            self.names, change, self.expected_columns
        ):
            self._undeclared.setdefault(name, (change.place, wrong))
        is_own = "/" not in change.field
        is_script = change.is_by_script
        self.options.note_write(change.field, change.place, is_script=is_script and is_own)
        kinds = self.names.initial_value_kinds if is_own else {}
        misfit = result_checks.find_wrong_kind(change.field, change.new, kinds, change.place)
        if is_script and misfit and change.field not in self.find_fields_meant_to_change_type():
            # A line that writes ten such values has one mistake; the first value is an example.
            line = (change.place, _ROW.sub("[]", change.field))
            if change.place is None or line not in self._misfits:
                self._misfits.add(line)
                self.add_findings([misfit])

    def add_findings(self, found: Iterable[findings.RunFinding]) -> None:
        """Add each finding as a warning."""
        for one in found:
            self.add_warning(one.kind, one.message, one.place)

    def judge_writes_outside_fields(self, writes: Iterable[NamedWrite]) -> None:
        """Check the names in *writes*, what scripts wrote into other members than fields.

        They are fields in ``form.$visible`` and the like, and members of ``ctx`` and
        ``form.$message``. A name that neither the product nor this package has fails the step, a
        doubtful one is a warning.
        """
        for write in writes:
            if write.owner == MESSAGE_TEXT:
                if found := result_checks.find_undefined_text(
                    write.member, "form.$message", write.place
                ):
                    self.add_findings([found])
                continue
            wrong = self.names.find_script_write_problem(write.owner, write.member)
            if wrong is None:
                continue
            message, is_certain = wrong
            if is_certain:
                name = f"{write.owner}.{write.member}"
                self._undeclared.setdefault(name, (write.place, message))
            else:
                told = msg("the script wrote {owner}: {wrong}", owner=write.owner, wrong=message)
                self.add_warning("name", told, write.place)

    def pop_undeclared_names(self) -> list[tuple[str, Place | None, str]]:
        """Return name, script line and message of undeclared names written since the last call."""
        fresh = [(name, *entry) for name, entry in self._undeclared.items()][self._reported :]
        self._reported = len(self._undeclared)
        return fresh

    def get_position(self) -> LogPosition:
        """Return the present position, from which later queries count calls, lines and messages."""
        return LogPosition(len(self.calls), len(self.console), len(self.messages), len(self.events))

    def get_events_since(self, mark: LogPosition) -> tuple[Event, ...]:
        """Return the events after position *mark*, with those of a step that has not ended."""
        return (*self.events[mark.events :], *(one.event for one in self._fresh))

    def get_refusals_since(self, mark: LogPosition) -> list[dict[str, Any]]:
        """Return what form or flow refused since *mark*, each with text, type and code."""
        return [
            {"text": event.message, "type": "error", "code": event.code}
            for event in self.get_events_since(mark)
            if isinstance(event, events.ErrorThrown) and event.source == "subject"
        ]

    def redact_and_add_event(self, event: Event) -> Event:
        """Record *event* and return it, redacted."""
        event = self.session.redact_value(event)
        self.origins.note_step(event)
        self.events.append(event)
        return event

    def collect_new_events(self, result: Result) -> Iterable[Event]:
        """Return all events since the last call of this method, in the order of happening.

        They include the timers, console lines and errors in *result*, that of the latest action.
        New calls are also added to `calls`, numbered by when they began.
        """
        # The session lists calls in the order in which they ended; numbers count their beginnings.
        for record in sorted(self.session.calls[len(self.calls) :], key=attrgetter("began")):
            platform, _, api = record.name.partition(".")
            number = len(self.calls) + 1
            event = make_call_event(
                record,
                number,
                self.session.platforms.find_api(platform, api),
                self._find_recording_of_sending,
            )
            self.calls.append(event)
            for doubt in record.doubts:
                self.add_warning("name", label_message(record.name, doubt), event.place)
            if record.call is not None:
                self._numbers[record.call.serial] = number
            self._fresh += [OrderedEvent(attempt.order, attempt) for attempt in event.earlier]
            self._fresh.append(OrderedEvent(record.began, event))
            self._fresh.append(OrderedEvent(record.ended, events.to_call_answered(event)))
        # All that begins or ends took a number of one sequence (`clock.next_seq`); sorted by it.
        self._fresh += map(self._make_fault_event, self.session.injected_faults[self._struck :])
        self._struck = len(self.session.injected_faults)
        self.add_action_result(result)
        fresh = [one.event for one in sorted(self._fresh, key=attrgetter("order"))]
        self._fresh.clear()
        self.events += fresh
        return tuple(fresh)

    def add_action_result(self, result: Result) -> None:
        """Record the timers, console lines and errors in *result*, that of an action.

        A step of ``during`` is performed while a call of another step is in flight; its result is
        added on its own, before that of the other step.
        """
        self._fresh += [OrderedEvent(timer.order, timer) for timer in result.timers]
        for line in result.console:
            self.console.append((line.order, {"text": line.text, "level": line.level}))
            written = events.ConsoleWritten(
                text=line.text, level=line.level, place=line.place, at=line.at
            )
            self._fresh.append(OrderedEvent(line.order, written))
        self.console.sort(key=itemgetter(0))
        self._fresh += self._make_error_events(result)

    def _find_recording_of_sending(self, call_serial: int, attempt: int) -> RecordingMatch | None:
        """Return the recording that answered sending *attempt* of a call; None if none did.

        A call is sent more than once if it is retried. *call_serial* is its serial number in the
        session. The name of the recording's file is relative, and only the last part of a file
        outside of the project.
        """
        recalled = self.session.recording_match(call_serial, attempt)
        if recalled is None:
            return None
        file = self._files.get(recalled.file)
        if file is None:
            path = to_absolute_path(recalled.file)
            inside = path.startswith(os.path.join(self.root, ""))  # noqa: PTH118
            file = self.homes.to_relative_name(path) if inside else os.path.basename(path)  # noqa: PTH119
            self._files[recalled.file] = file
        return self.session.redact_value(replace(recalled, file=file))

    def _make_fault_event(self, injected: InjectedFault) -> OrderedEvent:
        """Return the event of the fault *injected* into a call, with its order among the others."""
        event = make_fault_event(injected, self._numbers.get(injected.serial, 0))
        return OrderedEvent(injected.order, self.session.redact_value(event))

    def _make_error_events(self, result: Result) -> Iterator[OrderedEvent]:
        """Yield the errors of the action and the rejections without handler."""
        clock = self.session.clock
        for error in (*result.errors, *result.unhandled):
            thrown = assertions.make_thrown_error(error, clock.now())
            event = replace(thrown, unhandled=error in result.unhandled)
            yield OrderedEvent(clock.next_seq(), self.session.redact_value(event))

    def compute_run_digest(self, unfinished: SubjectState | None = None) -> str:
        """Return the digest of what the run has done so far: ``v4-`` and a SHA-256.

        *unfinished* is the state of form and flow in the step that has not ended; None after the
        last one.
        """
        return compute_digest(observe(self.events, unfinished=unfinished), self.homes)
