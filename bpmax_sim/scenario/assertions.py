"""Compare the state of a run with the sections of an ``expect``, using the operators of `expect`.

Errors are compared as ``expect_error`` has them: type, code, message, origin and status.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, product
from operator import attrgetter
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, replace

from bpmax_sim.errors import BAD_PATTERN, CallError, ConfigError, ScriptError, SubjectError
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.js_values import to_scenario_value
from bpmax_sim.platform.model import matches_api
from bpmax_sim.scenario import calls, events
from bpmax_sim.scenario.events import VERSION
from bpmax_sim.scenario.expect import (
    Checks,
    Comparison,
    compare,
    find_expectation_problems,
    find_lookalikes,
    fulfils,
    is_denial,
    select_failing_checks,
)
from bpmax_sim.scenario.expected_literals import find_maps
from bpmax_sim.scenario.expected_refusals import is_map_of_members, names_member
from bpmax_sim.scenario.model import Expect, ExpectedCall, ExpectedError
from bpmax_sim.scenario.observation import find_outdated_digest, parse_digest_format
from bpmax_sim.scenario.references import Path, UnfitValueError, show, to_inserted_text
from bpmax_sim.yamlfile.shapes import join_alternatives

SECTIONS = (
    "form",
    "fields",
    "flow",
    "preview",
    "proxy",
    "messages",
    "console",
    "result",
    "vars",
    "trace",
)


State = Mapping[str, Callable[[], Any]]
"""Section -> makes what there is to compare with after a step, in plain values.

``messages`` and ``console`` are ``{text, level}`` of this step in order, ``proxy`` its `CallMade`,
``trace`` the digest of what the steps came to so far. ``refusals`` are what form or flow refused,
in the form of messages; they count as such where codes are expected.
"""


_sections_of = attrgetter(*SECTIONS)


def compare_expected(expected: Expect, state: State, resolve: Callable[[Any], Any]) -> Checks:
    """Return every comparison of an ``expect`` with the state after a step.

    They come in the order of `SECTIONS`, whatever the order in the file. *state* maps each section
    to a function that returns its actual value; *resolve* replaces ``${…}`` in expected values.

    Raises:
        UndefinedValueError: if a ``${…}`` is not defined; UnfitValueError: if its value is not
            valid for its operator.
    """
    checks: list[Comparison] = []
    for section, value in zip(SECTIONS, _sections_of(expected), strict=True):
        if value is UNSET:
            continue
        target = resolve(
            [_collect_call_parts(item) for item in value] if section == "proxy" else value
        )
        actual = read_section(section, target, state)
        try:
            checks += _COMPARE.get(section, compare)(target, actual, (section,))
        except ConfigError as error:  # of a part that another distribution registers
            raise UnfitValueError(str(error)) from None
        # Operands were checked at load, but for those that a `${…}` has filled in; any other error
        # here is our own.
        except (KeyError, ValueError, *BAD_PATTERN):
            for _, wrong in find_expectation_problems(target):  # an operand that is known only now
                raise UnfitValueError(wrong) from None
            raise
    return tuple(checks)


def find_lookalikes_in_sections(expected: Expect, state: State) -> Iterator[Comparison]:
    """Yield each part of *expected* that only looks like what *state* has there: ``"5"`` for 5.

    No ``${…}`` may be left in *expected*. Of ``proxy``, all calls of the same API are looked at.
    """
    for section in _SECTIONS_OF_VALUES:
        if (value := getattr(expected, section)) is not UNSET:
            actual = read_section(section, value, state)
            yield from find_lookalikes(value, actual, (section,))
    for index, item in enumerate(() if expected.proxy is UNSET else expected.proxy):
        made = [call for call in state["proxy"]() if matches_api(item.call, call.call)]
        for part, call in product(_PARTS_OF_VALUES, made):
            if (value := getattr(item, part)) is not UNSET:
                yield from find_lookalikes(value, getattr(call, part), ("proxy", index, part))


_SECTIONS_OF_VALUES = ("form", "flow", "result", "vars")
_PARTS_OF_VALUES = ("body", "status", "response")
"""Parts of a call whose values have a type; what is in a URL or a header is text."""


def read_section(section: str, expected: Any, state: State) -> Any:
    """Return the value of *section* in *state*, in the form in which *expected* asks for it.

    ``messages`` include refusals where codes are expected, and ``flow`` has counts of passed nodes
    where a map of them is.
    """
    actual = state[section]()
    if section == "messages" and names_member(expected, "code"):
        return [*actual, *state["refusals"]()]
    return _add_pass_counts(expected, actual) if section == "flow" else actual


def resolve_expect(expected: Expect, resolve: Callable[[Any], Any]) -> Expect:
    """Return *expected* with every ``${…}`` replaced by *resolve*.

    Raises:
        UndefinedValueError: if a ``${…}`` is not defined.
    """
    sections = {name: value for name, value in asdict(expected).items() if value is not UNSET}
    if "proxy" in sections:
        sections["proxy"] = tuple(_resolve_call(call, resolve) for call in sections["proxy"])
    rest = {name: resolve(value) for name, value in sections.items() if name != "proxy"}
    return replace(expected, **{**sections, **rest})


def _resolve_call(item: ExpectedCall, resolve: Callable[[Any], Any]) -> ExpectedCall:
    parts = {name: resolve(value) for name, value in _collect_call_parts(item).items()}
    # A variable that names the call may be of any type.
    return replace(item, **{**parts, "call": to_inserted_text(parts["call"])})


def _collect_call_parts(item: ExpectedCall) -> dict[str, Any]:
    return {name: value for name, value in asdict(item).items() if value is not UNSET}


def _compare_messages_or_console(
    expected: Any, lines: Sequence[Mapping[str, Any]], path: Path
) -> Checks:
    """Compare messages or console lines with *expected*: one line, or a list of lines.

    An expected text is compared with the text of its line only, an expected map also with its
    level.
    """
    texts = [line["text"] for line in lines]
    if isinstance(expected, str) or is_map_of_members(expected):
        expected = [expected]
    if not isinstance(expected, list):
        return compare(expected, lines if names_member(expected) else texts, path)
    whole = [*map(is_map_of_members, expected), *([False] * (len(texts) - len(expected)))]
    chosen = [line if flag else text for line, text, flag in zip(lines, texts, whole, strict=False)]
    return compare(expected, chosen, path)


def _add_pass_counts(expected: Any, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return *facts* with ``passed`` as map node -> count, wherever *expected* has a map for it.

    Elsewhere it is the list of nodes in the order of passing. This includes the facts of sub-flows,
    and maps in operators such as ``$not``.
    """
    shaped = dict(facts)
    for nodes in _find_members(expected, "passed"):
        # A node that was never passed counts 0, so that ``{审批: 0}`` can be expected.
        shaped["passed"] = {**dict.fromkeys(nodes, 0), **Counter(shaped.get("passed", ()))}
    expected_projects = [one.items() for one in _find_members(expected, "projects")]
    for name, inner in chain.from_iterable(expected_projects):
        if name in (projects := shaped.get("projects", {})):
            shaped["projects"] = {**projects, name: _add_pass_counts(inner, projects[name])}
    return shaped


