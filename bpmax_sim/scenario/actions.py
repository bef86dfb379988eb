"""The actions of a step: one class for each, with its keys, its check at load and its run.

The schema, lint, the runner and the documentation are made from the table `ACTIONS`. To add an
action, write its class: its key is the class name in lower case with underscores.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any, ClassVar, Final, get_args

import msgspec
from msgspec import field

from bpmax_sim.clock import parse_duration
from bpmax_sim.errors import SubjectError, suggest_or_list
from bpmax_sim.i18n import DataValue, join_list, join_messages, msg, to_plain_english, translate
from bpmax_sim.platform.model import Model
from bpmax_sim.scenario.action import Action, Performer
from bpmax_sim.scenario.flow_actions import (
    WHO,
    FlowAction,
    NodeAction,
    check_form_field_names,
    check_performer,
    to_flow_move,
)
from bpmax_sim.scenario.names import CheckContext, expects_invalid_call
from bpmax_sim.scenario.python_step import (
    call_with_session,
    find_function,
    import_or_load_module,
    refuse_lazy_result,
)
from bpmax_sim.scenario.references import find_referenced_column, parse_whole_reference, show
from bpmax_sim.scenario.row_actions import RowAction, make_row_texts
from bpmax_sim.scenario.source import Spot
from bpmax_sim.script.failure import Script
from bpmax_sim.script.runtime import Page
from bpmax_sim.secret.outgoing_text import redact_output
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.hooks import Result, Where, parse_event_of
from bpmax_sim.subject.owners import find_rule_problem
from bpmax_sim.yamlfile.schema import Texts
from bpmax_sim.yamlfile.shapes import DURATION

REFERENCE_PATTERN = r"\$\{"
_NAME: Final = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
"""A name that a script can declare; a reserved word is the engine's to refuse."""
_CALL: Final = re.compile(r"[^.\s]+\.[^.\s]+")


class Open(Action, frozen=True, kw_only=True):
    """Open a form with prefilled values."""

    takes_by: ClassVar = True
    has_result: ClassVar = False
    about = msg("Open the form with prefilled values")
    others = (Mapping[str, Any], None)
    takes = msg("`{field: value}`, or nothing")
    needs = ("form",)

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report prefilled fields that the form does not have."""
        if value is not None:
            Set.check(context, value, spot)

    @classmethod
    def run(cls, performer: Performer, value: Any, script_name: str, result: Result) -> None:  # noqa: ARG003
        """Set the prefilled values, then fire ``open``."""
        performer.require_form("open").open(value or {})


class Set(Action, frozen=True, kw_only=True):
    """Fill in fields, in the order of the map."""

    sees_form: ClassVar = True
    takes_by: ClassVar = True
    has_result: ClassVar = False
    about = msg("Fill in fields one after another")
    others = (Mapping[str, Any],)
    takes = msg('`{field: value}`, `{"rows[0].qty": value}`')
    needs = ("form", "flow")

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report fields that the form does not have."""
        if not isinstance(value, Mapping):
            context.tell(spot, msg("expected a map of fields and values"))
            return
        check_form_field_names(context, value, spot)

    @classmethod
    def run(cls, performer: Performer, value: Any, script_name: str, result: Result) -> None:  # noqa: ARG003
        """Set the fields one after another; each fires its ``change`` event."""
        performer.require_form_or_flow("set").set(value)


