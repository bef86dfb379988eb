"""Events of forms and flows: which hooks exist, what is reported, and who runs their scripts.

*origin* says how a hook is known: ``documented`` ones are on the product's page of script hooks or
in its API; ``extension`` names are this simulator's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, Protocol, TypedDict, Unpack

import msgspec

from bpmax_sim.errors import (
    BpmaxError,
    CallError,
    Place,
    ScriptError,
    SubjectError,
    suggest_nearest,
    suggest_or_list,
)
from bpmax_sim.i18n import DataValue, join_list, msg
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
    """Options of a script's run.

    Attributes:
        form, ctx: its globals of that name; None for none.
        libraries: scripts that run before it.
        page: JavaScript context that it shares with other scripts.
    """

    form: LiveObject | None
    ctx: LiveObject | None
    libraries: Sequence[Script]
    page: Page | None


class ScriptRunner(Protocol):
    """Runs scripts, several at once, in one virtual time."""

    def run_script(self, script: Script, **options: Unpack[RunOptions]) -> Outcome:
        """Run *script* and everything that it starts until nothing is left to do now.

        Timers in the future are waited for, too, unless the options name a ``page``.
        """
        ...

    def start_script(
        self, script: Script, done: Callable[[Outcome], None], **options: Unpack[RunOptions]
    ) -> None:
        """Start *script* beside the running one; *done* receives its outcome."""
        ...


UNDO: Final = "undo"
"""Who takes back what an action wrote that went wrong, and the action of going back."""


class SubjectEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a form or flow, such as a change of a field; *at* is its virtual second."""

    at: float = 0.0


class FieldChanged(SubjectEvent, frozen=True, kw_only=True):
    """The value of a field changed.

    Attributes:
        by: ``user``; the event whose script wrote it; the name of a sub-flow's project; or `UNDO`
            if a failed action was undone.
        place: script line that assigned it; None if no script did, or only changed something inside
            its value.
    """

    field: str
    old: Any
    new: Any
    by: str
    place: Place | None = None

    @property
    def is_by_script(self) -> bool:
        """Return whether a script wrote the field, not the user or the undoing of an action."""
        return self.by not in {"user", UNDO}


class FieldReassigned(SubjectEvent, frozen=True, kw_only=True):
    """A field was assigned the value that it already had.

    It is not part of a trace, but a wrong value may come from there.

    Attributes:
        by: ``user``, or the event whose script wrote it.
        place: script line that assigned it; None if no script did, or only changed something inside
            its value.
    """

    field: str
    by: str
    place: Place | None = None


class CycleCut(SubjectEvent, frozen=True, kw_only=True):
    """The handler of *field* was not fired again: the changes *chain* led back to it."""

    field: str
    chain: tuple[str, ...]


class HookStarted(SubjectEvent, frozen=True, kw_only=True):
    """The script of an event starts."""

    event: str
    script: str


class MessageShown(SubjectEvent, frozen=True, kw_only=True):
    """A message was shown to the user.

    Attributes:
        level: ``info`` or ``error``, for example.
        code: code of a message of this package; "" for one of a script.
    """

    text: str
    level: str = "info"
    code: str = ""


class NodeEntered(SubjectEvent, frozen=True, kw_only=True):
    """The flow entered another node.

    Attributes:
        node: the node; "" for none, as after a withdrawal.
        previous: node that it left; "" for the first one.
        action: action that led there, such as ``approve``.
        by: person who acted; "" for none, as after a deadline.
    """

    node: str
    previous: str
    action: str
    by: str


class RouteEvaluated(SubjectEvent, frozen=True, kw_only=True):
    """The flow evaluated whether a route of *action* leads from *node* to *to*.

    Attributes:
        when: condition; "" for always.
        taken: whether it held.
        values: members of ``ctx`` that the condition reads, such as ``ctx.form.金额`` -> value; in
            a trace its text, as JSON or ``undefined``.
        place: condition, or the node's name, in the file of the flow.
    """

    node: str
    action: str
    to: str
    taken: bool
    when: str = ""
    values: Mapping[str, Any] = {}
    place: Place | None = None


class PersonActed(SubjectEvent, frozen=True, kw_only=True):
    """A person acted without moving the flow, for example by ``hand_over``.

    Attributes:
        node: node at which he acted.
        action: what he did.
        by: the person.
        to: people who get a task or a copy by it.
        comment: text that he gave.
    """

    node: str
    action: str
    by: str
    to: tuple[str, ...] = ()
    comment: str = ""


class BranchArrived(SubjectEvent, frozen=True, kw_only=True):
    """A branch came from *node* to its join, which waits for the others.

    Attributes:
        join: node at which the branches end.
        branch: first node of this branch.
        waiting: first nodes of the branches that have not arrived.
    """

    join: str
    node: str
    branch: str
    waiting: tuple[str, ...]


