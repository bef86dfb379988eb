"""Checks of scripts from their source and the project's files, without running them.

A run finds only mistakes on the lines it executes; here every line counts. What the source does not
show, such as a platform whose key is computed, is left to the run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, Literal

import msgspec

from bpmax_sim.errors import (
    CODES,
    CallError,
    Place,
    Problem,
    find_nearest,
    suggest_nearest,
    suggest_or_list,
)
from bpmax_sim.field_path import parse_plain_steps
from bpmax_sim.i18n import msg, plural
from bpmax_sim.platform.declared_places import list_judged_members
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, Instance, Platform
from bpmax_sim.platform.response_shapes import Kind, ResponseShape, ResponseShapes
from bpmax_sim.scenario.actions import ACTIONS as STEP_ACTIONS
from bpmax_sim.scenario.flow_actions import FlowAction
from bpmax_sim.scenario.member_checks import find_extension_hint, find_wrong_members
from bpmax_sim.scenario.script_context import ScriptContext
from bpmax_sim.scenario.script_texts import find_source_mistakes
from bpmax_sim.script.failure import Script
from bpmax_sim.script_source.comparisons import LiteralComparison
from bpmax_sim.script_source.condition_slips import describe_kind
from bpmax_sim.script_source.literal_slips import describe_ordered_text, is_no_number
from bpmax_sim.script_source.promises import select_certain_misuses
from bpmax_sim.script_source.reading import (
    POWER_DIFFERS,
    GlobalUse,
    MemberUse,
    ScriptReading,
    find_full_width,
    find_slips,
    read_script,
)
from bpmax_sim.script_source.values import ProxyCall
from bpmax_sim.subject.definition import ACTIONS
from bpmax_sim.subject.project import CONTEXT_MEMBERS

Severity = Literal["error", "warning"]
RULES: Final[Mapping[str, Severity]] = {
    "unknown-platform": "error",
    "unknown-instance": "error",
    "unknown-api": "error",
    "missing-parameter": "error",
    "unknown-parameter": "error",
    "uncalled-chain": "error",
    "undeclared-write": "error",
    "full-width": "error",
    "closed-member": "error",
    "undeclared-read": "warning",
    "extra-argument": "warning",
    "missing-await": "warning",
    "assigning-condition": "warning",
    "undeclared-parameter": "warning",
    "unknown-value": "warning",
    "undefined-name": "warning",
    "unknown-member": "warning",
    "unused-library": "warning",
    "power": "warning",
    "never-equal": "warning",
    "constant-condition": "warning",
    "same-sides": "warning",
    "duplicate-key": "warning",
    "missing-return": "warning",
    "wrong-callback": "warning",
    "no-effect": "warning",
    "unreachable": "warning",
    "fallthrough": "warning",
    "unused-variable": "warning",
    "shadowed-variable": "warning",
    "const-assign": "warning",
    "for-in": "warning",
    "plain-template": "warning",
    "turned-operator": "warning",
    "lost-digits": "warning",
    "index-condition": "warning",
    "wrong-value": "warning",
    "wrong-pattern": "warning",
    "endless-recursion": "warning",
    "unused-result": "warning",
}
"""The rules, by the name that ``// bpmax-ignore: rule`` switches one off with."""
_GLOBALS: Final = frozenset(
    {
        "$proxy", "AbortController", "AbortSignal", "AggregateError", "Array", "ArrayBuffer",
        "AsyncDisposableStack", "BigInt", "BigInt64Array", "BigUint64Array", "Blob", "Boolean",
        "DOMException", "DataView", "Date", "DisposableStack", "Error", "EvalError", "Event",
        "EventTarget", "File", "FinalizationRegistry", "Float16Array", "Float32Array",
        "Float64Array", "FormData", "Function", "Infinity", "Int16Array", "Int32Array", "Int8Array",
        "InternalError", "Intl", "Iterator", "JSON", "Map", "Math", "NaN", "Number", "Object",
        "Promise", "Proxy", "RangeError", "ReferenceError", "Reflect", "RegExp", "Set", "String",
        "SuppressedError", "Symbol", "SyntaxError", "TextDecoder", "TextEncoder", "TypeError",
        "URIError", "URL", "URLSearchParams", "Uint16Array", "Uint32Array", "Uint8Array",
        "Uint8ClampedArray", "WeakMap", "WeakRef", "WeakSet", "XMLHttpRequest", "arguments",
        "atob", "btoa", "clearInterval", "clearTimeout", "console", "crypto", "ctx",
        "decodeURI", "decodeURIComponent", "encodeURI", "encodeURIComponent", "escape", "eval",
        "fetch", "form", "globalThis", "isFinite", "isNaN", "parseFloat", "parseInt",
        "performance", "queueMicrotask", "setInterval", "setTimeout", "structuredClone",
        "undefined", "unescape",
    }
)  # fmt: skip
"""What a script finds without a library: the engine's own names, and those of the bindings."""
_OF_PAGES: Final = frozenset({
    "$", "CustomEvent", "Element", "FileReader", "HTMLElement", "Headers", "Image",
    "IntersectionObserver", "KeyboardEvent", "MouseEvent", "MutationObserver", "Node",
    "Notification", "Request", "ResizeObserver", "Response", "WebSocket", "Worker", "alert",
    "cancelAnimationFrame", "confirm", "document", "frames", "getComputedStyle", "history",
    "indexedDB", "jQuery", "localStorage", "location", "matchMedia", "navigator", "open", "parent",
    "prompt", "requestAnimationFrame", "screen", "self", "sessionStorage", "top", "window",
})  # fmt: skip
_OF_NODE: Final = frozenset({
    "Buffer", "__dirname", "__filename", "clearImmediate", "exports", "global", "module", "process",
    "require", "setImmediate",
})  # fmt: skip
"""Names that other surroundings have, and those of BPMAX do not."""
_OPTIONS: Final = ("instance_key", "caller")
_STATES: Final = frozenset({"$visible", "$required", "$readonly", "$options"})
_PAGE: Final = frozenset({*_STATES, "$message"})