class AddRow(RowAction, frozen=True, kw_only=True):
    """Add a row to a table; without ``at``, behind the last one."""

    about = msg("Add a row to a table")
    texts: ClassVar = make_row_texts(
        whole=msg("A new row"),
        row=msg("Values of the row"),
        at=msg("Number that the row gets, from 0; by default the last"),
    )
    rows: ClassVar = {"at": False}
    more: ClassVar = 1
    adds: ClassVar = True

    row: Mapping[str, Any] = {}
    at: int = 0

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report what `RowAction` does, and a ``row`` that is no map."""
        super().check(context, value, spot)
        row = value.get("row") if isinstance(value, Mapping) else None
        if not isinstance(row, Mapping):
            check_form_field_names(context, row, spot.at("row"))

    @classmethod
    def change_rows(cls, rows: list[Any], at: int, value: Mapping[str, Any], /) -> list[Any]:
        """Return *rows* with the new row inserted at *at*; an empty one without a value."""
        return [*rows[:at], value.get("row") or {}, *rows[at:]]


class CopyRow(RowAction, frozen=True, kw_only=True):
    """Copy a row of a table; the copy is inserted directly behind the original."""

    about = msg("Copy a row of a table; the copy comes behind it")
    texts: ClassVar = make_row_texts(whole=msg("The row that is copied"))
    more: ClassVar = 1

    at: int

    @classmethod
    def change_rows(cls, rows: list[Any], at: int, _value: Mapping[str, Any], /) -> list[Any]:
        """Return *rows* with a copy of row *at* behind it."""
        return [*rows[: at + 1], *rows[at:]]


class RemoveRow(RowAction, frozen=True, kw_only=True):
    """Remove a row of a table."""

    about = msg("Remove a row of a table")
    texts: ClassVar = make_row_texts(whole=msg("The row that goes"))
    more: ClassVar = -1

    at: int

    @classmethod
    def change_rows(cls, rows: list[Any], at: int, _value: Mapping[str, Any], /) -> list[Any]:
        """Return *rows* without row *at*."""
        return [*rows[:at], *rows[at + 1 :]]


class MoveRow(RowAction, frozen=True, kw_only=True):
    """Move a row of a table."""

    about = msg("Move a row of a table")
    texts: ClassVar = make_row_texts(
        whole=msg("The row that moves"),
        to=msg("Number that it has afterwards"),
    )
    rows: ClassVar = {"at": True, "to": True}

    at: int
    to: int

    @classmethod
    def change_rows(cls, rows: list[Any], at: int, value: Mapping[str, Any], /) -> list[Any]:
        """Return *rows* with row *at* moved to the number ``to``, counted after its removal."""
        to = int(value["to"])
        rest = [*rows[:at], *rows[at + 1 :]]
        return [*rest[:to], rows[at], *rest[to:]]


class Click(Action, frozen=True, kw_only=True):
    """Press a button of a form."""

    sees_form: ClassVar = True
    takes_by: ClassVar = True
    about = msg("Press a button")
    others = (str,)
    takes = "a button"
    needs = ("form",)

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report a button that has no ``click`` script."""
        if not isinstance(value, str):
            context.tell(spot, msg("expected the name of a button"))
            return
        buttons = context.names.scripted_buttons
        if "${" not in value and value not in buttons:
            context.tell(spot, "no script for click.{value}{hint}", known=buttons, value=value)

    @classmethod
    def run(cls, performer: Performer, value: Any, script_name: str, result: Result) -> None:  # noqa: ARG003
        """Fire ``click.<button>``."""
        performer.require_form("click").click(str(value))


