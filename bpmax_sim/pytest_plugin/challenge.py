"""``--bpmax-challenge``: a test for each script of the selected scenarios.

The test puts mistakes (mutants) into the script and warns of those that no scenario notices. Only
scenarios that are still selected count. Shards and workers of pytest-xdist distribute these tests
like any others.
"""

from __future__ import annotations

import math
import pickle
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from bpmax_sim.challenge.cache import VerdictCache
from bpmax_sim.challenge.findings import (
    SHOWN,
    ChallengeResult,
    describe_counts,
    describe_on_one_line,
    merge_results,
    summarise_verdicts,
)
from bpmax_sim.challenge.judge import ScriptChallenge, find_script_files
from bpmax_sim.challenge.page import make_section
from bpmax_sim.errors import ChallengeWarning, ConfigError, Place
from bpmax_sim.i18n import join_messages, msg, plural, translate
from bpmax_sim.pytest_plugin import options
from bpmax_sim.pytest_plugin.items import ScenarioTest
from bpmax_sim.report.sections import store_section
from bpmax_sim.scenario.load import ScenarioItem

_RESULTS: Final = pytest.StashKey[dict[str, ChallengeResult]]()
_OUTPUT: Final = "bpmax_sim_challenge"


def _get_challenge_results_by_test(config: pytest.Config) -> dict[str, ChallengeResult]:
    """Return, by test id, which mistakes put into a script were noticed, so far in this process."""
    return config.stash.setdefault(_RESULTS, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add the challenge results of a pytest-xdist worker that has ended to the controller's."""
    if sent := getattr(node, "workeroutput", {}).get(_OUTPUT):
        _get_challenge_results_by_test(node.config).update(pickle.loads(sent))  # noqa: S301 - by our worker


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Store the challenge results for the report page; a worker sends them to the controller.

    They say which mistakes put into scripts the scenarios noticed.
    """
    results, output = (
        _get_challenge_results_by_test(session.config),
        getattr(session.config, "workeroutput", None),
    )
    if output is not None:
        output[_OUTPUT] = pickle.dumps(results)
    elif results:
        store_section(options.find_run_root(session.config), make_section(_merge_results(results)))


def _merge_results(results: Mapping[str, ChallengeResult]) -> ChallengeResult:
    return merge_results([results[name] for name in sorted(results)])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Write how many mistakes were tried in scripts, and how many of them were noticed, by what."""
    if results := _get_challenge_results_by_test(config):
        terminalreporter.section(translate(msg("bpmax-sim: challenge")))
        terminalreporter.write_line(translate(describe_counts(_merge_results(results))))


def _describe_limits(
    challenge: ScriptChallenge, result: ChallengeResult
) -> Iterator[tuple[str, Place | None]]:
    """Yield messages, each with a place, about what the result does not cover.

    These are mistakes that were left out, ``bpmax-ignore`` comments that excluded nothing, and how
    many of the possible mistakes were tried, if not all.
    """
    for problem in challenge.left_out:
        yield msg("left out: {problem}", problem=problem), problem.place
    for problem in result.unused:
        yield problem.message, problem.place
    tried, possible = len(challenge.numbered), challenge.possible
    if tried < possible:
        place = Place(challenge.targets[0].name, 1)
        yield msg("tried {tried} of {possible}", tried=tried, possible=possible), place


def _warn_of_challenge(text: str, place: Place | None) -> None:
    file, line = (place.file, place.line) if place else ("", 0)
    warnings.warn_explicit(text, ChallengeWarning, file, line)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Add a `ChallengeTest` for each script of the scenarios that are selected."""
    # Last of all plug-ins (`trylast`): -k, -m and shards have taken their tests out by now.
    users: dict[str, list[ScenarioItem]] = {}
    for test in items:
        if isinstance(test, ScenarioTest):
            for script in find_script_files(test.scenario):
                users.setdefault(script.name, []).append(test.scenario)
    for name in sorted(users):
        file = ChallengedScriptFile.from_parent(session, path=Path.cwd() / name)
        items.append(ChallengeTest.from_parent(file, name="challenge", users=users[name]))


class ChallengedScriptFile(pytest.File):
    """The collector node of a script file, for the test ids; its test is added after collection.

    By then it is known which selected scenarios use the script.
    """

    def collect(self) -> Sequence[pytest.Item]:
        """Return nothing: the tests are made from the selected scenarios."""
        return ()


class ChallengeTest(pytest.Item):
    """A test that puts mistakes into one script and runs the scenarios that use it.

    At least one scenario has to notice each mistake by failing.
    """

    def __init__(self, *, users: Sequence[ScenarioItem], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._users = users

    def runtest(self) -> None:
        """Warn of each unnoticed mistake, and of what was not tried.

        Fail below ``--bpmax-challenge-fail-under``; with ``--bpmax-challenge-strict`` fail if any
        mistake was not noticed.
        """
        ready = self._prepare_challenge()
        result = summarise_verdicts(ready, list(ready.judge()))
        _get_challenge_results_by_test(self.config)[self.nodeid] = result
        for text, place in _describe_limits(ready, result):
            _warn_of_challenge(text, place)
        for finding in result.findings_not_solved_by_earlier[:SHOWN]:
            _warn_of_challenge(describe_on_one_line(finding), finding.place)
        if why := self._find_shortcoming(result):
            pytest.fail(translate(why), pytrace=False)

    def _find_shortcoming(self, result: ChallengeResult) -> str:
        """Return which limit of the options *result* misses; "" if none."""
        least = options.read_option_value(self.config, "challenge_fail_under")
        if least is not None and result.score_percent < least:
            return msg(
                "{score:g} % of the mistakes are noticed, and {least:g} % have to be",
                score=math.floor(10 * result.score_percent) / 10,  # rounded, it might be enough
                least=least,
            )
        number = len(result.findings_not_solved_by_earlier)
        if number and options.read_option_value(self.config, "challenge_strict"):
            return plural(number, "{number} finding", "{number} findings")
        return ""

    def _prepare_challenge(self) -> ScriptChallenge:
        """Return the changes to try in the script; skip or fail this test where there are none."""
        users, problem = self._users, ""
        name = next(
            script.name
            for script in find_script_files(users[0])
            if Path.cwd() / script.name == self.path
        )
        try:
            ready = ScriptChallenge(users, only=name, cache=VerdictCache(users[0].root))
        except ConfigError as error:
            problem = translate(str(error))
        if problem:  # here, as pytest shows an exception that is being handled, too
            pytest.fail(problem, pytrace=False)
        if ready.left_out and not ready.numbered:
            self._skip_or_fail_untried(join_messages("\n", map(str, ready.left_out)))
        return ready

    def _skip_or_fail_untried(self, reason_left_out: str) -> None:
        """Skip this test, whose scenarios are all left out; *reason_left_out* says why.

        With ``--bpmax-challenge-fail-under`` or ``--bpmax-challenge-strict`` it fails instead.
        """
        reason = translate(msg("left out: {problem}", problem=reason_left_out))
        names = ("challenge_fail_under", "challenge_strict")
        if any(options.read_option_value(self.config, name) for name in names):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return file, line from 0 and name."""
        return self.path, 0, self.name