class ScriptFinding(msgspec.Struct, frozen=True):
    """A mistake or a doubtful place in a script.

    Attributes:
        rule: key of `RULES`, the name by which a comment can suppress it.
        problem: its message and place.
    """

    rule: str
    problem: Problem

    @property
    def severity(self) -> Severity:
        """Return the severity, which depends on the rule."""
        return RULES[self.rule]


def check_scripts(
    contexts: Iterable[ScriptContext], shapes: ResponseShapes, broken: Collection[Script] = ()
) -> Iterator[ScriptFinding]:
    """Yield the findings in each script of *contexts*, except those that a comment suppresses.

    *shapes* are the declared and recorded responses of APIs. Of *broken* scripts, which no engine
    can parse, only findings of full-width punctuation are kept.
    """
    contexts = list(contexts)
    findings = chain.from_iterable(_check_script(context, shapes, broken) for context in contexts)
    for finding in dict.fromkeys(chain(findings, _find_unused_libraries(contexts, broken))):
        place = finding.problem.place
        reading = find_and_read_script(contexts, place.file) if place else None
        if not (reading and place and _is_suppressed(finding.rule, place.line, reading)):
            yield finding


def _is_suppressed(rule: str, line: int, reading: ScriptReading) -> bool:
    """Return whether a comment suppresses *rule* at *line*, or anywhere in the file."""
    lines = reading.suppressed
    return any(
        rule in rules for at, rules in lines.items() if at == line or rule == "unused-library"
    )


def find_and_read_script(contexts: Iterable[ScriptContext], file: str) -> ScriptReading | None:
    """Return the reading of the script *file*, if it is one of those of *contexts*."""
    found = next((context.script for context in contexts if context.script.name == file), None)
    return read_script(found.source, found.name) if found else None


