"""What a subject needs of whoever runs its scripts, what it tells, and which scripts it runs when.

*origin* says what is known: ``documented`` hooks stand on the product's page of script hooks or
in its API; ``extension`` names are this simulator's own spelling or idea.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, Protocol, TypedDict, Unpack

import msgspec

from bpmax_sim.errors import BpmaxError, Place, SubjectError, nearest_name, suggest
from bpmax_sim.i18n import msg, series
from bpmax_sim.js_values import UndefinedType
from bpmax_sim.script.channel import LiveObject
from bpmax_sim.script.failure import Script
from bpmax_sim.script.runtime import Page
from bpmax_sim.script.turn_result import (
    AbsentRead,
    ConsoleLine,
    Outcome,
    TimerFired,
    UnawaitedCall,
    UnrankedCharacter,
)


class RunOptions(TypedDict, total=False):
    """What a script runs with: its globals, what runs before it, and the page that it is of."""

    form: LiveObject | None
    ctx: LiveObject | None
    libraries: Sequence[Script]
    page: Page | None


class ScriptRunner(Protocol):
    """Runs scripts, several at once, in one virtual time."""

    def run_script(self, script: Script, **options: Unpack[RunOptions]) -> Outcome:
        """Run *script* and everything that it starts until nothing is left to do now.

        Without *page* also what it plans for later.
        """
        ...

    def start_script(
        self, script: Script, done: Callable[[Outcome], None], **options: Unpack[RunOptions]
    ) -> None:
        """Start *script* beside the one that is running; *done* gets its end."""
        ...


class SubjectEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happens to a subject, and the virtual instant when it is told."""

    at: float = 0.0


class FieldChanged(SubjectEvent, frozen=True, kw_only=True):
    """A field got another value.

    Attributes:
        by: ``user``, or the event whose script wrote it.
        place: the script's line, where one wrote the field itself.
    """

    field: str
    old: Any
    new: Any
    by: str
    place: Place | None = None


class CycleCut(SubjectEvent, frozen=True, kw_only=True):
    """A change handler was not fired again: *chain* shows how the change came about."""

    field: str
    chain: tuple[str, ...]


class HookStarted(SubjectEvent, frozen=True, kw_only=True):
    """The script of an event starts."""

    event: str
    script: str


class MessageShown(SubjectEvent, frozen=True, kw_only=True):
    """A message that a user would see."""

    text: str
    level: str = "info"
    code: str = ""


class NodeEntered(SubjectEvent, frozen=True, kw_only=True):
    """The flow stands at another node."""

    node: str
    previous: str
    action: str
    by: str


class PersonActed(SubjectEvent, frozen=True, kw_only=True):
    """Somebody did what does not move the flow by itself, such as ``hand_over`` to somebody."""

    node: str
    action: str
    by: str
    to: tuple[str, ...] = ()
    comment: str = ""


class BranchArrived(SubjectEvent, frozen=True, kw_only=True):
    """A branch came from *node* to its join, which waits for the others."""

    join: str
    node: str
    branch: str
    waiting: tuple[str, ...]


class DeadlinePassed(SubjectEvent, frozen=True, kw_only=True):
    """The time of a node is over; *does* is what happens then."""

    node: str
    does: str


class NotificationSent(SubjectEvent, frozen=True, kw_only=True):
    """People are told of a project: it was forwarded, they are reminded, or it is late."""

    kind: str
    to: tuple[str, ...]
    text: str
    node: str


EventSink = Callable[[SubjectEvent], None]


MESSAGE_TEXT: Final = "form.$message.text"
"""The owner of a `NamedWrite` whose member is the text of a message."""


class NamedWrite(msgspec.Struct, frozen=True):
    """A script wrote *member* of *owner*, such as ``form.$visible``, whatever that is called."""

    owner: str
    member: str
    place: Place | None


