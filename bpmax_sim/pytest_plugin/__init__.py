"""The pytest plugin: scenario files as tests, and fixtures for Python tests.

This module holds only the hooks. Large modules are imported when a scenario or a fixture needs
them, because every pytest run of an environment with this package loads the plugin.
PYTEST_DONT_REWRITE: the module may be imported before pytest can rewrite it, and has no assertions.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Generator
from contextlib import nullcontext, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bpmax_sim.pytest_plugin import plain_import  # noqa: F401 - before all others of ours

# isort: split
from bpmax_sim.guard import NetworkGuard
from bpmax_sim.i18n import SHOWN_BY, msg, translate
from bpmax_sim.project import NEARLY_SUFFIXES, SUFFIX, find_root, find_strictness
from bpmax_sim.pytest_plugin import fixtures, options
from bpmax_sim.pytest_plugin.stash import CURRENT, FINDER, GUARD, HIDING, ROUTER, RUN, SESSIONS

if TYPE_CHECKING:
    from bpmax_sim.pytest_plugin.run_stats import Tally

MARKERS = (
    msg(
        "bpmax(cassette, mode, record, unused, ignore, repeat, clock, …): as in a scenario's proxy"
    ),
    msg("bpmax_fault(on, call=None, status, body, error, token, delay, drip): fault injection"),
    msg("bpmax_live: needs a live system, so it is skipped unless --bpmax-mode=live"),
    msg("bpmax_scenario: is on every scenario"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the plugin's options (``--bpmax-…``) and their ini settings."""
    options.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin's markers and fixtures, and check the values of its options."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    options.check_values_and_ci_recording(config)
    _register_rare_option_plugins(config)
    config.pluginmanager.register(fixtures, "bpmax_sim_fixtures")
    if config.getoption("xmlpath", None) and not hasattr(config, "workerinput"):
        from bpmax_sim.pytest_plugin.junit import JunitCompleter  # noqa: PLC0415 - where asked for

        config.pluginmanager.register(JunitCompleter(config), "bpmax_sim_junit")
    hide = partial(_register_output_redaction, config)
    SHOWN_BY.append(hide)
    config.add_cleanup(partial(SHOWN_BY.remove, hide))