def _check_script(
    context: ScriptContext, shapes: ResponseShapes, broken: Collection[Script]
) -> Iterator[ScriptFinding]:
    for problem in find_full_width(context.script.source, context.script.name):
        yield ScriptFinding("full-width", problem)
    if context.script in broken:
        return
    reading = read_script(context.script.source, context.script.name)
    for call in reading.calls:
        yield from _check_call(call, context.platforms)
    yield from _check_unused_reads(reading, context.platforms)
    yield from _check_common_mistakes(reading, context)
    yield from _check_never_equal(reading, context)
    if context.fields is not None:
        members = [use for use in reading.members if not find_extension_hint(use.path[0], context)]
        yield from _check_fields(members, context.fields, context.buttons)
    if not any(library in broken for library in context.libraries):
        yield from _check_globals(reading, context)
    yield from _check_members(reading, context.platforms, shapes)
    yield from _check_hook_names(reading, context)
    yield from _check_useless_ctx(reading, context)
    for rule, place, message in find_wrong_members(reading, context):
        yield _make_finding(rule, place, message)
    for place in reading.powers:
        yield _make_finding("power", place, POWER_DIFFERS)


def _check_common_mistakes(
    reading: ScriptReading, context: ScriptContext
) -> Iterator[ScriptFinding]:
    """Yield mistakes that the source alone shows, such as a missing ``await`` or ``if (a = b)``."""
    outside = [read_script(library.source, library.name) for library in context.libraries]
    asynchronous = {name for library in outside for name in library.asynchronous}
    for misuse in select_certain_misuses(reading.misuses, asynchronous):
        yield _make_finding("missing-await", misuse.place, misuse.message)
    for place in reading.assignments:
        yield _make_finding("assigning-condition", place, msg(
            "a condition compares with ===; a single = assigns, in doubled parentheses where meant"
        ))  # fmt: skip
    for place, message in find_source_mistakes(context.script, context.hooks):
        yield _make_finding("wrong-value", place, message)
    for slip in find_slips(context.script.source, context.script.name):
        if not (slip.is_top and context.is_library):
            yield _make_finding(slip.rule, slip.place, slip.message)


def _check_never_equal(reading: ScriptReading, context: ScriptContext) -> Iterator[ScriptFinding]:
    """Yield literals that can never equal what they are compared with, by type or by values."""
    for comparison in reading.comparisons:
        shape = _find_compared_shape(comparison, reading, context)
        name = ".".join((comparison.root, *comparison.path))
        if comparison.root in {"error", "result"}:
            name = ".".join(comparison.path)
        kind = comparison.kind
        if comparison.is_strict and shape.kinds and kind not in shape.kinds:
            declared = min(shape.kinds - {"null"}, default=None)
            yield _make_finding("never-equal", comparison.place, msg(
                "{left} is {kind} and never equals {right}, which is {other}",
                left=name, kind=describe_kind(declared), right=repr(comparison.text)
                if kind == "text" else comparison.text, other=describe_kind(kind),
            ))  # fmt: skip
        elif kind == "text" and comparison.text:
            yield from _check_compared_text(comparison, name, shape, context)
    for comparison in reading.order_comparisons:
        shape = _find_compared_shape(comparison, reading, context)
        if shape.kinds - {"null"} == {"number"} and is_no_number(comparison.text):
            message = describe_ordered_text(repr(comparison.text))
            yield _make_finding("never-equal", comparison.place, message)


def _check_useless_ctx(reading: ScriptReading, context: ScriptContext) -> Iterator[ScriptFinding]:
    """Yield assignments to ``ctx`` that have no effect, and reads of it that never find a value."""
    for use in reading.members:
        if use.root != "ctx" or use.path[0] in {"form", "project", "*"}:
            continue
        name = ".".join(("ctx", *use.path))
        if use.access == "write" and use.path[0] in CONTEXT_MEMBERS["ctx"]:
            message = msg(
                "nothing comes of an assignment to {name}; only ctx.form and ctx.project can be "
                "changed", name=name,
            )  # fmt: skip
            yield _make_finding("no-effect", use.place, message)
        elif use.access == "write" and context.script.source.count(name) == 1:
            yield _make_finding("no-effect", use.place, msg(
                "{name} is gone when this script ends; what has to stay goes into ctx.form or "
                "ctx.project", name=name,
            ))  # fmt: skip
        elif use.path[0] == "step" and use.path[-1] in _OF_DEADLINES and context.lacks_deadlines:
            message = msg(
                "{name} is there at a node with a deadline, and no node of the flow has one",
                name=name,
            )
            yield _make_finding("unknown-member", use.place, message)


