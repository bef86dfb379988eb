"""Sessions of Python tests: opened from markers and options, judged when the test function ends.

Everything that pytest shows of tests with secrets (reports, comparisons, warnings, logs) is
redacted before pytest shortens it, because half a secret would not be recognised. Output that
pytest does not capture (``-s``) is not redacted.
"""

from __future__ import annotations

import inspect
import json
import logging
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, overload
from weakref import WeakMethod

import pytest
from _pytest._code import code
from _pytest._io import saferepr
from _pytest.junitxml import xml_key

from bpmax_sim.clock import parse_duration
from bpmax_sim.errors import (
    BpmaxError,
    BpmaxWarning,
    ConfigError,
    ExpectationError,
    Problem,
    UnusedRuleWarning,
    find_nearest,
)
from bpmax_sim.file_system import shell_quote
from bpmax_sim.i18n import (
    TranslatableText,
    join_list,
    join_messages,
    msg,
    to_plain_english,
    translate,
)
from bpmax_sim.pytest_plugin import options
from bpmax_sim.pytest_plugin import session_options as of_test
from bpmax_sim.pytest_plugin.run_stats import Tally, get_tally
from bpmax_sim.pytest_plugin.session_options import COMMANDS
from bpmax_sim.pytest_plugin.stash import GUARD, HIDING, LIVING, ROUTER, RUN, SESSIONS
from bpmax_sim.report.console import ConsoleOutput, format_console_section
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.faults import describe_fault, find_fault_problem, to_transport_fault
from bpmax_sim.scenario.model import FaultRule
from bpmax_sim.scenario.run_log import RunLog
from bpmax_sim.script.turn_result import Outcome
from bpmax_sim.secret.vault import Redact, redact_values
from bpmax_sim.session.options import list_option_words
from bpmax_sim.session.session import Session
from bpmax_sim.session.settings import SessionOptions
from bpmax_sim.session.shared_recording import RunRecordings
from bpmax_sim.subject.hooks import FieldChanged, Result, SubjectEvent
from bpmax_sim.transport.faults import Fault
from bpmax_sim.transport.protocol import Stub
from bpmax_sim.yamlfile import decode, read_yaml, to_display_path

if TYPE_CHECKING:
    from bpmax_sim.transport.respx_router import Router, WatchedRouter