def _register_rare_option_plugins(config: pytest.Config) -> None:
    """Register the plugins for options that few runs use."""
    if options.read_option_value(config, "challenge"):
        from bpmax_sim.pytest_plugin import challenge  # noqa: PLC0415 - only where it is asked for

        config.pluginmanager.register(challenge, "bpmax_sim_challenge")
    if options.read_option_value(config, "update") and not hasattr(config, "workerinput"):
        from bpmax_sim.pytest_plugin.update import ExpectUpdater  # noqa: PLC0415

        config.pluginmanager.register(ExpectUpdater(config), "bpmax_sim_update")
    if options.read_option_value(config, "shard") is not None:
        from bpmax_sim.pytest_plugin import sharding  # noqa: PLC0415 - only where it is given

        sharding.read_durations(config)
        config.pluginmanager.register(sharding, "bpmax_sim_sharding")
    if options.read_option_value(config, "exit_codes"):
        from bpmax_sim.pytest_plugin.run_stats import InterruptListener  # noqa: PLC0415

        config.pluginmanager.register(InterruptListener(config), "bpmax_sim_interrupt")
    if config.getoption("forked", False):
        from bpmax_sim.pytest_plugin import forked  # noqa: PLC0415 - few run so

        forked.refuse_pytest_forked(config)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Return a header line with the mode, if the project uses the plugin."""
    lines = options.format_report_header(config)
    shard = options.read_option_value(config, "shard")
    if shard is not None:
        from bpmax_sim.pytest_plugin import sharding  # noqa: PLC0415 - only where it is given

        lines.append(msg("bpmax-sim: {header}", header=sharding.format_shard_header(config, shard)))
    return lines


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Ignore the cassettes folder (True): it may hold thousands of files and has no tests.

    None for other paths, about which pytest and other plugins decide.
    """
    if collection_path.name != "cassettes":
        return None
    folder = collection_path.with_name("scenarios")
    return True if folder.is_dir() and collection_path.is_dir() else None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Return the collector of a scenario file; None for other files.

    A file that is no scenario by its name alone gets a warning.
    """
    if not file_path.name.endswith(SUFFIX):
        if "scenarios" in file_path.parts and file_path.suffix in NEARLY_SUFFIXES:
            _warn_of_unread_file(file_path, parent.config)
        return None
    from bpmax_sim.pytest_plugin.items import ScenarioFile  # noqa: PLC0415

    collector: pytest.Collector = ScenarioFile.from_parent(parent, path=file_path)
    return collector


def _warn_of_unread_file(path: Path, config: pytest.Config) -> None:
    """Warn if the file at *path* is meant to be a scenario or defaults and no run reads it.

    With pytest-xdist, whose workers all collect, the first one does.
    """
    from bpmax_sim.errors import UnreadFileWarning  # noqa: PLC0415
    from bpmax_sim.index.unread_files import explain_unread_file  # noqa: PLC0415

    if getattr(config, "workerinput", {"workerid": "gw0"})["workerid"] != "gw0":
        return
    problem = explain_unread_file(path, find_root(path))
    if problem and problem.place:
        warnings.warn_explicit(problem.message, UnreadFileWarning, problem.place.file, 1)


def _get_tally(config: pytest.Config) -> Tally:
    from bpmax_sim.pytest_plugin.run_stats import get_tally  # noqa: PLC0415

    return get_tally(config)


def _has_tally() -> bool:
    """Return whether the tally (counts of the run) exists, without importing its slow module."""
    return f"{__name__}.run_stats" in sys.modules


def pytest_itemcollected(item: pytest.Item) -> None:
    """Note the cassette that a Python test owns, and mark which warnings fail the test.

    A test with the fixture ``bpmax_session`` owns one. Which warnings fail it depends on the
    strictness of its folder: all of this package in a strict one, those of wrong calls in a normal
    one.
    """
    if "bpmax_session" in getattr(item, "fixturenames", ()):
        from bpmax_sim.errors import ConfigError  # noqa: PLC0415
        from bpmax_sim.pytest_plugin import session_options as of_test  # noqa: PLC0415

        with suppress(ConfigError):  # a wrong marker is told where the test runs
            cassette, folder = (
                str(of_test.choose_cassette_path(item)),
                str(of_test.find_cassettes_folder(item)),
            )
            owner = of_test.choose_owner_name(item)
            _get_tally(item.config).note_owner(cassette, folder, owner=owner, test=item.path)
    if not {"bpmax_session", "bpmax_session_factory"}.isdisjoint(getattr(item, "fixturenames", ())):
        with suppress(ValueError):  # a wrong setting is reported elsewhere
            for name in _RED_WARNINGS[find_strictness(item.path, find_root(item.path))]:
                item.add_marker(pytest.mark.filterwarnings(f"error::bpmax_sim.{name}"))


_RED_WARNINGS = {"strict": ("BpmaxWarning",), "normal": ("WrongCallWarning",), "lenient": ()}
"""Strictness of a folder -> the warnings that fail a Python test in it."""


def pytest_collection_finish(session: pytest.Session) -> None:
    """Store the index of scenario files, refuse options without effect, and go on after bad files.

    If anything else could not be collected, pytest stops as usual; ``-x`` and ``--maxfail`` still
    apply.
    """
    if FINDER in session.config.stash:
        from bpmax_sim.pytest_plugin.items import check_variables_read  # noqa: PLC0415

        session.config.stash[FINDER].save()
        check_variables_read(session)
    if chosen := options.read_cli_and_ini(session.config, "instance")[0]:
        from bpmax_sim.pytest_plugin.items import check_instance_exists  # noqa: PLC0415

        check_instance_exists(session, chosen)
    if not _has_tally():
        return
    tally = _get_tally(session.config)
    # pytest stops if any file could not be collected; one bad scenario file would hide the results
    # of all others. Errors in test modules are not ours to overlook.
    if tally.broken and session.testsfailed == tally.broken_reports:
        session.config.option.continue_on_collection_errors = True


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Note that this run does not include all tests."""
    if items:
        _get_tally(items[0].config).partial = True


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Attach the problems of a scenario file to its report, for GitHub and the report page."""
    report = yield
    if problems := getattr(collector, "bpmax_problems", ()):
        report.bpmax_problems = problems  # type: ignore[attr-defined] # reports take any data
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Store the current test, reset the redaction of output, and make the test's network guard.

    A test with the marker ``bpmax_live`` is skipped unless the mode is live.
    """
    item.config.stash[CURRENT] = item
    if hiding := sys.modules.get(f"{__name__}.python_tests"):  # which no other project loads
        hiding.release_ended_redactions(item.config)
        hiding.keep_redacting_for_open_sessions(item)
    item.stash[GUARD] = NetworkGuard(
        msg("test {nodeid}", nodeid=item.nodeid), allow="--bpmax-allow-hosts={}", closed=False
    )
    mode = options.read_option_value(item.config, "mode")
    if item.get_closest_marker("bpmax_live") and mode != "live":
        reason = translate(msg("needs a live system; run it with --bpmax-mode=live"))
        item.add_marker(pytest.mark.skip(reason=reason))  # pytest then tells the test's own line


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Close the network for a test that replays; afterwards judge the recordings of its sessions.

    Judging: every recorded exchange has to be played, and what was recorded is written.
    """
    passed = False
    try:
        with item.stash[GUARD]:
            result = yield
        passed = not getattr(item, "_excinfo", None)  # a TestCase raises nothing
    finally:
        if RUN not in item.stash:  # it has no sessions but those of the factory
            _judge_sessions(item, SESSIONS, passed=passed)
        if HIDING in item.stash:
            from bpmax_sim.pytest_plugin.python_tests import warn_of_secret_name  # noqa: PLC0415

            warn_of_secret_name(item)
    if passed and RUN not in item.stash:
        _judge_markers_without_session(item)
    if passed and ROUTER in item.stash:
        from bpmax_sim.pytest_plugin.python_tests import warn_of_unused_routes  # noqa: PLC0415

        warn_of_unused_routes(item)
    return result


def _judge_markers_without_session(item: pytest.Item) -> None:
    """Fail *item* or warn of it if it has markers of ours, and no session for which they hold.

    Only its own markers count. Those of its module or class, or that a hook added, are for others.
    """
    if item.path.name.endswith(SUFFIX):
        return
    marks = [*getattr(getattr(item, "obj", None), "pytestmark", ())]
    marks += getattr(getattr(item, "callspec", None), "marks", ())
    if names := {mark.name for mark in marks} & {"bpmax", "bpmax_fault"}:
        from bpmax_sim.pytest_plugin.idle_markers import judge_markers_without_session  # noqa: PLC0415

        judge_markers_without_session(item, names)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Judge the session of a Python test in the call phase, so that a failure fails the test."""
    passed = False
    try:
        result = yield
        passed = True
    finally:
        _judge_sessions(pyfuncitem, RUN, passed=passed)
    return result