_OF_DEADLINES: Final = frozenset({"plan_start_time", "plan_end_time", "delay_level"})


def _check_hook_names(reading: ScriptReading, context: ScriptContext) -> Iterator[ScriptFinding]:
    """Yield people and nodes that a script returns, in any of its branches, and that do not exist.

    Only scripts of the event ``owners`` return people, the owners of a node's tasks, and only those
    of ``jump`` a node, the first one of a project.
    """
    is_owners = any(hook.partition(".")[0] == "owners" for hook in context.hooks)
    for name, place in reading.named_owners if is_owners and context.people else ():
        if name not in context.people:
            hint = suggest_or_list(name, sorted(context.people))
            message = msg("people has no {name!r}{hint}", name=name, hint=hint)
            yield _make_finding("unknown-value", place, message)
    for place in reading.ownerless if is_owners else ():
        yield _make_finding("unknown-value", place, msg(
            "an owner has an owner_id, and this has none; write {owner_id: …}"
        ))  # fmt: skip
    is_jump = bool(context.hooks) and context.hooks <= {"jump"} and bool(context.nodes)
    for name, place in reading.returned_texts if is_jump else ():
        if name not in context.nodes:
            hint = suggest_or_list(name, sorted(context.nodes))
            message = msg("the flow has no node {name!r}{hint}", name=name, hint=hint)
            yield _make_finding("unknown-value", place, message)


def _check_compared_text(
    comparison: LiteralComparison, name: str, shape: ResponseShape, context: ScriptContext
) -> Iterator[ScriptFinding]:
    """Yield a finding if a script compares *name* with a text that it never has.

    *comparison* is that of the script. Either *shape*, what is known of the value, lists all texts
    that it can have, or the text resembles one that it can have.
    """
    text = comparison.text
    if comparison.root == "error" and comparison.path == ("code",) and text == "BUSINESS":
        yield from _check_unraised_business_code(comparison, context)
    known = _find_possible_texts(".".join((comparison.root, *comparison.path)), context)
    near = known & CODES if comparison.root == "error" else known
    hint = suggest_nearest(text, sorted(near)) if text not in known else ""
    if name == "ctx.action" and text in STEP_ACTIONS.keys() - _MOVES:
        hint = suggest_or_list(text, sorted(known))
    if shape.texts and text not in shape.texts:
        hint = suggest_or_list(text, shape.texts)
    if hint:
        message = msg("{name} is never {value!r}{hint}", name=name, value=text, hint=hint)
        yield _make_finding("unknown-value", comparison.place, message)


_MOVES: Final = frozenset({
    "create", "deadline",
    *(key for key, kind in STEP_ACTIONS.items() if issubclass(kind, FlowAction)),
}) - {"submit", "preview"}  # fmt: skip
"""Of the actions of a step and the bench what ``ctx.action`` may be; the product may have more."""
_OF_ERRORS: Final[Mapping[str, Kind]] = {
    "status": "number", "message": "text", "name": "text",
}  # fmt: skip
_NAMED_BY_ERRORS: Final[Mapping[str, Callable[[Platforms], set[str]]]] = {
    "platform_key": lambda platforms: {one.platform_key for one in platforms},
    "instance_key": lambda platforms: {
        "", "default",
        *(one.instance.instance_key for of in platforms.entries.values() for one in of),
    },
    "api": lambda platforms: {key for one in platforms for key in one.apis},
}  # fmt: skip
"""Member of an error of ``$proxy`` -> the names that it may have."""


_NODES_OF_CTX: Final = frozenset({("step_id",), ("step", "id"), ("step", "flow_step_id")})
"""Members that name the present node; ``step.name`` is its title, if it has one."""


