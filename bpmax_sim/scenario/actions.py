"""What a step can do: one class an action, with its keys, its check at load and its run.

`ACTIONS` is the table that the schema, lint, the runner and the pages are made from. To add an
action, write its class; it is known by its name in lower case with underscores.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from msgspec import field

from bpmax_sim.clock import parse_duration
from bpmax_sim.errors import SubjectError
from bpmax_sim.platform.model import Model
from bpmax_sim.project import find_root
from bpmax_sim.scenario.action import Action, CheckContext, Performer
from bpmax_sim.scenario.references import Path as Steps
from bpmax_sim.scenario.source import Spot, hint
from bpmax_sim.script.failure import Script
from bpmax_sim.script.runtime import Page
from bpmax_sim.subject.cells import check_row, field_hint
from bpmax_sim.subject.flow import Action as FlowAction
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.hooks import FlowMove, Result, parse_event
from bpmax_sim.yamlfile.schema import Texts
from bpmax_sim.yamlfile.shapes import DURATION

REFERENCE_PATTERN = r"\$\{"


def _check_fields(context: CheckContext, value: Any, spot: Spot) -> None:
    if not isinstance(value, Mapping):
        context.tell(spot, "expected a map of fields and values")
        return
    for name in value:
        if wrong := field_hint(name, context.fields):
            context.tell(spot.at(name), wrong)


class Open(Action, frozen=True, kw_only=True):
    """Opening a form."""

    about = ("Open the form with prefilled values", "打开表单，可预填字段")
    others = (Mapping[str, Any], None)
    takes = "`{field: value}`, or nothing"
    needs = ("form",)

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Find fields that the form does not have."""
        if value is not None:
            _check_fields(context, value, spot)

    @classmethod
    def run(cls, on: Performer, value: Any, name: str, result: Result) -> None:  # noqa: ARG003
        """Prefill, then fire ``open``."""
        on.form("open").open(value or {})


class Set(Action, frozen=True, kw_only=True):
    """Filling in fields."""

    about = ("Fill in fields one after another", "依次填写字段")
    others = (Mapping[str, Any],)
    takes = '`{field: value}`, `{"rows[0].qty": value}`'
    needs = ("form", "flow")

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Find fields that the form does not have."""
        _check_fields(context, value, spot)

    @classmethod
    def run(cls, on: Performer, value: Any, name: str, result: Result) -> None:  # noqa: ARG003
        """Set each, which fires what hangs on its change."""
        on.any("set").set(value)


class _Rows(Action, frozen=True, kw_only=True):
    """What a person does with the rows of a table; rows are counted from 0."""

    needs = ("form", "flow")

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Find tables that are no fields, and rows that are no numbers."""
        if not cls.known_keys(context, value, spot):
            return
        table = value.get("table")
        if not isinstance(table, str):
            context.tell(spot, "expected table: the field that holds the rows")
        elif "${" not in table and (wrong := field_hint(table, context.fields)):
            context.tell(spot.at("table"), wrong)
        for key in cls.needed_rows:
            if key not in value:
                context.tell(spot, f"expected {key}: the number of a row, from 0")
        for key in ("at", "to"):
            row = value.get(key, 0)
            is_number = isinstance(row, int) and not isinstance(row, bool) and row >= 0
            if not is_number and not (isinstance(row, str) and "${" in row):
                context.tell(spot.at(key), f"expected the number of a row, from 0, got {row!r}")

    needed_rows: ClassVar[tuple[str, ...]] = ("at",)

    @classmethod
    def run(cls, on: Performer, value: Any, name: str, result: Result) -> None:  # noqa: ARG003
        """Replace the table by one with the rows as they are then."""
        table = str(value["table"])
        on.any(cls.key()).set_rows(table, lambda rows: cls.changed(rows, value, table))

    @classmethod
    def changed(cls, rows: list[Any], value: Mapping[str, Any], table: str) -> list[Any]:
        """Return the rows afterwards.

        Raises:
            SubjectError: a row that is meant is not there.
        """
        raise NotImplementedError