def _judge_sessions(item: pytest.Item, stash_key: pytest.StashKey[Any], *, passed: bool) -> None:
    """Close and judge what *item* has under *stash_key*: its session, or several sessions.

    The several are those opened by the fixture ``bpmax_session_factory``. Recordings of a test that
    has not *passed* are set aside for review.
    """
    if stash_key not in item.stash:
        return
    from bpmax_sim.pytest_plugin.python_tests import fail_without_traceback  # noqa: PLC0415

    with fail_without_traceback():
        item.stash[stash_key].finish(failed=not passed)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add calls, console and the place of the failed step to a scenario's report.

    Redact the report of any test with secrets.
    """
    if HIDING in item.stash:
        from bpmax_sim.pytest_plugin import python_tests  # noqa: PLC0415

        error = call.excinfo.value if call.excinfo else None
        with_frames = error is None or options.read_option_value(item.config, "tb")
        with (
            python_tests.redact_error_temporarily(error),
            nullcontext() if with_frames else python_tests.hide_own_frames(),
        ):
            report = yield
        if SESSIONS in item.stash:
            python_tests.add_translated_errors(report, error)
            python_tests.add_console_section(item, report)
        python_tests.redact_report(report)
        python_tests.redact_junit(item.config)
    else:
        report = yield
    if call.when != "teardown" and item.path.name.endswith(SUFFIX):
        from bpmax_sim.pytest_plugin.items import complete_report  # noqa: PLC0415

        complete_report(item, report, call.excinfo.value if call.excinfo else None)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Restore the `FailureText` of a scenario, which a pytest-xdist worker sent as a plain string.

    JUnit and the terminal need its colours and its one-line summary.
    """
    if report.failed and type(report.longrepr) is str and f"{SUFFIX}::" in report.nodeid:
        from bpmax_sim.pytest_plugin.items import FailureText  # noqa: PLC0415

        file, line, _ = report.location
        report.longrepr = FailureText.from_worker(report.longrepr, file, (line or 0) + 1)