def _find_compared_shape(
    comparison: LiteralComparison, reading: ScriptReading, context: ScriptContext
) -> ResponseShape:
    """Return what is known of the value that *comparison* compares: its kind, or all its texts.

    For a result of a call it is what the platform file declares. The shape is empty if nothing is
    known.
    """
    kind: str | None = None
    if comparison.root == "result" and comparison.call is not None:
        call = reading.calls[comparison.call]
        found = _find_api(call, context.platforms)
        declared = ResponseShapes().find_declared_shape(*found) if found is not None else None
        shape = declared.find(comparison.path) if declared is not None else None
        return shape or ResponseShape()
    if comparison.root == "error" and comparison.path[0] in _NAMED_BY_ERRORS:
        keys = _NAMED_BY_ERRORS[comparison.path[0]](context.platforms)
        return ResponseShape(frozenset({"text"}), texts=tuple(sorted(keys)))
    if comparison.root == "error":
        kind = _OF_ERRORS.get(comparison.path[0])
    elif comparison.root == "form" and len(comparison.path) == 1:
        kind = dict(context.field_kinds).get(comparison.path[0])
    elif comparison.root == "ctx" and comparison.path in _NODES_OF_CTX and context.hook_nodes:
        return ResponseShape(frozenset({"text"}), texts=tuple(sorted(context.hook_nodes)))
    elif comparison.path in {("action",), ("target_step",), ("step", "name"), *_NODES_OF_CTX}:
        kind = "text"
    return ResponseShape(frozenset({kind})) if kind else ResponseShape()  # type: ignore[arg-type]


def _find_api(call: ProxyCall, platforms: Platforms) -> tuple[Platform, Api, list[Instance]] | None:
    """Return platform and API of *call*, and the platform's enabled instances (tenants).

    None if either is not declared, or is only known at run time.
    """
    platform = platforms.find(call.platform) if call.platform is not None else None
    if platform is None or call.api is None:
        return None
    try:
        instances = platforms.list_enabled_instances(platform.platform_key)
        return platform, platforms.api(platform, call.api), instances
    except CallError:
        return None  # said where it is called


def _find_possible_texts(member: str, context: ScriptContext) -> frozenset[str]:
    """Return the texts that a value of scripts can have; empty if they are not known.

    *member* is its path, such as ``ctx.action``, ``ctx.step.id`` or ``error.code``.
    """
    if member == "ctx.action":
        return frozenset({"create", *ACTIONS})
    if member == "ctx.target_step" or member.startswith(("ctx.step.", "ctx.step_id")):
        return context.nodes
    if member != "error.code":
        return frozenset()
    platforms = [context.platforms.find(key) for key in context.platforms.keys]
    classes = [of for p in platforms if p is not None for of in p.response.classes.values()]
    return CODES.union({"CONFIG"}, (str(code) for one in classes for code in one.code))


def _check_unraised_business_code(
    comparison: LiteralComparison, context: ScriptContext
) -> Iterator[ScriptFinding]:
    """Yield ``error.code === 'BUSINESS'`` if no call of the script can throw that error.

    Only platforms or instances that declare ``reject`` throw it; of others a business failure is a
    result. Nothing is yielded if it is only known at run time which platforms the script calls.
    """
    found = filter(None, map(context.platforms.find, context.platforms.keys))
    reading = read_script(context.script.source, context.script.name)
    called = {call.platform for call in reading.calls}
    platforms = [one for one in found if one.platform_key in called or not called]
    entries = context.platforms.entries
    rejects = any(one.reject for one in platforms) or any(
        entry.instance.reject
        for one in platforms
        for entry in entries.get(one.platform_key, ())
        if entry.instance.reject is not msgspec.UNSET
    )
    if platforms and not rejects and None not in called:
        message = msg(
            "no call of this script ends in BUSINESS: a business failure comes back as a result "
            "here; read its code, or declare reject: [business] in the platform's file"
        )
        yield _make_finding("unknown-value", comparison.place, message)


def _make_finding(rule: str, place: Place, message: str) -> ScriptFinding:
    return ScriptFinding(rule, Problem(message, place))