def make_fault(on: str, *, call: int | str | None = None, **do: Any) -> Fault:
    """Return a fault rule, such as ``make_fault("crm.create_order", call=2, token="expired")``.

    Args:
        on: ``platform.api``, ``platform.*`` or ``*``.
        call: numbers of the matching requests, from 1: a number, or a range such as ``1-2``.
        do: ``status``, ``headers``, ``body``, ``error``, ``after``, ``token``, ``delay`` or
            ``drip``, as in ``do`` of a scenario.

    Raises:
        ConfigError: if an argument is wrong.
    """
    written = {"on": on, "do": do} | ({} if call is None else {"call": call})
    problems: list[Problem] = []
    try:
        text = json.dumps(written, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:  # of bytes, a set, NaN
        raise ConfigError("fault on {on}: {wrong}", on=on, wrong=str(error)) from None
    node = read_yaml(text, file="fault")
    rule = decode(node, FaultRule, problems)
    if rule is None or problems:
        raise ConfigError(*(Problem(problem.message, path=problem.path) for problem in problems))
    if wrong := find_fault_problem(rule):
        raise ConfigError("fault on {on}: {wrong}", on=on, wrong=wrong)
    return to_transport_fault(rule)


def read_fault_markers(node: pytest.Item) -> Iterator[Fault]:
    """Yield the fault rules of a test's ``bpmax_fault`` markers, in source order.

    Raises:
        ConfigError: if a marker is wrong.
    """
    for mark in reversed(list(node.iter_markers("bpmax_fault"))):
        options = dict(mark.kwargs)
        do = options.pop("do", {})
        if not isinstance(do, Mapping):
            kinds = msg("a mapping")
            raise ConfigError(
                "{name}: expected {kinds}, got {value!r}", name="do", kinds=kinds, value=do
            )
        options |= do
        if len(mark.args) != 1 or not isinstance(mark.args[0], str):
            raise ConfigError("the marker bpmax_fault takes one target, such as 'crm.create_order'")
        yield make_fault(mark.args[0], **options)


class RunFaults:
    """The fault rules of one Python test (fixture ``bpmax_faults``).

    One that never fires fails it.
    """

    def __init__(self, session: Session, *, armed: bool) -> None:
        """Start without faults; unless *armed*, added faults are ignored."""
        self._session = session
        self._armed = armed
        self._rules: list[Fault] = []

    def add(self, on: str, *, call: int | str | None = None, **do: Any) -> None:
        """Add a fault rule before the existing ones; see `make_fault`.

        Raises:
            ConfigError: if an argument is wrong.
        """
        self.arm(make_fault(on, call=call, **do))

    def arm(self, rule: Fault) -> None:
        """Add a fault rule that a marker or `make_fault` made; it wins over earlier ones."""
        if self._armed:
            self._session.arm((rule,))
            self._rules.append(rule)

    def disarm(self) -> str:
        """Remove the rules; return a message about those that never fired, or ""."""
        silent = self._session.disarm(self._rules)
        self._rules = []
        names = join_list(dict.fromkeys(call.name for call in self._session.calls)) or msg("none")
        lines = [
            msg(
                "fault never fired: {rule} -> {describe_fault} (calls made: {names})",
                rule=rule,
                describe_fault=describe_fault(rule),
                names=names,
            )
            for rule in silent
        ]
        return join_messages("\n", lines)


_STUB = pytest.StashKey[Stub]()


@contextmanager
def open_router(node: pytest.Item, session: Session | None) -> Iterator[Router]:
    """Yield a new respx router that answers for the test *node*, until the block ends.

    It is asked before the recordings, in *session* (if one is open) and in all later ones.
    """
    from bpmax_sim.transport.respx_router import make_router, make_router_stub  # noqa: PLC0415 - few need httpx

    function = getattr(node, "function", None)
    router = make_router(getattr(inspect.unwrap(function), "__code__", None) if function else None)
    node.stash[ROUTER] = router
    stub = node.stash[_STUB] = make_router_stub(router)
    if session is not None:
        session.stub(stub)
    try:
        yield router
    finally:
        del node.stash[_STUB], node.stash[ROUTER]


def warn_of_unused_routes(node: pytest.Item) -> None:
    """Warn of routes of ``bpmax_stubs`` in the body of the test *node* that answered no request."""
    router: WatchedRouter = node.stash[ROUTER]
    for route in router.find_unused_routes():
        requests = dict.fromkeys((find_nearest(route.name, router.requests), *router.requests))
        shown = join_list(list(filter(None, requests))[:_MOST_REQUESTS])
        message = msg(
            "the route {route} answered no request; correct it, or take it away (requests: "
            "{requests})",
            route=route.name,
            requests=shown or msg("none"),
        )
        file = to_display_path(Path(route.file))
        warnings.warn_explicit(message, UnusedRuleWarning, file, route.line)


_MOST_REQUESTS = 3


def add_router_to_session(node: pytest.Item, session: Session) -> None:
    """Add the router of *node*, if it has one, as a stub of *session*."""
    if _STUB in node.stash:
        session.stub(node.stash[_STUB])


# Secrets are hidden at each place where pytest makes text of values, before it shortens them: short
# reprs (`SafeRepr.repr`), locals (`safeformat`), comparisons, messages of errors, reports, warnings
# and logs. Pytest has no hooks for the first two, so its functions are replaced while a session
# with secrets lives; `release_ended_redactions` puts them back.
_HOLDING_TEXT = (tuple, list, str)  # what errors hold their texts in
_LOGS = ("log_cli_handler", "log_file_handler")
_active: list[pytest.Item] = []
_EARLIER = pytest.StashKey[int]()
"""How many of a test's redactions, the first ones, are of sessions that earlier tests opened."""
_comparing: list[Any] = []
_whole, _format = saferepr.SafeRepr.repr, saferepr.safeformat


def register_output_redaction(node: pytest.Item, redact: Redact) -> None:
    """Hide secrets by *redact* in all output about the test *node*, and while its session lives.

    *redact* is a method of the session, kept as a weak reference. Later tests need it because a
    fixture with module or wider scope opens its session in the first test that uses it.
    """
    node.stash.setdefault(HIDING, []).append(redact)
    node.config.stash.setdefault(LIVING, []).append(WeakMethod(redact))
    if node not in _active:
        _active.append(node)
    saferepr.SafeRepr.repr = _redact_before_cut  # type: ignore[method-assign] # nothing else is before a cut
    code.safeformat = _format_redacted  # type: ignore[attr-defined] # of locals, with -vv
    plugins = node.config.pluginmanager
    logging_plugin = plugins.get_plugin("logging-plugin")
    for handler in (getattr(logging_plugin, name, None) for name in _LOGS):
        if handler is not None and not isinstance(handler.formatter, _RedactingFormatter):
            handler.setFormatter(_RedactingFormatter(handler.formatter or logging.Formatter()))
    if not plugins.has_plugin(__name__):
        plugins.register(sys.modules[__name__], __name__)  # for the hooks below


def keep_redacting_for_open_sessions(node: pytest.Item) -> None:
    """Hide the secrets of sessions that an earlier test opened and that still live."""
    redacts = [redact for reference in node.config.stash.get(LIVING, ()) if (redact := reference())]
    node.config.stash[LIVING] = []
    for redact in redacts:
        register_output_redaction(node, redact)
    node.stash[_EARLIER] = len(redacts)


def release_ended_redactions(config: pytest.Config) -> None:
    """Stop hiding secrets for the tests of *config* that have ended, so that they can be freed.

    Pytest's own functions are put back when no test is left.
    """
    for node in _active:
        if node.config is config:
            del node.stash[HIDING]
    _active[:] = [node for node in _active if node.config is not config]
    if not _active:
        saferepr.SafeRepr.repr = _whole  # type: ignore[method-assign]
        code.safeformat = _format  # type: ignore[attr-defined]


def redact_for_running_tests(text: str) -> str:
    """Return *text* with the secrets of the sessions of all running tests hidden."""
    for node in _active:
        for redact in node.stash[HIDING]:
            text = redact(text)
    return text


def _redact_before_cut(self: saferepr.SafeRepr, x: object) -> str:
    """Replace `SafeRepr.repr`: if the full text contains a secret, redact it before shortening."""
    # A shortened repr may cut a secret in the middle: half of it is still a leak, and not found.
    text = _whole(self, x)
    whole = _whole(saferepr.SafeRepr(None, self.use_ascii), x)
    shown = redact_for_running_tests(whole)
    if shown == whole:
        return text
    return shown if self.maxsize is None else saferepr._ellipsize(shown, self.maxsize)  # noqa: SLF001


def _format_redacted(obj: object) -> str:
    """Format a value for an assertion message, in place of pytest's `safeformat`.

    Values are redacted before they are formatted, because formatting breaks texts into lines.
    """
    try:
        shown = redact_values(obj, redact_for_running_tests)
    except Exception:  # noqa: BLE001 - values may be cyclic
        shown = obj
    return redact_for_running_tests(_format(shown))


@pytest.hookimpl(tryfirst=True)
def pytest_assertrepr_compare(
    config: pytest.Config, op: str, left: Any, right: Any
) -> list[str] | None:
    """Compare the redacted values if they contain secrets, before pytest shortens them."""
    # The hook below asks all plug-ins, this one among them.
    if _comparing or not _active:
        return None
    try:
        shown = redact_values((left, right), redact_for_running_tests)
        if shown == (left, right):
            return None
    except Exception:  # noqa: BLE001 - values may be cyclic, and compare as they like
        return None
    _comparing.append(shown)
    try:
        explanations = config.hook.pytest_assertrepr_compare(
            config=config, op=op, left=shown[0], right=shown[1]
        )
    finally:
        _comparing.pop()
    plainly = [f"{shown[0]!r} {op} {shown[1]!r}"]
    return [redact_for_running_tests(line) for line in next(filter(None, explanations), plainly)]


@contextmanager
def redact_error_temporarily(error: BaseException | None) -> Iterator[None]:
    """Redact *error* and its causes while pytest formats them, then restore them.

    pytest breaks a message into lines, and a line break inside an encoded secret would hide it.
    """
    with ExitStack() as stack:
        for link, name, before in redact_error(error):
            stack.callback(setattr, link, name, before)
        yield


def redact_error(error: BaseException | None) -> list[tuple[BaseException, str, Any]]:
    """Redact *error* and its causes in place; return the original values.

    Each is a tuple: exception, name of the attribute, value before.
    """
    replaced = []
    for link in _iterate_error_chain(error, set()):
        for name in ("args", "__notes__", "msg"):
            before = getattr(link, name, None)
            shown = (
                redact_values(before, redact_for_running_tests)
                if isinstance(before, _HOLDING_TEXT)
                else before
            )
            if before is not None and shown != before:
                setattr(link, name, shown)
                replaced.append((link, name, before))
    return replaced


def _iterate_error_chain(error: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for cause in (error.__cause__, error.__context__, *inner):
        yield from _iterate_error_chain(cause, seen)


def add_console_section(item: pytest.Item, report: pytest.TestReport) -> None:
    """Add the console output of the scripts of a Python test to its report."""
    if report.when == "call":
        sessions: Sessions = item.stash[SESSIONS]
        report.sections += format_console_section(sessions.console_of_last_sessions)


@contextmanager
def hide_own_frames() -> Iterator[None]:
    """Have pytest leave the frames of this package out of tracebacks; ``--full-trace`` shows them.

    pytest leaves out a frame whose globals have a true ``__tracebackhide__``. All loaded modules of
    this package get that for the length of the ``with`` block.
    """
    ours = [module for name, module in sys.modules.items() if name.partition(".")[0] == "bpmax_sim"]
    for module in ours:
        vars(module)["__tracebackhide__"] = True
    try:
        yield
    finally:
        for module in ours:
            del vars(module)["__tracebackhide__"]


def add_translated_errors(report: pytest.TestReport, error: BaseException | None) -> None:
    """Add the translated texts of the errors that failed a Python test, *error* and its causes.

    Only errors of this package are translated. pytest shows them in English. Nothing is added if
    the user's language is English.
    """
    ours = (link for link in _iterate_error_chain(error, set()) if isinstance(link, BpmaxError))
    texts = {to_plain_english(str(link)): translate(str(link)) for link in ours}
    if any(english != shown for english, shown in texts.items()):
        report.sections.append(("bpmax-sim", "\n\n".join(texts.values())))


def redact_report(report: pytest.TestReport) -> None:
    """Redact all texts of *report*.

    These are failure, captured output, properties, and the parameters of a subtest.
    """
    for name in ("longrepr", "sections", "wasxfail"):
        if hasattr(report, name):
            setattr(report, name, redact_pytest_value(getattr(report, name)))
    report.user_properties = [
        (redact_for_running_tests(name), _redact_property(value))
        for name, value in report.user_properties
    ]
    context = getattr(report, "context", None)  # of a subtest
    if context is not None:
        parts = {"msg": context.msg, "kwargs": dict(context.kwargs)}
        report.context = type(context)(**redact_values(parts, redact_for_running_tests))  # type: ignore[attr-defined]


def _redact_property(value: Any) -> Any:
    """Return the value of a property without secrets, as the text that JUnit files get."""
    shown = redact_values(value, redact_for_running_tests)
    text = str(shown)
    return shown if redact_for_running_tests(text) == text else redact_for_running_tests(text)


def redact_junit(config: pytest.Config) -> None:
    """Redact the properties and attributes that pytest has collected for its JUnit file.

    Some come from ``record_testsuite_property``, which writes there at once.
    """
    if xml := config.stash.get(xml_key, None):
        xml.global_properties[:] = redact_values(xml.global_properties, redact_for_running_tests)
        for reporter in xml.node_reporters.values():
            reporter.attrs = redact_values(reporter.attrs, redact_for_running_tests)


def warn_of_secret_name(item: pytest.Item) -> None:
    """Warn if a test's name contains a secret: it was printed before the secret was known.

    Sessions of earlier tests do not count: how long they live depends on when garbage is collected.
    """
    own = item.stash[HIDING][item.stash.get(_EARLIER, 0) :]
    if any(redact(item.nodeid) != item.nodeid for redact in own):
        message = msg(
            "the name of this test holds a secret, and the terminal and .pytest_cache show it; "
            "name its parameters: ids=[…] or pytest.param(…, id=…)"
        )
        warnings.warn(message, BpmaxWarning, stacklevel=1)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Redact the report of a subtest, which pytest makes without the hook for other tests."""
    _redact_subtest_report(report)


def _redact_subtest_report(report: pytest.TestReport) -> None:
    """Redact *report* if it is a subtest's; captured output is added to it after it was made."""
    if type(report) is not pytest.TestReport:
        redact_report(report)


@pytest.hookimpl(tryfirst=True)
def pytest_warning_recorded(warning_message: warnings.WarningMessage) -> None:
    """Redact message and file name of a warning, which may quote a value with a secret."""
    warning_message.filename = redact_for_running_tests(warning_message.filename)
    before = str(warning_message.message)
    shown = redact_for_running_tests(before)
    if shown != before:
        warning_message.message = warning_message.category(shown)
        if str(warning_message.message) != shown:
            warning_message.message = UserWarning(shown)


@pytest.hookimpl(tryfirst=True)
def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Redact the message that ends a run, such as that of `pytest.exit`."""
    redact_error(excinfo.value)


@pytest.hookimpl(tryfirst=True)
def pytest_internalerror(excrepr: object) -> None:
    """Redact the error of a plugin."""
    redact_pytest_value(excrepr)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Release the redaction of the last test."""
    release_ended_redactions(config)


def redact_pytest_value(value: Any) -> Any:
    """Return *value* redacted; objects of pytest are changed in place."""
    kind = type(value)
    if kind is str:
        return redact_for_running_tests(value)
    if kind is TranslatableText:
        return redact_for_running_tests(translate(value))
    if kind in {list, tuple}:
        return kind([redact_pytest_value(item) for item in value])
    if kind.__module__.startswith("_pytest.") and hasattr(value, "__dict__"):
        for name, item in vars(value).items():
            setattr(value, name, redact_pytest_value(item))
    return value


class _RedactingFormatter(logging.Formatter):
    """A log formatter that redacts the output of another one."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return redact_for_running_tests(self._inner.format(record))


def open_session(node: pytest.Item, **passed: Unpack[SessionOptions]) -> Session:
    """Return an open session for the Python test *node*, with the options that hold for that test.

    A session that replays closes the test's network.

    Args:
        node: the test.
        passed: options of `Session.open` that override those of markers, command line and ini file;
            ``cassette`` may be a name below the cassettes folder.

    Raises:
        ConfigError: if an option or a file is wrong.
        CassetteError: if the cassette cannot be used.
    """
    cassette = passed.get("cassette")
    if isinstance(cassette, str):
        passed["cassette"] = of_test.resolve_cassette_path(node, cassette)
    of_test.warn_of_former_folder(node)
    repeated = list_option_words("pytest", options.read_repeated_options(node.config))
    session_arguments: SessionOptions = {
        "platforms": of_test.list_usual_platform_folders(node),
        "cassette": of_test.choose_cassette_path(node),
        "logins": of_test.find_cassettes_folder(node) / "auth",
        "owner": of_test.choose_owner_name(node),
        "command": msg(
            "pytest {quote} --bpmax-mode=record",
            quote=" ".join(map(shell_quote, (node.nodeid, *repeated))),
        ),
        **COMMANDS,
        **of_test.read_session_options(node),
        **passed,
    }
    session = _get_or_create_sessions(node).open(**session_arguments)
    add_router_to_session(node, session)
    if session.is_closed:
        node.stash[GUARD].close(options.read_allowed_hosts(node.config))
    return session


class Sessions:
    """The sessions that one test opens one after another, as by ``bpmax_session_factory``.

    Exchanges are recorded under the name of an owner, by default the test. Sessions of the same
    owner and cassette continue one recording, which is written and judged when the test has ended.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._run = RunRecordings()
        self._last: dict[tuple[object, str], Session] = {}
        self._consoles: dict[tuple[object, str], list[ConsoleOutput]] = {}

    def open(self, **options: Unpack[SessionOptions]) -> Session:
        """Return another session; closing it does not end the recording, which later ones continue.

        Raises:
            ConfigError: if an option or a file is wrong.
            CassetteError: if the cassette cannot be used.
        """
        options["run"] = self._run
        session = Session.open(**options)
        key = session.settings.cassette, session.settings.owner
        self._last[key] = session
        lines = self._consoles[key] = []  # of an example of a property the last one's
        session.hear(
            lambda ended: lines.extend(map(ConsoleOutput.from_line, getattr(ended, "console", ())))
        )
        return session

    @property
    def console_of_last_sessions(self) -> list[ConsoleOutput]:
        """Return what scripts printed in the last session of each recording.

        A recording is what was recorded under one name (*owner*) in one cassette.
        """
        return [line for lines in self._consoles.values() for line in lines]

    def finish(self, *, failed: bool) -> None:
        """Write the recordings of all sessions of the test.

        Unless it *failed*, check that all recorded exchanges were played.

        Raises:
            ExpectationError: if an exchange was not played.
            CassetteError: if a recording could not be written.
        """
        last, self._last = list(self._last.values()), {}
        wrong, left = failed, False
        try:
            self._run.finish(failed=failed)
            if not failed:
                for session in last:
                    session.judge_unplayed()
        except BpmaxError as error:
            wrong, left = True, isinstance(error, ExpectationError)
            raise
        finally:
            for session in last:
                self._tally.add_recording_use(session, failed=wrong, doubtful=wrong and not left)


def _get_or_create_sessions(node: pytest.Item) -> Sessions:
    if SESSIONS not in node.stash:
        node.stash[SESSIONS] = Sessions(get_tally(node.config))
    sessions: Sessions = node.stash[SESSIONS]
    return sessions


class PythonTestRun:
    """The session of one Python test, its faults, and the checks to make at its end."""

    def __init__(self, node: pytest.Item) -> None:
        """Open the session, with the faults of the markers."""
        self._node = node
        self._finished = False
        self.session = open_session(node)
        armed = options.read_option_value(node.config, "faults", "on") == "on"
        self.faults = RunFaults(self.session, armed=armed)
        for rule in read_fault_markers(node):
            self.faults.arm(rule)

    def finish(self, *, failed: bool = False) -> None:
        """Close the session and judge it; further calls do nothing.

        Raises:
            NoMatchError: if a call had no response, even if the test swallowed the error.
            ExpectationError: if a fault never fired, or an exchange was not played.
            CassetteError: if the recording could not be written.
        """
        if self._finished:
            return
        self._finished = True
        silent = self.faults.disarm()
        wrong = failed or bool(silent)
        try:
            self.session.close(failed=wrong)
        except BpmaxError:
            wrong = True
            raise
        finally:
            get_tally(self._node.config).add_closed_session(self.session)
            _get_or_create_sessions(self._node).finish(failed=wrong)
        if silent and not failed:
            raise ExpectationError(silent)


@contextmanager
def open_test_run(node: pytest.Item) -> Iterator[PythonTestRun]:
    """Open the session of *node* for the lifetime of its fixtures.

    It is judged when the test function ends; at the end of the block if pytest runs no function, as
    for a ``unittest.TestCase``.
    """
    with fail_without_traceback():
        run = PythonTestRun(node)
    node.stash[RUN] = run
    try:
        yield run
    finally:
        with fail_without_traceback():
            run.finish()
        del node.stash[RUN]


@contextmanager
def fail_without_traceback() -> Iterator[None]:
    """In this block, let an error of this package fail the test with its message only.

    A traceback would show code of this package instead of what to do.
    """
    try:
        yield
    except BpmaxError as error:  # None, as pytest shows an exception that is being handled, too
        raise pytest.fail.Exception(translate(str(error)), pytrace=False) from None


class RunClock:
    """The virtual clock of a test's session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def now(self) -> float:
        """Return the current virtual time in POSIX seconds."""
        return self._session.clock.now()

    def advance(self, duration: float | str) -> None:
        """Advance by *duration* (seconds, or ``1m30s``), running everything scheduled until then.

        Raises:
            ValueError: if *duration* is not valid.
        """
        self._session.advance(parse_duration(duration))


class RunEvents(Sequence[Event]):
    """The events of a test's session so far, in the order of virtual time.

    Calls and scripts are included without further work: console output, timers, and writes to a
    form that is a dict. A form or flow driven by the test adds its events through `tell`.
    """

    def __init__(self, session: Session) -> None:
        self._log = RunLog(session)
        self._session = session
        self._result = Result()
        session.hear(self._add_event)

    def _add_event(self, event: Outcome | FieldChanged) -> None:
        if isinstance(event, FieldChanged):
            self._log.add_subject_event(event)
        else:
            self._result.add_outcome(event)

    def tell(self, event: SubjectEvent) -> None:
        """Add an event of a form or flow; pass this method as ``tell`` to the form or flow."""
        self._log.add_subject_event(event)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | Sequence[Event]:
        return self._collect_events()[index]

    def __len__(self) -> int:
        return len(self._collect_events())

    def _collect_events(self) -> list[Event]:
        self._session.drain()
        result, self._result = self._result, Result()
        self._log.collect_new_events(result)
        return self._log.events