def _register_output_redaction(config: pytest.Config, redact: Callable[[str], str]) -> None:
    """Use *redact*, which hides the secrets of a session, for all output about the current test.

    A session calls this when it opens.
    """
    if item := config.stash.get(CURRENT, None):
        from bpmax_sim.pytest_plugin.python_tests import register_output_redaction  # noqa: PLC0415

        register_output_redaction(item, redact)


@pytest.hookimpl(tryfirst=True)  # other plug-ins write their files here, of all failures
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Note whether all tests ran, and set the exit code.

    A pytest-xdist worker sends its tally (the counts of its tests) to the controller instead.
    """
    output = getattr(session.config, "workeroutput", None)
    if options.read_option_value(session.config, "cov"):
        from bpmax_sim.pytest_plugin.script_hits import send_or_report_hits  # noqa: PLC0415

        send_or_report_hits(session)
    if output is None and not _has_tally():
        return
    tally = _get_tally(session.config)
    tally.stopped |= bool(session.shouldfail or session.shouldstop)
    if tally.sharded and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK  # an empty shard: the others have them all
    if output is None and tally.files:
        from bpmax_sim.pytest_plugin.summary import judge_unused_parts  # noqa: PLC0415

        judge_unused_parts(session, tally)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if output is None and tally.codes and reporter is not None:
        from bpmax_sim.pytest_plugin.summary import shorten_repeated_failures  # noqa: PLC0415

        shorten_repeated_failures(reporter)
    if output is not None:
        output["bpmax_sim"] = tally.to_data()
    elif options.read_option_value(session.config, "exit_codes"):
        from bpmax_sim.pytest_plugin.summary import choose_session_exit_code  # noqa: PLC0415

        session.exitstatus = choose_session_exit_code(session, tally)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add the tally (the counts) of a pytest-xdist worker that has ended to the controller's.

    A worker that sent none has crashed, so the run counts as incomplete.
    """
    if options.read_option_value(node.config, "cov"):
        from bpmax_sim.pytest_plugin.script_hits import merge_worker_hits  # noqa: PLC0415

        merge_worker_hits(node)
    sent = getattr(node, "workeroutput", {}).get("bpmax_sim")
    if sent is None:
        # The worker crashed: which tests it had is unknown, so nothing may be called unused.
        _get_tally(node.config).partial = True
    else:
        _get_tally(node.config).merge(sent)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Print the section ``bpmax-sim`` at the end of a run; pytest-xdist workers print none."""
    if hasattr(config, "workeroutput") or not _has_anything_to_summarise(terminalreporter, config):
        return
    from bpmax_sim.pytest_plugin.summary import write_summary  # noqa: PLC0415

    write_summary(terminalreporter, exitstatus, config)


def _has_anything_to_summarise(reporter: pytest.TerminalReporter, config: pytest.Config) -> bool:
    """Return whether sessions, cassettes, a shard, coverage or scenarios occurred in this run.

    Otherwise the summary module, which takes long to import, is not needed.
    """
    if _has_tally() and _get_tally(config).has_sessions_or_cassettes:
        return True
    if options.read_option_value(config, "shard") is not None or options.read_option_value(
        config, "cov"
    ):
        return True
    reports = chain.from_iterable(reporter.stats.values())
    return any(SUFFIX in (getattr(report, "nodeid", None) or "") for report in reports)