def _check_unused_reads(reading: ScriptReading, platforms: Platforms) -> Iterator[ScriptFinding]:
    """Yield calls that only read data and whose declared response nothing uses.

    Of other calls, the names that get their results and that nothing reads.
    """
    useless: set[int] = set()
    for number in reading.unused_calls:
        call = reading.calls[number]
        found = _find_api(call, platforms)
        if found is not None and found[1].answer and found[1].method in {"GET", "HEAD"}:
            name = f"{found[0].platform_key}.{found[1].key}"
            message = msg(
                "nothing uses what {name} answers; use it, or take the call away", name=name
            )
            useless.add(number)
            yield _make_finding("unused-result", call.api_place, message)
    for unread in reading.unread_results:
        if unread.call not in useless and not reading.mistakes:
            yield _make_finding("unused-variable", unread.place, msg(
                "nothing reads {name}, the result of this call; read it, or leave the name away",
                name=unread.name,
            ))  # fmt: skip


def _check_call(call: ProxyCall, platforms: Platforms) -> Iterator[ScriptFinding]:
    if not call.is_called:
        message = msg("this chain ends without $call(), so nothing is sent; add .$call()")
        yield _make_finding("uncalled-chain", call.place, message)
    yield from _check_option_spelling(call)
    platform = platforms.find(call.platform) if call.platform is not None else None
    if platform is None:
        yield from _check_platform(call, platforms)
        return
    if call.instance is not None:
        try:
            platforms.instance(platform.platform_key, call.instance or None)
        except CallError as error:
            yield _make_finding("unknown-instance", call.platform_place, error.message)
    try:
        api = platforms.api(platform, call.api) if call.api is not None else None
    except CallError as error:
        yield _make_finding("unknown-api", call.api_place, error.message)
        return
    if call.is_called and api is not None:
        yield from _check_arguments(call, platform, api)


def _check_option_spelling(call: ProxyCall) -> Iterator[ScriptFinding]:
    for name, place in call.options:
        if name not in _OPTIONS and (hint := suggest_nearest(name, _OPTIONS)):
            message = msg("$proxy has no option {name!r}{hint}", name=name, hint=hint)
            yield _make_finding("unknown-parameter", place, message)


def _check_platform(call: ProxyCall, platforms: Platforms) -> Iterator[ScriptFinding]:
    if call.platform is not None and call.platform not in platforms.broken:
        folder = msg("; declare it in {folder}", folder=platforms.folder)
        hint = suggest_nearest(call.platform, platforms.keys) or folder
        message = msg("there is no platform {key!r}{hint}", key=call.platform, hint=hint)
        yield _make_finding("unknown-platform", call.platform_place, message)


def _check_arguments(call: ProxyCall, platform: Platform, api: Api) -> Iterator[ScriptFinding]:
    name = f"{platform.platform_key}.{api.key}"
    if call.usage == "nothing":
        yield _make_finding("missing-await", call.place, msg(
            "nothing waits for {name}; put await before it, or void where that is meant", name=name
        ))  # fmt: skip
    if call.style == "chain":
        yield from _check_builder_setters(call, name, api)
        return
    if call.arguments is None:
        return
    names = [parameter.name for parameter in api.parameters]
    if call.arguments > len(names):
        takes = plural(len(names), "{number} parameter", "{number} parameters")
        yield _make_finding("extra-argument", call.api_place, msg(
            "{name} has {takes} and is called with {number}; the rest is dropped",
            name=name, takes=takes, number=call.arguments,
        ))  # fmt: skip
    for parameter in api.parameters[call.arguments :]:
        if parameter.required and parameter.default is msgspec.UNSET:
            yield _make_finding(
                "missing-parameter", call.api_place, _describe_missing(name, parameter.name)
            )


def _describe_missing(api: str, parameter: str) -> str:
    return msg("{api} needs {parameter!r}, which is not passed", api=api, parameter=parameter)