class Submit(Action, frozen=True, kw_only=True):
    """Submit a form; of a flow, create its project."""

    about = msg("Submit the form or create the project")
    texts: ClassVar = {
        "_": msg("Who creates the project"),
        "by": msg("Who"),
        "comment": msg("Comment"),
        "form": msg("What the form holds"),
    }
    others = (bool, None)
    needs = ("form", "flow")

    by: str | int = ""
    comment: str = ""
    form: Mapping[str, Any] = {}

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report unknown keys, people and fields; for a form without a flow, any key at all."""
        if "flow" in context.names.subject_kinds and isinstance(value, Mapping):
            cls.check_keys_if_map(context, value, spot)
            check_performer(context, value, spot)
            check_form_field_names(context, value.get("form"), spot.at("form"))
        elif value not in ({}, None, True):
            context.tell(spot, msg("expected {}"))

    @classmethod
    def run(cls, performer: Performer, value: Any, script_name: str, result: Result) -> None:  # noqa: ARG003
        """Fire ``submit`` of the form; of a flow, create the project."""
        if isinstance(performer.subject, FlowSubject):
            performer.subject.submit(to_flow_move(value))
        else:
            performer.require_form("submit").submit()


class Fire(Action, frozen=True, kw_only=True):
    """Run the script of one event, without the change that normally fires it."""

    sees_form: ClassVar = True
    about = msg("Run the script of an event alone")
    others = (str,)
    takes = msg("an event")
    needs = ("form", "flow")

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report an event that form or flow do not have, or that has no script in the scenario."""
        if not isinstance(value, str):
            context.tell(spot, msg("expected an event such as change.customerId"))
        elif "${" not in value:
            try:
                parse_event_of(value, context.names.subject_kinds)
            except ValueError as error:
                context.tell(spot, str(error))
                return
            if value not in context.names.scripts:
                context.tell(
                    spot, "no script for {value}{hint}", known=context.names.scripts, value=value
                )

    @classmethod
    def run(cls, performer: Performer, value: Any, script_name: str, result: Result) -> None:  # noqa: ARG003
        """Run the event's script.

        Of a flow, the present form's script comes before the flow's own.
        """
        subject, event = performer.require_form_or_flow("fire"), str(value)
        if isinstance(subject, FlowSubject) and subject.current_form.scripts.get(event):
            subject = subject.current_form
        subject.fire(event)


_FILLED = {"form": msg("What is filled in on the way")}


class Decision(NodeAction, frozen=True, kw_only=True):
    """An owner's decision on a task, together with fields that the owner fills in."""

    needs_task: ClassVar = True
    ends_stay: ClassVar = True
    texts: ClassVar = {**WHO, **_FILLED}

    form: Mapping[str, Any] = {}

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report unknown nodes and people, and fields that the form does not have."""
        super().check(context, value, spot)
        if isinstance(value, Mapping) and not value.get("project"):
            check_form_field_names(context, value.get("form"), spot.at("form"))


class Approve(Decision, frozen=True, kw_only=True):
    """Approve a task at a node, for its owner."""

    about = msg("Approve at a node")
    decides: ClassVar = "approve"


class Reject(Decision, frozen=True, kw_only=True):
    """Reject a task at a node, for its owner."""

    about = msg("Reject at a node")
    decides: ClassVar = "reject"


class HandOver(NodeAction, frozen=True, kw_only=True):
    """Hand one's own task over to another person."""

    about = msg("Give one's task to somebody else")
    needs_task: ClassVar = True
    texts: ClassVar = {**WHO, "to": msg("Who gets it")}
    others: ClassVar = ()

    to: str | int