class AddRow(_Rows, frozen=True, kw_only=True):
    """Adding a row to a table, at its end where no place is given."""

    about = ("Add a row to a table", "给明细表加一行")
    texts: ClassVar = {
        "_": ("A new row", "新的一行"),
        "table": ("Field that holds the rows", "明细表字段"),
        "row": ("Values of the row", "该行的值"),
        "at": (
            "Number that the row gets, from 0; by default the last",
            "行号，从 0 起，默认加在最后",
        ),
    }
    needed_rows: ClassVar = ()

    table: str
    row: Mapping[str, Any] = {}
    at: int = 0

    @classmethod
    def changed(cls, rows: list[Any], value: Mapping[str, Any], table: str) -> list[Any]:
        """Return the rows with the new one."""
        at = int(value.get("at", len(rows)))
        check_row(rows, at, table, more=1)
        return [*rows[:at], value.get("row", {}), *rows[at:]]


class RemoveRow(_Rows, frozen=True, kw_only=True):
    """Removing a row of a table."""

    about = ("Remove a row of a table", "删除明细表的一行")
    texts: ClassVar = {
        "_": ("The row that goes", "要删除的行"),
        "table": ("Field that holds the rows", "明细表字段"),
        "at": ("Number of the row, from 0", "行号，从 0 起"),
    }

    table: str
    at: int

    @classmethod
    def changed(cls, rows: list[Any], value: Mapping[str, Any], table: str) -> list[Any]:
        """Return the other rows."""
        at = int(value["at"])
        check_row(rows, at, table)
        return [*rows[:at], *rows[at + 1 :]]


class MoveRow(_Rows, frozen=True, kw_only=True):
    """Moving a row of a table."""

    about = ("Move a row of a table", "移动明细表的一行")
    texts: ClassVar = {
        "_": ("The row that moves", "要移动的行"),
        "table": ("Field that holds the rows", "明细表字段"),
        "at": ("Number of the row, from 0", "行号，从 0 起"),
        "to": ("Number that it has afterwards", "移动后的行号"),
    }
    needed_rows: ClassVar = ("at", "to")

    table: str
    at: int
    to: int

    @classmethod
    def changed(cls, rows: list[Any], value: Mapping[str, Any], table: str) -> list[Any]:
        """Return the rows in their new order."""
        at, to = int(value["at"]), int(value["to"])
        check_row(rows, at, table)
        check_row(rows, to, table)
        rest = [*rows[:at], *rows[at + 1 :]]
        return [*rest[:to], rows[at], *rest[to:]]


class Click(Action, frozen=True, kw_only=True):
    """Pressing a button of a form."""

    about = ("Press a button", "点击按钮")
    others = (str,)
    takes = "a button"
    needs = ("form",)

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Find buttons without a script."""
        if not isinstance(value, str):
            context.tell(spot, "expected the name of a button")
            return
        prefix = "click."
        buttons = [event[len(prefix) :] for event in context.scripts if event.startswith(prefix)]
        if "${" not in value and value not in buttons:
            context.tell(spot, f"no script for click.{value}{hint(value, buttons)}")

    @classmethod
    def run(cls, on: Performer, value: Any, name: str, result: Result) -> None:  # noqa: ARG003
        """Fire ``click.<button>``."""
        on.form("click").click(str(value))


class Submit(Action, frozen=True, kw_only=True):
    """Submitting a form, or creating a project."""

    about = ("Submit the form or create the project", "提交表单，或创建项目")
    texts: ClassVar = {
        "_": ("Who creates the project", "谁创建项目"),
        "by": ("Who", "谁"),
        "comment": ("Comment", "意见"),
        "form": ("What the form holds", "表单内容"),
    }
    others = (bool, None)
    needs = ("form", "flow")

    by: str | int = ""
    comment: str = ""
    form: Mapping[str, Any] = {}

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Find keys that it does not take; of a form it takes none."""
        if context.subject == "flow" and isinstance(value, Mapping):
            cls.known_keys(context, value, spot)
        elif value not in ({}, None, True):
            context.tell(spot, "expected {}")

    @classmethod
    def run(cls, on: Performer, value: Any, name: str, result: Result) -> None:  # noqa: ARG003
        """Fire ``submit``, or create the project."""
        if isinstance(on.subject, FlowSubject):
            on.subject.create(_move_of(value))
        else:
            on.form("submit").submit()