def _check_builder_setters(call: ProxyCall, name: str, api: Api) -> Iterator[ScriptFinding]:
    """Yield findings on the setters of the chain *call*, compared with the parameters of *api*.

    All parameters of a path must be set, because nothing else can fill them. *name* is the API's
    name in messages.
    """
    named = [setter for setter in call.setters if setter.part == "path"]
    if any(setter.names is None for setter in named):
        return
    names = {member for setter in named for member in setter.names or ()}
    declared = {p.wire_name: p for p in api.parameters if p.place == "path"}
    for parameter in declared.values():
        if parameter.default is msgspec.UNSET and not names & {parameter.wire_name, parameter.name}:
            yield _make_finding(
                "missing-parameter", call.api_place, _describe_missing(name, parameter.name)
            )
    known = {name for p in declared.values() for name in (p.wire_name, p.name)}
    for setter in named:
        for member in setter.names or ():
            if member not in known and "." not in member:
                hint = suggest_or_list(member, known)
                message = msg(
                    "{name} has no path parameter {member!r}{hint}",
                    name=name,
                    member=member,
                    hint=hint,
                )
                yield _make_finding("unknown-parameter", setter.place, message)
    yield from _check_required(call, name, api)
    yield from _find_misspelt_parameters(call, name, api)


def _find_misspelt_parameters(call: ProxyCall, name: str, api: Api) -> Iterator[ScriptFinding]:
    """Yield members of query, header and body in *call* that are nearly a parameter of *api*.

    They are not declared themselves. *name* is the API's name in messages.
    """
    for setter in call.setters:
        declared = {p.wire_name for p in api.parameters if p.place == setter.part}
        known = {step for target in declared for step in (target, target.partition(".")[0])}
        folded = {target.lower() for target in known}
        for member in setter.names or () if setter.part != "path" else ():
            sent = set() if setter.part == "body" else {*(setter.names or ())}
            hint = suggest_nearest(member, sorted(known - sent))
            if member.lower() not in folded and "." not in member and hint:
                yield _make_finding("undeclared-parameter", setter.place, msg(
                    "{name} declares no {part} parameter {member!r}{hint}",
                    name=name, part=setter.part, member=member, hint=hint,
                ))  # fmt: skip


def _check_required(call: ProxyCall, name: str, api: Api) -> Iterator[ScriptFinding]:
    """Yield required parameters of *api* in query, header and body that no setter of *call* names.

    *name* is the API's name in messages.
    """
    for parameter in api.parameters:
        is_filled = parameter.default is not msgspec.UNSET
        if not parameter.required or is_filled or parameter.place == "path":
            continue
        setters = [setter for setter in call.setters if setter.part == parameter.place]
        if any(setter.names is None for setter in setters) or not parameter.steps:
            continue
        names = {member.lower() for setter in setters for member in setter.names or ()}
        if not _may_be_set([step.lower() for step in parameter.steps], names):
            yield _make_finding(
                "missing-parameter", call.api_place, _describe_missing(name, parameter.name)
            )


def _may_be_set(steps: Sequence[str], names: Collection[str]) -> bool:
    """Return whether the member *steps* is one of *names*, or may be inside one of them.

    *names* are dotted. Of ``data`` without any ``data.x`` it is not known what it has in it, as
    that is no object literal: ``$body({data: order})``.
    """
    wholes = [".".join(steps[:size]) for size in range(1, len(steps))]
    return ".".join(steps) in names or any(
        whole in names and not any(name.startswith(f"{whole}.") for name in names)
        for whole in wholes
    )


def _check_fields(
    members: Iterable[MemberUse], fields: frozenset[str], buttons: frozenset[str]
) -> Iterator[ScriptFinding]:
    for use in members:
        if use.root != "form" or use.access == "test" or use.is_guarded:
            continue
        name, is_state = use.path[0], use.path[0] in _STATES and len(use.path) > 1
        if is_state:
            name, is_write = use.path[1], True
        elif name in _PAGE:
            continue
        else:
            is_write = use.access == "write"
        known = fields | buttons if is_state else fields
        if name == "*" or name in known or str(next(iter(parse_plain_steps(name)), "")) in fields:
            continue
        if use.access == "truth" and not is_write and not suggest_nearest(name, fields):
            continue  # what is not there is meant to count as false
        rule = "undeclared-write" if is_write else "undeclared-read"
        message = msg(
            "no form that runs this script has a field {name!r}{hint}",
            name=name,
            hint=suggest_or_list(name, sorted(fields)),
        )
        yield _make_finding(rule, use.place, message)