class AddOwner(NodeAction, frozen=True, kw_only=True):
    """Add further owners to a task."""

    about = msg("Let others decide before, after or beside oneself")
    needs_task: ClassVar = True
    texts: ClassVar = {
        **WHO,
        "to": msg("Who decides, too"),
        "where": msg("before, after or beside oneself"),
        "complete": msg("How many of them have to agree"),
    }
    others: ClassVar = ()

    to: tuple[str | int, ...]
    where: str = "before"
    complete: str | int = "all"

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report unknown people and nodes, and invalid values of ``where`` and ``complete``.

        ``where`` is the order of new and old owners; ``complete`` is how many of them have to pass.
        """
        super().check(context, value, spot)
        if not isinstance(value, Mapping):
            return
        where, known = value.get("where", "before"), get_args(Where)
        if where not in known and not _is_filled_later(where):
            context.tell(
                spot.at("where"),
                "expected one of {names}, got {where!r}",
                names=join_list(known),
                where=DataValue(where),
            )
        rule = value.get("complete", "all")
        if not _is_filled_later(rule) and (wrong := find_rule_problem(rule)):
            context.tell(spot.at("complete"), wrong)


class Forward(NodeAction, frozen=True, kw_only=True):
    """Show the project to other people, who get no task."""

    about = msg("Show the project to others, who do not decide")
    texts: ClassVar = {**WHO, "to": msg("Who sees it")}
    others: ClassVar = ()

    to: tuple[str | int, ...]


class Comment(NodeAction, frozen=True, kw_only=True):
    """Add a comment to the project."""

    about = msg("Say something about the project")
    others: ClassVar = (str,)

    comment: str


class Remind(NodeAction, frozen=True, kw_only=True):
    """Remind the owners who have to act."""

    about = msg("Remind those who are to act now")


class Withdraw(FlowAction, frozen=True, kw_only=True):
    """Withdraw a project that one has submitted."""

    about = msg("Take the project back that one has started")
    ends_stay: ClassVar = True


class Return(NodeAction, frozen=True, kw_only=True):
    """Send the project back to an earlier node."""

    about = msg("Send the project back to a node, or to who started it: start")
    texts: ClassVar = {**WHO, "to": msg("A node that was passed, or start")}
    method: ClassVar = "send_back"
    needs_task: ClassVar = True
    ends_stay: ClassVar = True
    meant: ClassVar = msg("the node")
    others: ClassVar = ()

    to: str


class Resubmit(FlowAction, frozen=True, kw_only=True):
    """Submit a project again that was rejected or sent back."""

    about = msg("Submit once more what was refused or sent back")
    is_for_starter: ClassVar = True
    texts: ClassVar = {**WHO, **_FILLED}

    form: Mapping[str, Any] = {}

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report unknown people, and fields that the form does not have."""
        super().check(context, value, spot)
        if isinstance(value, Mapping) and not value.get("project"):
            check_form_field_names(context, value.get("form"), spot.at("form"))


class Terminate(FlowAction, frozen=True, kw_only=True):
    """End the project at once."""

    about = msg("End the project at once")
    ends_stay: ClassVar = True


class ProxyAction(Action, frozen=True, kw_only=True):
    """Call an API without a script.

    Its parameters are given by *args*, in the order in which the platform file declares them (a
    direct call), or by ``path``, ``query``, ``header`` and ``body``.
    """

    about = msg("Call an API without a script")
    texts: ClassVar = {
        "_": msg("A call without a script"),
        "call": msg("platform.api"),
        "args": msg("Arguments of a direct call in order"),
        "path": msg("Path parameters"),
        "query": msg("Query parameters"),
        "header": msg("Headers"),
        "body": msg("Body"),
        "instance": msg("Instance"),
        "caller": msg("Source of the call"),
    }
    parts: ClassVar = ("path", "query", "header", "body")

    call: str
    args: Any = msgspec.UNSET
    path: Any = msgspec.UNSET
    query: Any = msgspec.UNSET
    header: Any = msgspec.UNSET
    body: Any = msgspec.UNSET
    instance: str = ""
    caller: str = ""

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report an invalid or unknown API, and ``args`` that are no list.

        Also ``args`` (a direct call) together with ``path``, ``query``, ``header`` or ``body``.
        """
        if not cls.check_keys_if_map(context, value, spot):
            return
        call = value.get("call")
        if not _is_filled_later(call) and not _CALL.fullmatch(str(call)):
            context.tell(
                spot.at("call"), "expected call: platform.api, got {call!r}", call=DataValue(call)
            )
        elif not expects_invalid_call(spot) and (
            wrong := context.names.find_call_problem(str(call))
        ):
            context.tell(spot.at("call"), wrong, kind="name")
        if "args" in value and any(part in value for part in cls.parts):
            wrong = msg("args is a direct call; it excludes path, query, header, body")
            context.tell(spot.at("args"), wrong)
        elif "args" in value and not _is_of_type_or_waits(value["args"], list):
            context.tell(spot.at("args"), msg("expected a list of arguments"))

    @classmethod
    def run(cls, performer: Performer, value: Any, script_name: str, result: Result) -> None:  # noqa: ARG003
        """Make the call; the response becomes the step's result."""
        platform, _, api = str(value["call"]).partition(".")
        names = (("instance", "instance_key"), ("caller", "caller"))
        options = {option: value[key] for key, option in names if key in value}
        proxy = performer.session.proxy(platform, **options)
        if "args" in value:
            result.set_value(proxy.direct(api, *value["args"]))
            return
        builder = proxy.api(api)
        for part in cls.parts:
            if part in value:
                builder = getattr(builder, part)(value[part])
        result.set_value(builder.call())