class Fire(Action, frozen=True, kw_only=True):
    """Running the script of one event."""

    about = ("Run the script of an event alone", "单独执行某个事件的脚本")
    others = (str,)
    takes = "an event"
    needs = ("form", "flow")

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Find events that the subject does not have, or that have no script."""
        if not isinstance(value, str):
            context.tell(spot, "expected an event such as change.customerId")
            return
        if "${" in value:
            return
        try:
            parse_event(value, context.subject or "form")
        except ValueError as error:
            context.tell(spot, str(error))
            return
        if value not in context.scripts:
            context.tell(spot, f"no script for {value}{hint(value, context.scripts)}")

    @classmethod
    def run(cls, on: Performer, value: Any, name: str, result: Result) -> None:  # noqa: ARG003
        """Run the script, without changing anything first."""
        on.any("fire").fire(str(value))


class _Transition(Action, frozen=True, kw_only=True):
    """What somebody decides at a node."""

    texts: ClassVar = {
        "_": ("Who acts where", "谁在哪个环节操作"),
        "at": ("Node", "环节"),
        "by": ("Who; has to be an owner", "谁，必须是负责人"),
        "comment": ("Comment", "意见"),
        "form": ("What is filled in on the way", "同时填写的内容"),
    }
    others = (None,)
    needs = ("flow",)
    decides: ClassVar[FlowAction]

    at: str = ""
    by: str | int = ""
    comment: str = ""
    form: Mapping[str, Any] = {}

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Find nodes that are not there, or that do not offer it."""
        if value is None or not cls.known_keys(context, value, spot):
            return
        at = value.get("at", "")
        if context.definition is None or not isinstance(at, str) or not at or "${" in at:
            return
        if at not in context.nodes:
            context.tell(spot.at("at"), f"no node {at!r}{hint(at, context.nodes)}")
        elif cls.decides not in context.definition.nodes[at].offers:
            offers = ", ".join(context.definition.nodes[at].offers) or "no action"
            wrong = f"node {at!r} does not offer {cls.decides}; it offers {offers}"
            context.tell(spot.at("at"), wrong)

    @classmethod
    def run(cls, on: Performer, value: Any, name: str, result: Result) -> None:  # noqa: ARG003
        """Check, run the hooks, and go where the definition leads."""
        on.flow(cls.decides).act(cls.decides, _move_of(value))


class Approve(_Transition, frozen=True, kw_only=True):
    """Approving at a node."""

    about = ("Approve at a node", "审批通过")
    decides = "approve"


class Reject(_Transition, frozen=True, kw_only=True):
    """Rejecting at a node."""

    about = ("Reject at a node", "审批退回")
    decides = "reject"


def _move_of(value: Any) -> FlowMove:
    given = value if isinstance(value, Mapping) else {}
    return FlowMove(
        at=str(given.get("at", "")),
        by=str(given.get("by", "")),
        comment=str(given.get("comment", "")),
        form=given.get("form", {}),
    )