def _check_globals(reading: ScriptReading, context: ScriptContext) -> Iterator[ScriptFinding]:
    libraries = [read_script(library.source, library.name) for library in context.libraries]
    known = {name for library in libraries for name in library.declared} | _GLOBALS
    known |= context.arguments
    assigned = {
        use.name for one in (reading, *libraries) for use in one.globals if use.access == "write"
    }
    for use in _select_first_uses(reading.globals):
        if (
            use.name in known
            or use.name in assigned
            or use.access in {"test", "truth"}
            or context.is_library
        ):
            continue
        message = _describe_undefined(use.name, known)
        yield _make_finding("undefined-name", use.place, message)


def _describe_undefined(name: str, known: Collection[str]) -> str:
    if name in _OF_PAGES or name in _OF_NODE:
        where = msg("web pages") if name in _OF_PAGES else msg("Node.js")
        return msg(
            "{name} is a name of {where}, which a script cannot count on; there are $proxy, form, "
            "ctx and the libraries",
            name=name,
            where=where,
        )
    hint = suggest_nearest(name, known)
    return msg("{name} is declared nowhere{hint}", name=name, hint=hint)


def _select_first_uses(uses: Iterable[GlobalUse]) -> Iterator[GlobalUse]:
    seen: set[str] = set()
    for use in sorted(uses, key=lambda use: (use.place.line, use.place.column)):
        if use.name not in seen:
            seen.add(use.name)
            yield use


def _check_members(
    reading: ScriptReading, platforms: Platforms, shapes: ResponseShapes
) -> Iterator[ScriptFinding]:
    """Yield members that a script reads of a response although no known response has them.

    Known are the declared shape of the API, its recorded responses, and what these are judged by.
    """
    for use in reading.members:
        is_read = use.access in {"read", "truth"} and not use.is_guarded
        found = _find_api(reading.calls[use.call], platforms) if use.call is not None else None
        if found is None or not is_read:
            continue
        platform, api, instances = found
        declared = shapes.find_declared_shape(*found)
        recorded = shapes.find_recorded_result_shape(*found)
        known = [shape for shape in (declared, recorded) if shape is not None]
        if not known or any(not _is_absent_member(shape, use.path) for shape in known):
            continue
        if use.path in list_judged_members(platform, api):
            continue
        above, name = use.path[:-1], f"{platform.platform_key}.{api.key}"
        names = {n: None for shape in known for n in shape.list_names_at(above)}
        hint = suggest_or_list(use.path[-1], names)
        near = find_nearest(use.path[-1], names)
        others = {(one.call, one.path) for one in reading.members}
        is_closed = declared is not None and declared.is_closed_at(above)
        is_envelope = platform.list_possible_results(api, instances) == ("envelope",)
        is_test = use.access == "truth" and (not is_envelope or bool(above))
        if is_test and (not near or (use.call, (*above, near)) in others):
            continue  # what is not there is meant to count as false, or one of two spellings
        message = msg(
            "no response of {name} that is declared or recorded has {path}{hint}",
            name=name,
            path=".".join(use.path),
            hint=hint,
        )
        yield _make_finding("closed-member" if is_closed else "unknown-member", use.place, message)


def _is_absent_member(shape: ResponseShape, path: Sequence[str]) -> bool:
    """Return whether *shape* says that the object at *path* exists without its last member."""
    return shape.check_presence(path) == "absent" and shape.check_presence(path[:-1]) == "present"


def _find_unused_libraries(
    contexts: Iterable[ScriptContext], broken: Collection[Script]
) -> Iterator[ScriptFinding]:
    """Yield libraries of which no script uses a name; none if a script could not be parsed."""
    users: dict[Script, set[str]] = {}
    unsure = set(broken)
    for context in contexts:
        if context.script in broken:
            unsure.update(context.libraries)
        reading = read_script(context.script.source, context.script.name)
        for library in context.libraries:
            names = {use.name for use in reading.globals} if library != context.script else set()
            users.setdefault(library, set()).update(names)
    for library, names in users.items():
        reading = read_script(library.source, library.name)
        is_unused = library not in unsure and names.isdisjoint(reading.declared)
        if is_unused and reading.declared and not reading.mistakes:
            message = msg("no script uses anything of this library; take it out of libraries")
            yield _make_finding("unused-library", Place(library.name, 1, 1), message)