class Js(Action, frozen=True, kw_only=True):
    """Run JavaScript: the step's own source, a file with arguments, or one function of a file."""

    sees_form: ClassVar = True
    about = msg("Run JavaScript, or {file: path, args: …}")
    texts: ClassVar = {
        "_": msg("A script in a file"),
        "file": msg("Its path"),
        "call": msg("The function of it that is called; without one the file itself is run"),
        "args": msg("What the script knows by name; of a function its arguments in order"),
    }
    others = (str,)
    takes = msg("JavaScript, or `{file: …, args: {…}}`, `{file: …, call: …, args: […]}`")
    is_code = True

    file: str
    call: str = ""
    args: Mapping[str, Any] | tuple[Any, ...] = {}

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report a value that is neither source nor file, and arguments that cannot be passed."""
        if isinstance(value, str) or not cls.check_keys_if_map(context, value, spot):
            return
        if not (isinstance(value.get("file"), str) and value["file"]):
            context.tell(spot, msg("expected a script, or {file: path of a script}"))
        call, args = value.get("call", ""), value.get("args", {})
        if call and not _is_filled_later(call) and not _NAME.fullmatch(str(call)):
            context.tell(
                spot.at("call"),
                "expected the name of a function, got {call!r}",
                call=DataValue(call),
            )
        if not _is_of_type_or_waits(args, list | tuple if call else Mapping):
            wrong = msg("a function takes a list of arguments") if call else msg(
                "a script takes arguments by name, such as {金额: 800}; a list belongs to call:"
            )  # fmt: skip
            context.tell(spot.at("args"), wrong)
        for name in args if isinstance(args, Mapping) and not call else ():
            if not _NAME.fullmatch(name):
                context.tell(
                    spot.at("args", name), "{name!r} is not a valid script name", name=name
                )

    @classmethod
    def find_script_file(cls, value: Any) -> str | None:
        """Return the file of a ``js`` step, or None if its source is in the step."""
        name = value.get("file") if isinstance(value, Mapping) else None
        return name if isinstance(name, str) else None

    @classmethod
    def run(cls, performer: Performer, value: Any, script_name: str, result: Result) -> None:
        """Run the script with the subject's ``form`` and ``ctx``."""
        script, libraries = Script(str(value), script_name), performer.libraries
        if isinstance(value, Mapping):
            script, libraries = cls._prepare_script_and_libraries(performer, value, script_name)
        form, ctx = performer.subject.make_script_views() if performer.subject else (None, None)
        ended = performer.session.run_script(
            script, form=form, ctx=ctx, libraries=libraries, page=Page()
        )
        result.add_outcome(ended)
        result.set_value(ended.value)

    @classmethod
    def _prepare_script_and_libraries(
        cls, performer: Performer, value: Mapping[str, Any], script_name: str
    ) -> tuple[Script, tuple[Script, ...]]:
        """Return the script to run, and the libraries that run before it.

        With ``call``, the file itself becomes a library and the script only calls its function;
        otherwise the arguments become ``const`` declarations in front of the file.
        """
        file, args = performer.inline[value["file"]], value.get("args", {})
        if value.get("call"):
            listed = ", ".join(map(show, args))
            body = Script(f"return await {value['call']}({listed});", script_name)
            return body, (*dict.fromkeys((*performer.libraries, file)),)
        # A script of its own before the file: in one text with it, each line of the file would have
        # another number in messages.
        known = "".join(f"const {key} = {show(known)};\n" for key, known in args.items())
        return file, (*performer.libraries, *([Script(known, script_name)] if known else []))