class Result(msgspec.Struct):
    """What came of one action: the hook's value, errors in order, and what was left behind.

    Attributes:
        ran: whether there was a script to run.
        refused: whether the action was stopped by its script; *errors* may then still be empty.
        refusal: the text that says why, where it was.
        named_writes: of names that are no fields, by what a script wrote.
    """

    value: Any = None
    errors: list[Exception] = msgspec.field(default_factory=list)
    console: list[ConsoleLine] = msgspec.field(default_factory=list)
    timers: list[TimerFired] = msgspec.field(default_factory=list)
    unhandled: list[BpmaxError] = msgspec.field(default_factory=list)
    unawaited: list[UnawaitedCall] = msgspec.field(default_factory=list)
    absent_reads: list[AbsentRead] = msgspec.field(default_factory=list)
    unranked: list[UnrankedCharacter] = msgspec.field(default_factory=list)
    named_writes: list[NamedWrite] = msgspec.field(default_factory=list)
    ran: bool = False
    refused: bool = False
    refusal: str = ""

    def set_value(self, value: Any) -> None:
        """Note what a script or a call gave back."""
        self.value = value
        self.ran = True

    def add_outcome(self, ended: Outcome) -> None:
        """Add what a script that ended told, and its error."""
        self.console.extend(ended.console)
        self.timers.extend(ended.timers)
        self.unhandled.extend(ended.unhandled)
        self.unawaited.extend(ended.unawaited)
        self.absent_reads.extend(ended.absent_reads)
        self.unranked.extend(ended.unranked)
        if ended.error is not None:
            self.errors.append(ended.error)


def replace_value(values: dict[str, Any], name: str, value: Any) -> bool:
    """Set a member, or remove it where *value* is `UNDEFINED`; return whether that is a change."""
    gone = isinstance(value, UndefinedType)
    if is_same_value(values[name], value) if name in values else gone:
        return False
    if gone:
        del values[name]
    else:
        values[name] = value
    return True