class DeadlinePassed(SubjectEvent, frozen=True, kw_only=True):
    """A deadline of a node passed; *does* is what follows, such as ``notify``."""

    node: str
    does: str


class NotificationSent(SubjectEvent, frozen=True, kw_only=True):
    """People were notified of a project: by a forward, a reminder or a deadline."""

    kind: str
    to: tuple[str, ...]
    text: str
    node: str


EventSink = Callable[[SubjectEvent], None]


MESSAGE_TEXT: Final = "form.$message.text"
"""The owner of a `NamedWrite` whose member is the text of a message."""


class NamedWrite(msgspec.Struct, frozen=True):
    """A script wrote *member* of the object *owner*, such as ``form.$visible``.

    Its *place* is the script's line; None if that is not known.
    """

    owner: str
    member: str
    place: Place | None


class Result(msgspec.Struct):
    """The result of one action of a form or flow: the hook's value, errors, and other outputs.

    Attributes:
        value: value that the script of the event returned.
        console, timers: what scripts printed, and their timers that fired.
        unhandled: errors of promises that no script handled.
        unawaited: calls whose promise no script awaited.
        absent_reads: members that scripts read and that do not exist.
        unranked: characters that scripts sorted by their code point only.
        errors: errors in the order in which they occurred.
        ran: whether there was a script to run.
        refused: whether a script stopped the action; *errors* may still be empty.
        refusal: reason of the refusal, or "".
        named_writes: writes of scripts to members that are not fields, such as ``form.$visible``.
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
        """Store the value that a script or a call returned, and that there was a script to run."""
        self.value = value
        self.ran = True

    def add_outcome(self, ended: Outcome) -> None:
        """Add the outputs and the error of a script that ended."""
        self.console.extend(ended.console)
        self.timers.extend(ended.timers)
        self.unhandled.extend(ended.unhandled)
        self.unawaited.extend(ended.unawaited)
        self.absent_reads.extend(ended.absent_reads)
        self.unranked.extend(ended.unranked)
        if ended.error is not None:
            self.errors.append(ended.error)


def set_or_delete_member(values: dict[str, Any], name: str, value: Any) -> bool:
    """Set a member, or delete it if *value* is `UNDEFINED`; return whether this is a change."""
    gone = isinstance(value, UndefinedType)
    if is_same_value(values[name], value) if name in values else gone:
        return False
    if gone:
        del values[name]
    else:
        values[name] = value
    return True


def is_same_value(left: Any, right: Any) -> bool:
    """Return whether two field values are equal in JavaScript: true is not 1, NaN is NaN."""
    # Python's `True == 1` and `nan != nan` would hide one change and report another for ever.
    if type(left) is type(right) is str:
        return bool(left == right)
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
    """A kind of event for which scripts can be declared.

    Attributes:
        name: first part of its spelling, such as ``change``.
        subject: kind of subject that fires it: a form or a flow.
        named: what follows the dot, such as ``field``; "" for a plain event.
        returns: meaning of the value that its script returns.
        label: name of the hook in BPMAX; "" for an extension of this simulator.
        gives: globals that its script sees.
    """

    name: str
    subject: SubjectKind
    named: str = ""
    returns: str = ""
    label: str = ""
    gives: tuple[str, ...] = ("ctx",)

    @property
    def origin(self) -> Literal["documented", "extension"]:
        """Return whether BPMAX documents the hook, or this simulator adds it."""
        return "documented" if self.label else "extension"

    @property
    def event_spelling(self) -> str:
        """Return the spelling of the event, such as ``change.<field>``."""
        return f"{self.name}.<{self.named}>" if self.named else self.name


_FORM, _BOTH = ("form",), ("ctx", "form")
HOOKS: tuple[Hook, ...] = (
    Hook("open", "form", gives=_FORM),
    Hook("change", "form", "field", gives=_FORM),
    Hook("click", "form", "button", gives=_FORM),
    Hook("submit", "form", "", msg("false, a text or an own error refuses"), gives=_FORM),
    Hook("create", "flow", "", msg("false, a text or an own error refuses"), gives=_BOTH),
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


REFUSING: Final = frozenset({"submit", "create", "before_next"})
"""Hooks that may refuse the action."""


def is_agreement(value: Any) -> bool:
    """Return whether a hook that returned *value* lets the action go on.

    It does by true, null or no value. Any other value refuses, or is a mistake.
    """
    return value is None or value is True or isinstance(value, UndefinedType)


def read_refusal(event: str, value: Any) -> str | None:
    """Return the text with which the script of *event* refuses, or None if it agrees.

    It refuses by returning false or a non-empty text, and agrees by true, null or nothing.

    Raises:
        SubjectError: if *value*, which it returned, is anything else.
    """
    if value is False:
        return msg("{event} refused", event=event)
    if isinstance(value, str) and value:
        return value
    if is_agreement(value):
        return None
    raise SubjectError(
        "{event} returned {value!r}, which neither refuses nor agrees; return false or "
        "a text, or throw, to refuse; return nothing or true to agree",
        code="BAD_RETURN",
        event=event,
        value=DataValue(value),
    )


_BUGS = (
    "EvalError",
    "InternalError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "TypeError",
    "URIError",
)
"""What the language itself throws; a script that says no throws an Error, a text, or its own."""


def read_thrown_refusal(thrown: Exception) -> str | None:
    """Return the text with which a script refuses by ``throw``.

    None if *thrown* is a real error.
    """
    if not isinstance(thrown, ScriptError) or not _is_deliberate_throw(thrown):
        return None
    # a text that was thrown as it is, is told in quotes
    text = thrown.message
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\"`"
    return text[1:-1] if is_quoted and thrown.name == "Uncaught" else text


def add_refusal_code(thrown: BpmaxError) -> None:
    """Give *thrown*, by which a script refuses, the code `REFUSED`, unless it has one."""
    text = read_thrown_refusal(thrown)
    if text is not None and isinstance(thrown, ScriptError):
        thrown.message = text
        thrown.fields.setdefault("code", REFUSED)


def _is_deliberate_throw(thrown: Exception) -> bool:
    """Return whether the script threw *thrown* on purpose: no bug, limit or rejected call."""
    if type(thrown) is not ScriptError or thrown.name in _BUGS:
        return False
    # A call that fails throws, too, and such an error is no refusal, even if the script throws it
    # again. An error that the script made from it has no code, unless the script gave it one.
    fields, cause = thrown.fields, thrown.__cause__
    code = fields.get("code")
    is_rejected = isinstance(cause, BpmaxError) and not isinstance(cause, ScriptError)
    is_call = is_rejected or "platform_key" in fields or code == CallError.default_code
    return code is None or not is_call


class HookEvent(msgspec.Struct, frozen=True):
    """A hook and its target: ``change`` and ``customerId``."""

    hook: Hook
    target: str = ""

    def __str__(self) -> str:
        """Return the event as a scenario spells it."""
        return f"{self.hook.name}.{self.target}" if self.target else self.hook.name


def list_hooks(subject: SubjectKind) -> tuple[Hook, ...]:
    """Return the hooks that *subject* fires."""
    return tuple(hook for hook in HOOKS if hook.subject == subject)


def parse_event(text: str, subject: SubjectKind) -> HookEvent:
    """Return the event with the spelling *text*.

    Raises:
        ValueError: if *subject* has no such event; the message suggests a similar one.
    """
    name, dot, target = text.partition(".")
    known = {hook.name: hook for hook in list_hooks(subject)}
    hook = known.get(name)
    if hook is None:
        patterns = join_list(hook.event_spelling for hook in known.values())
        hint = suggest_nearest(name, known) or msg("; there is {patterns}", patterns=patterns)
        raise ValueError(
            msg("a {subject} has no event {text!r}{hint}", subject=subject, text=text, hint=hint)
        )
    if bool(hook.named) is not bool(target) or (dot and not target):
        raise ValueError(
            msg("write {pattern}, not {text!r}", pattern=hook.event_spelling, text=text)
        )
    return HookEvent(hook, target)


def parse_event_of(text: str, subjects: Iterable[SubjectKind]) -> HookEvent:
    """Return the event with the spelling *text* of one of *subjects*.

    Raises:
        ValueError: if none of them has it; the message is that of the last one.
    """
    wrong: ValueError | None = None
    for subject in subjects:
        try:
            return parse_event(text, subject)
        except ValueError as error:
            wrong = error
    raise wrong or ValueError(msg("no event {text!r}: nothing is driven", text=text))


def check_target(event: HookEvent, names: Iterable[str]) -> str | None:
    """Return an error if the target of *event* is not among *names*, else None.

    Without *names* nothing is checked.
    """
    known = tuple(names)
    if not known or not event.target or event.target in known:
        return None
    if event.hook.name == "change" and event.target.partition(".")[0] in known:
        return None  # a column of a table
    hint = suggest_or_list(event.target, known)
    return msg(
        "{event}: no {named} {target!r}{hint}",
        event=event,
        named=event.hook.named,
        target=event.target,
        hint=hint,
    )


class FlowMove(msgspec.Struct, frozen=True, kw_only=True):
    """An action of a person in a flow, as a step of a scenario declares it.

    Attributes:
        at: node; "" for the one where the actor has a task.
        by: actor; "" for the user or the first owner.
        comment: text that the actor gives.
        form: values that he fills in.
        action: its name in ``ctx``, such as ``approve``.
        others: people who get the task or a copy; of ``send_back`` only the node to
            which the project goes back.
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