class Python(Action, frozen=True, kw_only=True):
    """Call a Python function with the session.

    ``form`` and ``flow`` are passed if it has such parameters.
    """

    sees_form: ClassVar = True
    about = msg("Call module:function with the session, and with form and flow if it asks for them")
    texts: ClassVar = {
        "_": msg("A Python function"),
        "call": msg("module:function"),
        "args": msg("Arguments by name"),
    }
    others = (str,)
    takes = msg("`module:function`, or `{call: …, args: {…}}`")
    pattern: ClassVar = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")

    call: str
    args: Mapping[str, Any] = {}

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report a text that is not of the form ``module:function``.

        Nothing is imported at load.
        """
        call = value
        if isinstance(value, Mapping):
            cls.check_keys_if_map(context, value, spot)
            call = value.get("call")
            if not _is_of_type_or_waits(value.get("args", {}), Mapping):
                context.tell(spot.at("args"), msg("expected a map of arguments"))
        if not _is_filled_later(call) and not cls.pattern.fullmatch(str(call)):
            context.tell(spot, "expected module:function, got {call!r}", call=DataValue(call))

    @classmethod
    def run(cls, performer: Performer, value: Any, script_name: str, result: Result) -> None:  # noqa: ARG003
        """Call the function; its return value becomes the step's result."""
        arguments = value if isinstance(value, Mapping) else {"call": value}
        module, _, function = str(arguments["call"]).partition(":")
        try:
            with redact_output(performer.session.redact):
                target = find_function(import_or_load_module(module, performer.path), function)
                value = call_with_session(
                    target, performer.session, performer.subject, arguments.get("args", {})
                )
            refuse_lazy_result(arguments["call"], value)
            result.set_value(value)
        except SystemExit as error:  # would end the whole run, and print what it was given
            message = msg(
                "python: {call} called sys.exit({code!r})", call=arguments["call"], code=error.code
            )
            raise SubjectError(message, code="EXITED") from None


class Advance(Action, frozen=True, kw_only=True):
    """Let virtual time pass."""

    about = msg("Let virtual time pass: 30s, 1h")
    takes = "`30s`, `1h`"

    @classmethod
    def make_value_schema(cls) -> dict[str, Any] | None:
        """Return the JSON Schema of a duration."""
        texts = [
            {"type": "string", "pattern": pattern} for pattern in (DURATION, REFERENCE_PATTERN)
        ]
        return {"anyOf": [{"type": "number", "minimum": 0}, *texts]}

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report a value that is not a duration of zero or more."""
        if _is_filled_later(value):
            return
        try:
            good = not isinstance(value, bool) and parse_duration(value) >= 0
        except (ValueError, TypeError):
            good = False
        if not good:
            context.tell(
                spot,
                "expected a duration such as 30s or 1m30s, got {value!r}",
                value=DataValue(value),
            )

    @classmethod
    def run(cls, performer: Performer, value: Any, script_name: str, result: Result) -> None:  # noqa: ARG003
        """Advance the clock, stopping at each deadline on the way to process it at its own time."""
        until = performer.session.clock.now() + parse_duration(value)
        # Stop at each deadline: what it does (a hand-over, a script) sees its own time, and may set
        # a new deadline that still falls into this span.
        while isinstance(performer.subject, FlowSubject):
            due = performer.subject.find_next_due()
            if due is None or due > until:
                break
            performer.session.advance(max(due - performer.session.clock.now(), 0))
            performer.fire_due_deadlines()
        performer.session.advance(max(until - performer.session.clock.now(), 0))


class RunAction(Action, frozen=True, kw_only=True):
    """Run named steps of a fragment, with variables that exist only for this run of them.

    A fragment is a file that several scenarios share by ``use``.
    """

    about = msg("Run named steps of a fragment")
    texts: ClassVar = {
        "_": msg("Named steps of a fragment"),
        "steps": msg("Their name"),
        "with": msg("Variables for them"),
    }
    others = (str,)
    takes = msg("a name, `${case.column}`, or `{steps: …, with: {…}}`")

    steps: str
    variables: Mapping[str, Any] = field(default={}, name="with")

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Report a name that no fragment of ``use`` declares."""
        named, name = context.names.named_steps, value
        if isinstance(value, Mapping):
            cls.check_keys_if_map(context, value, spot)
            name = value.get("steps")
            if not isinstance(value.get("with", {}), Mapping):
                context.tell(spot.at("with"), msg("expected a map of variables"))
        if not isinstance(name, str) or ("${" in name and not find_referenced_column(name)):
            wrong = msg(
                "expected the name of steps, ${case.column}, or {steps: a name, with: variables}"
            )
            context.tell(spot, wrong)
        elif "${" not in name and name not in named:
            more = suggest_or_list(name, named) or msg("; named steps come from the files of use")
            context.tell(spot, "no steps {name!r}{more}", name=name, more=more)

    @classmethod
    def find_named_steps(cls, value: Any) -> tuple[str, Mapping[str, Any]] | None:
        """Return name and variables of the named steps of *value*: a name, or {steps: …, with: …}.

        The runner runs each as a step of its own. Never None, as it is for actions of other kinds.
        """
        if not isinstance(value, Mapping):
            return str(value), {}
        variables = value.get("with", {})
        return str(value.get("steps", "")), variables if isinstance(variables, Mapping) else {}