def _find_members(expected: Any, name: str) -> Iterator[Mapping[str, Any]]:
    """Yield the maps that *expected* asks of its member *name*; both may be in operators."""
    for _, members, _ in find_maps(expected):
        yield from (inside for _, inside, _ in find_maps(members.get(name)))


def _compare_run_digest(expected: Any, digest: str, path: Path) -> Checks:
    """Compare the digest of the run (the hash of its effects) with the *expected* one.

    An expected digest of an older format can never be equal, so the comparison then fails and says
    that it must be replaced, unless another one of ``$in`` is equal. If a pattern would accept the
    digest of any other run too, the comparison gets a ``doubt`` that says so (see `Comparison`).
    """
    checks = compare(expected, digest, path)
    other = digest[: digest.find("-") + 1] + "0" * len(digest.partition("-")[2])
    fits_all = not select_failing_checks((*checks, *compare(expected, other, path)))
    written = parse_digest_format(find_outdated_digest(expected))
    if written is not None and (fits_all or select_failing_checks(checks)):
        older = msg("a digest of format {known}, not {written}", known=VERSION, written=written)
        return (Comparison(path, False, older, show(digest)),)
    if fits_all:
        doubt = msg("another run's digest fits as well; write the digest itself")
        return (replace(checks[0], doubt=doubt), *checks[1:])
    return checks


_COMPARE: Mapping[str, Callable[[Any, Any, Path], Checks]] = {
    "trace": _compare_run_digest,
    "proxy": calls.compare_calls,
    "messages": _compare_messages_or_console,
    "console": _compare_messages_or_console,
}


_FIELDS = ("type", "code", "message", "status")