def is_same_value(left: Any, right: Any) -> bool:
    """Return whether two field values are the same to JavaScript: true is not 1, NaN is NaN."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(
            is_same_value(left[name], right[name]) for name in left
        )
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(is_same_value, left, right))
    return bool(left == right)


SubjectKind = Literal["form", "flow"]
Where = Literal["before", "after", "beside"]


class Hook(msgspec.Struct, frozen=True):
    """One kind of event.

    Attributes:
        subject: what fires it.
        named: what follows the dot, such as ``field``; nothing for a plain event.
        returns: what the returned value means.
        label: the product's name for it.
        gives: the globals that its script sees.
    """

    name: str
    subject: SubjectKind
    named: str = ""
    returns: str = ""
    label: str = ""
    gives: tuple[str, ...] = ("ctx",)

    @property
    def origin(self) -> Literal["documented", "extension"]:
        """Return what is known of it; see above."""
        return "documented" if self.label else "extension"

    @property
    def pattern(self) -> str:
        """Return the spelling of the event, such as ``change.<field>``."""
        return f"{self.name}.<{self.named}>" if self.named else self.name


_FORM, _BOTH = ("form",), ("ctx", "form")
HOOKS: tuple[Hook, ...] = (
    Hook("open", "form", gives=_FORM),
    Hook("change", "form", "field", gives=_FORM),
    Hook("click", "form", "button", gives=_FORM),
    Hook("submit", "form", "", msg("false or a text refuses"), gives=_FORM),
    Hook("create", "flow", "", msg("false or a text refuses"), gives=_BOTH),
    Hook("approve", "flow", "node", gives=_BOTH),
    Hook("reject", "flow", "node", gives=_BOTH),
    Hook(
        "before_next",
        "flow",
        "node",
        msg("false, a text or an own error refuses"),
        "环节流转前校验",
    ),
    Hook(
        "owners",
        "flow",
        "node",
        msg("owners, each with its owner_id, or a map from step to owners (0: the project)"),
        "分配当前环节负责人",
    ),
    Hook("jump", "flow", "", msg("the first node"), "自定义跳转逻辑"),
    Hook("project_name", "flow", "", msg("a text"), "项目名称模板"),
    Hook("task_title", "flow", "", msg("a text"), "任务标题模板"),
    Hook("computed", "flow", "", msg("a map of values, merged into the form"), "计算属性"),
    Hook("visibility", "flow", "", msg("a map of node -> true or false"), "环节可见性配置"),
)


REFUSED = "REFUSED"
"""The code of a no that a script said, and of the message that shows it."""


def read_refusal(event: str, value: Any) -> str | None:
    """Return the text with which the script of *event* says no, or None where it agrees.

    Raises:
        SubjectError: it returned what is neither.
    """
    if value is False:
        return msg("{event} refused", event=event)
    if isinstance(value, str) and value:
        return value
    if value is None or value is True or isinstance(value, UndefinedType):
        return None
    raise SubjectError(
        "{event} returned {value!r}, which neither refuses nor agrees; return false or "
        "a text, or throw, to refuse; return nothing or true to agree",
        code="BAD_RETURN",
        event=event,
        value=value,
    )


class HookEvent(msgspec.Struct, frozen=True):
    """A hook and what it is about: ``change`` and ``customerId``."""

    hook: Hook
    target: str = ""

    def __str__(self) -> str:
        """Return the event as a scenario spells it."""
        return f"{self.hook.name}.{self.target}" if self.target else self.hook.name


def hooks_of(subject: SubjectKind) -> tuple[Hook, ...]:
    """Return the hooks that *subject* fires."""
    return tuple(hook for hook in HOOKS if hook.subject == subject)


def parse_event(text: str, subject: SubjectKind) -> HookEvent:
    """Return the event that *text* spells.

    Raises:
        ValueError: if *subject* has no such event; the message names the near one.
    """
    name, dot, target = text.partition(".")
    known = {hook.name: hook for hook in hooks_of(subject)}
    hook = known.get(name)
    if hook is None:
        patterns = series(hook.pattern for hook in known.values())
        hint = nearest_name(name, known) or msg("; there is {patterns}", patterns=patterns)
        raise ValueError(
            msg("a {subject} has no event {text!r}{hint}", subject=subject, text=text, hint=hint)
        )
    if bool(hook.named) is not bool(target) or (dot and not target):
        raise ValueError(msg("write {pattern}, not {text!r}", pattern=hook.pattern, text=text))
    return HookEvent(hook, target)


def parse_event_of(text: str, subjects: Iterable[SubjectKind]) -> HookEvent:
    """Return the event that *text* spells of one of *subjects*.

    Raises:
        ValueError: if none of them has it; the message is of the last.
    """
    wrong: ValueError | None = None
    for subject in subjects:
        try:
            return parse_event(text, subject)
        except ValueError as error:
            wrong = error
    raise wrong or ValueError(msg("no event {text!r}: nothing is driven", text=text))


def check_target(event: HookEvent, names: Iterable[str]) -> str | None:
    """Return what is wrong when *event* speaks of something that is not among *names*."""
    known = tuple(names)
    if not known or not event.target or event.target in known:
        return None
    if event.hook.name == "change" and event.target.partition(".")[0] in known:
        return None  # a column of a table
    hint = suggest(event.target, known)
    return msg(
        "{event}: no {named} {target!r}{hint}",
        event=event,
        named=event.hook.named,
        target=event.target,
        hint=hint,
    )


class FlowMove(msgspec.Struct, frozen=True, kw_only=True):
    """Someone acts at a node: what a step declares of it, and the action as ``ctx`` names it.

    Attributes:
        others: whom it concerns, or the node that is meant.
        where, rule: of ``add_owner``: when the others decide, and how many of them have to.
    """

    at: str = ""
    by: str = ""
    comment: str = ""
    form: Mapping[str, Any] = msgspec.field(default_factory=dict)
    action: str = ""
    others: tuple[str | int, ...] = ()
    where: Where = "before"
    rule: str | int = "all"