def _is_filled_later(value: Any) -> bool:
    """Return whether *value* is a text with a ``${…}``, which is checked again in the run."""
    return isinstance(value, str) and "${" in value


def _is_of_type_or_waits(value: Any, kind: Any) -> bool:
    """Return whether *value* is of type *kind*, or a single ``${…}``, known only in the run."""
    return isinstance(value, kind) or parse_whole_reference(value) is not None


def _find_described_subclasses(kind: type[Action]) -> Iterator[type[Action]]:
    for subclass in kind.__subclasses__():
        # Bases such as `Decision` are no actions: they say nothing about themselves.
        if "about" in vars(subclass):
            yield subclass
        yield from _find_described_subclasses(subclass)


ACTIONS: Mapping[str, type[Action]] = {
    action.derive_key(): action for action in _find_described_subclasses(Action)
}
"""Key of a step -> its action, in the order of the classes above."""


def check_action(context: CheckContext, action: str, value: Any, spot: Spot) -> None:
    """Report to *context* what is wrong with *value*, that of the key *action* of a step at *spot*.

    A value that is a single ``${…}`` is checked only in the run, with the value that replaces it.
    """
    kind = ACTIONS[action]
    waits = parse_whole_reference(value) is not None and not kind.is_code and kind is not RunAction
    if kind.needs and not {*kind.needs} & {*context.names.subject_kinds}:
        names = join_messages(msg(" or a "), kind.needs)
        context.tell(spot, "{action} needs a {names} in the scenario", action=action, names=names)
    elif not waits:
        kind.check(context, value, spot)


def collect_action_texts() -> Texts:
    """Return the descriptions of actions that editors show: model -> key -> texts of that key.

    A model is a class of the scenario file, such as ``Step`` or ``AddRow``; its texts are in
    English and Chinese. The key ``_`` describes the value as a whole.
    """
    every = {"Step": {key: action.about for key, action in ACTIONS.items()}}
    every["Policy"] = {
        key: action.about for key, action in ACTIONS.items() if issubclass(action, FlowAction)
    }
    every |= {action.__name__: {**action.texts} for action in ACTIONS.values() if action.texts}
    return {
        name: {key: (to_plain_english(text), translate(text, "zh")) for key, text in texts.items()}
        for name, texts in every.items()
    }


def list_declared_actions(step: Model) -> Iterator[str]:
    """Yield the keys of all actions that *step* has; a valid step has at most one."""
    values = zip(ACTIONS, _values_of(step), strict=True)
    return (name for name, value in values if value is not msgspec.UNSET)


_values_of = attrgetter(*ACTIONS)