def make_thrown_error(error: BaseException, at: float = 0.0) -> events.ErrorThrown:
    """Return *error* as an event: what ``expect_error`` compares and a trace shows.

    It may come from JavaScript, a call, form or flow, or Python. *at* is the virtual time at which
    it ended the step.
    """
    name, stack = type(error).__name__, tuple(getattr(error, "stack", ()))
    if isinstance(error, ScriptError):
        fields = error.fields
        source = _join_api_name(fields.get("platform_key"), fields.get("api"))
        return events.ErrorThrown(
            type=error.name,
            code=to_scenario_value(fields.get("code")),
            message=error.message,
            source=source or "script",
            status=to_scenario_value(fields.get("status")),
            place=error.place,
            stack=stack,
            at=at,
        )
    code, message, status = getattr(error, "code", None), str(error), None
    source = "subject" if isinstance(error, SubjectError) else "python"
    if isinstance(error, CallError):
        source = _join_api_name(error.platform, error.api) or "proxy"
        message, status = error.message, error.status
    place = error.place if isinstance(error, SubjectError) else None
    return events.ErrorThrown(
        type=name, code=code, message=message, source=source, status=status, place=place,
        stack=stack, at=at,
    )  # fmt: skip


def collect_call_error_codes(errors: Iterable[BaseException]) -> set[str]:
    """Return the codes of *errors* as the records of calls have them.

    A script sees a call that is not set up with the code ``CONFIG``, and its record names the class
    of the error.
    """
    codes = [make_thrown_error(error).code for error in errors]
    known = {code for code in codes if isinstance(code, str)}  # a script may set it to any value
    return {ConfigError.__name__ if code == "CONFIG" else code for code in known}


def _join_api_name(platform: Any, api: Any) -> str:
    return f"{platform}.{api}" if platform and api else str(platform or "")


def compare_error(expected: ExpectedError, thrown: events.ErrorThrown, path: Path = ()) -> Checks:
    """Return all comparisons of *thrown* with *expected*, whose ``${…}`` are replaced already."""
    checks: list[Comparison] = []
    for name in _FIELDS:
        target = getattr(expected, name)
        if target is not UNSET:
            checks += compare(target, getattr(thrown, name), (*path, name))
    source, path = expected.source, (*path, "from")
    if source is UNSET:
        return tuple(checks)
    names = _list_accepted_source_names(thrown.source)
    # One name is enough, but a denial has to hold of all of them.
    holds = all if is_denial(source) else any
    ok = holds(fulfils(source, name) for name in (*names, thrown.source.partition(".")[0]))
    return (*checks, Comparison(path, ok, show(source), join_alternatives(map(show, names[:2]))))


def _list_accepted_source_names(error_source: str) -> tuple[str, ...]:
    """Return the names that ``expect_error: {from: …}`` may use for an error from *error_source*.

    An error from ``subject`` may also be called ``form`` or ``flow``, whichever the scenario has.
    """
    return ("form", "flow", error_source) if error_source == "subject" else (error_source,)


def describe_error(expected: ExpectedError) -> str:
    """Return a short description of the error that *expected* asks for."""
    values = {**{name: getattr(expected, name) for name in _FIELDS}, "from": expected.source}
    parts = [f"{name} {show(value)}" for name, value in values.items() if value is not UNSET]
    return msg(" ({parts})", parts=join_list(parts)) if parts else ""


_ERROR_MEMBERS = ExpectedError.__struct_fields__


def read_expected_error(value: Any) -> ExpectedError | UnsetType:
    """Return the expected error that *value*, the value of ``expect_error: ${…}``, describes.

    `UNSET` for None and "", the values of an empty cell: then no error is expected.

    Raises:
        UnfitValueError: if it is something else than a map of the known keys.
    """
    if value is None or value == "":
        return UNSET
    known = dict(zip(ExpectedError.__struct_encode_fields__, _ERROR_MEMBERS, strict=True))
    wrong = [key for key in value if key not in known] if isinstance(value, Mapping) else [value]
    if wrong:
        raise UnfitValueError(
            "expect_error: expected nothing, or a map of {names}, got {value}",
            names=join_list(known),
            value=show(value),
        )
    return ExpectedError(**{known[key]: item for key, item in value.items()})


def resolve_error(expected: ExpectedError, resolve: Callable[[Any], Any]) -> ExpectedError:
    """Return *expected* with every ``${…}`` replaced by *resolve*."""
    values = {name: resolve(v) for name, v in asdict(expected).items() if v is not UNSET}
    return replace(expected, **values)


def convert_first_error_to_map(errors: Sequence[Exception]) -> dict[str, Any] | None:
    """Return the first error as a map, the value of ``${steps.<id>.error}``; None without errors.

    The map has ``type``, ``code``, ``message``, ``from`` and ``status``.
    """
    if not errors:
        return None
    thrown = make_thrown_error(errors[0])
    members = {name: getattr(thrown, name) for name in ("type", "code", "message")}
    return {**members, "from": thrown.source, "status": thrown.status}