class Proxy(Action, frozen=True, kw_only=True):
    """A call without a script: direct with *args*, else by its parts."""

    about = ("Call an API without a script", "不写脚本，直接调用接口")
    texts: ClassVar = {
        "_": ("A call without a script", "不写脚本的调用"),
        "call": ("platform.api", "平台.接口"),
        "args": ("Arguments of a direct call in order", "直接调用的参数，按顺序"),
        "path": ("Path parameters", "路径参数"),
        "query": ("Query parameters", "查询参数"),
        "header": ("Headers", "请求头"),
        "body": ("Body", "请求体"),
        "instance": ("Instance", "实例"),
        "caller": ("Source of the call", "调用来源"),
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
        """Find what names no API, and arguments beside parts."""
        if not cls.known_keys(context, value, spot):
            return
        call = value.get("call")
        if not isinstance(call, str) or not re.fullmatch(r"[^.\s]+\.[^.\s]+", call):
            context.tell(spot.at("call"), f"expected call: platform.api, got {call!r}")
        if "args" in value and any(part in value for part in cls.parts):
            wrong = "args is a direct call; it excludes path, query, header, body"
            context.tell(spot.at("args"), wrong)
        elif "args" in value and not isinstance(value["args"], list):
            context.tell(spot.at("args"), "expected a list of arguments")

    @classmethod
    def run(cls, on: Performer, value: Any, name: str, result: Result) -> None:  # noqa: ARG003
        """Make the call; its response is the result."""
        platform, _, api = str(value["call"]).partition(".")
        names = (("instance", "instance_key"), ("caller", "caller"))
        options = {option: value[given] for given, option in names if given in value}
        proxy = on.bench.proxy(platform, **options)
        if "args" in value:
            result.returned(proxy.direct(api, *value["args"]))
            return
        builder = proxy.api(api)
        for part in cls.parts:
            if part in value:
                builder = getattr(builder, part)(value[part])
        result.returned(builder.call())


class Js(Action, frozen=True, kw_only=True):
    """JavaScript of the step itself, or of a file."""

    about = ("Run JavaScript, or {file: path}", "执行 JavaScript，或 {file: 路径}")
    texts: ClassVar = {
        "_": ("A script in a file", "文件里的脚本"),
        "file": ("Its path", "脚本路径"),
    }
    others = (str,)
    takes = "JavaScript, or `{file: …}`"
    is_code = True

    file: str

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Find what is neither a script nor a file."""
        if isinstance(value, str):
            return
        if cls.known_keys(context, value, spot) and not isinstance(value.get("file"), str):
            context.tell(spot, "expected a script, or {file: path of a script}")

    @classmethod
    def script_file(cls, value: Any) -> tuple[str, Steps] | None:
        """Return the file."""
        name = value.get("file") if isinstance(value, Mapping) else None
        return (name, ("file",)) if isinstance(name, str) else None

    @classmethod
    def run(cls, on: Performer, value: Any, name: str, result: Result) -> None:
        """Run it with the subject's ``form`` and ``ctx``."""
        script = on.inline[value["file"]] if isinstance(value, Mapping) else Script(name, value)
        if on.subject is None:
            ended = on.bench.run_script(script, libraries=on.libraries, page=Page())
        else:
            form, ctx = on.subject.views()
            ended = on.bench.run_script(
                script, form=form, ctx=ctx, libraries=on.libraries, page=Page()
            )
        result.take(ended)
        result.returned(ended.value)


class Python(Action, frozen=True, kw_only=True):
    """A Python function, called with the session first."""

    about = ("Call module:function with the session", "以会话为参数调用 module:function")
    texts: ClassVar = {
        "_": ("A Python function", "Python 函数"),
        "call": ("module:function", "模块:函数"),
        "args": ("Arguments by name", "具名参数"),
    }
    others = (str,)
    takes = "`module:function`, or `{call: …, args: {…}}`"
    pattern: ClassVar = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")

    call: str
    args: Mapping[str, Any] = {}

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Find what names no function; nothing is imported."""
        call = value
        if isinstance(value, Mapping):
            cls.known_keys(context, value, spot)
            call = value.get("call")
            if not isinstance(value.get("args", {}), Mapping):
                context.tell(spot.at("args"), "expected a map of arguments")
        if not isinstance(call, str) or not cls.pattern.fullmatch(call):
            context.tell(spot, f"expected module:function, got {call!r}")

    @classmethod
    def run(cls, on: Performer, value: Any, name: str, result: Result) -> None:  # noqa: ARG003
        """Call it; what it returns is the result."""
        given = value if isinstance(value, Mapping) else {"call": value}
        module, _, function = str(given["call"]).partition(":")
        found = getattr(_module(module, on.path), function)
        result.returned(found(on.bench, **given.get("args", {})))


def _module(name: str, path: Path) -> Any:
    """Import *name*, else load it from below the scenario's folder or the project's root."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
    below = Path(*name.split(".")).with_suffix(".py")
    for folder in (path.parent, find_root(path)):
        spec = importlib.util.spec_from_file_location(name, folder / below)
        if (folder / below).is_file() and spec and spec.loader:
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            spec.loader.exec_module(module)
            return module
    raise SubjectError(f"python: no module {name!r} beside the scenario or in the project's root")


class Advance(Action, frozen=True, kw_only=True):
    """Virtual time that passes."""

    about = ("Let virtual time pass: 30s, 1h", "让虚拟时间流逝：30s、1h")
    takes = "`30s`, `1h`"

    @classmethod
    def value_schema(cls) -> dict[str, Any] | None:
        """Return the schema of a duration."""
        texts = [{"type": "string", "pattern": one} for one in (DURATION, REFERENCE_PATTERN)]
        return {"anyOf": [{"type": "number", "minimum": 0}, *texts]}

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Find what is no duration."""
        if isinstance(value, str) and "${" in value:
            return
        try:
            good = not isinstance(value, bool) and parse_duration(value) >= 0
        except (ValueError, TypeError):
            good = False
        if not good:
            context.tell(spot, f"expected a duration such as 30s or 1m30s, got {value!r}")

    @classmethod
    def run(cls, on: Performer, value: Any, name: str, result: Result) -> None:  # noqa: ARG003
        """Move the clock on."""
        on.bench.advance(parse_duration(value))


class Run(Action, frozen=True, kw_only=True):
    """Named steps of a fragment, with variables for this run of them."""

    about = ("Run named steps of a fragment", "执行片段里的步骤")
    texts: ClassVar = {
        "_": ("Named steps of a fragment", "片段里的步骤"),
        "steps": ("Their name", "步骤组名称"),
        "with": ("Variables for them", "给它们的变量"),
    }
    others = (str,)
    takes = "a name, or `{steps: …, with: {…}}`"

    steps: str
    given: Mapping[str, Any] = field(default={}, name="with")

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: Spot) -> None:
        """Find steps that no fragment has."""
        named = context.named_steps()
        name = value
        if isinstance(value, Mapping):
            cls.known_keys(context, value, spot)
            name = value.get("steps")
            if not isinstance(value.get("with", {}), Mapping):
                context.tell(spot.at("with"), "expected a map of variables")
        if not isinstance(name, str):
            wrong = "expected the name of steps, or {steps: a name, with: variables}"
            context.tell(spot, wrong)
        elif name not in named:
            more = hint(name, named) or "; named steps come from the files of use"
            context.tell(spot, f"no steps {name!r}{more}")

    @classmethod
    def inner(cls, value: Any) -> tuple[str, Mapping[str, Any]] | None:
        """Return the steps; the runner runs them, each as a step of its own."""
        if not isinstance(value, Mapping):
            return str(value), {}
        given = value.get("with", {})
        return str(value.get("steps", "")), given if isinstance(given, Mapping) else {}


def _subclasses(kind: type[Action]) -> Iterator[type[Action]]:
    for one in kind.__subclasses__():
        if not one.__name__.startswith("_"):
            yield one
        yield from _subclasses(one)


ACTIONS: Mapping[str, type[Action]] = {one.key(): one for one in _subclasses(Action)}
"""Key of a step -> its action, in the order of the classes above."""


def check_action(context: CheckContext, action: str, value: Any, spot: Spot) -> None:
    """Report to *context* what is wrong with *value*."""
    kind = ACTIONS[action]
    if kind.needs and context.subject not in kind.needs:
        context.tell(spot, f"{action} needs a {' or a '.join(kind.needs)} in the scenario")
        return
    kind.check(context, value, spot)


def action_texts() -> Texts:
    """Return what an editor shows: the actions as keys of a step, and the keys of each."""
    step: Mapping[str, tuple[str, str]] = {key: one.about for key, one in ACTIONS.items()}
    return {"Step": step, **{one.__name__: one.texts for one in ACTIONS.values() if one.texts}}


def wanted_actions(step: Model) -> Sequence[str]:
    """Return the actions that a step asks for; one at most is right."""
    return [name for name in ACTIONS if getattr(step, name) is not msgspec.UNSET]
