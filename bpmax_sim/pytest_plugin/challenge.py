"""``--bpmax-challenge``: a test for each script of the selected scenarios.

The test puts mistakes (mutants) into the script and warns of those that no scenario notices. Only
scenarios that are still selected count. Shards and workers of pytest-xdist distribute these tests
like any others.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from bpmax_sim.challenge.cache import VerdictCache
from bpmax_sim.challenge.findings import (
    SHOWN,
    ChallengeResult,
    describe_on_one_line,
    merge_results,
    summarise_verdicts,
)
from bpmax_sim.challenge.judge import ScriptChallenge, script_files_of
from bpmax_sim.challenge.page import make_section
from bpmax_sim.errors import ChallengeWarning, ConfigError
from bpmax_sim.i18n import msg, translate
from bpmax_sim.project import find_root
from bpmax_sim.pytest_plugin import options
from bpmax_sim.pytest_plugin.items import ScenarioTest
from bpmax_sim.report.sections import store_section
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.variant.run import why_no_variants

_RESULTS: Final = pytest.StashKey[dict[str, ChallengeResult]]()
_OUTPUT: Final = "bpmax_sim_challenge"


def _challenge_results(config: pytest.Config) -> dict[str, ChallengeResult]:
    """Return the result of each script, by test id."""
    return config.stash.setdefault(_RESULTS, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Merge the results of a pytest-xdist worker."""
    if sent := getattr(node, "workeroutput", {}).get(_OUTPUT):
        _challenge_results(node.config).update(pickle.loads(sent))  # noqa: S301 - by our worker


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Store the results for the report page; a worker sends them to the controller."""
    results, output = (
        _challenge_results(session.config),
        getattr(session.config, "workeroutput", None),
    )
    if output is not None:
        output[_OUTPUT] = pickle.dumps(results)
    elif results:
        merged = merge_results([results[name] for name in sorted(results)])
        store_section(find_root(session.config.rootpath), make_section(merged))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Add a test for each script of the scenarios that are selected."""
    users: dict[str, list[ScenarioItem]] = {}
    for test in items:
        if isinstance(test, ScenarioTest) and not why_no_variants(test.scenario):
            for script in script_files_of(test.scenario):
                users.setdefault(script.name, []).append(test.scenario)
    for name in sorted(users):
        file = ChallengedFile.from_parent(session, path=Path.cwd() / name)
        items.append(ChallengeTest.from_parent(file, name="challenge", users=users[name]))


class ChallengedFile(pytest.File):
    """The collector node of a script; its tests are added after collection."""

    def collect(self) -> Sequence[pytest.Item]:
        """Return nothing: the tests are made from the selected scenarios."""
        return ()


class ChallengeTest(pytest.Item):
    """A test that challenges one script with the scenarios that use it."""

    def __init__(self, *, users: Sequence[ScenarioItem], **kwargs: Any) -> None:
        """Store *users*, the scenarios that use the script."""
        super().__init__(**kwargs)
        self._users = users

    def runtest(self) -> None:
        """Warn of each unnoticed mistake; fail below ``--bpmax-challenge-fail-under``."""
        try:
            result = self._challenge()
        except ConfigError as error:
            pytest.fail(translate(str(error)), pytrace=False)
        _challenge_results(self.config)[self.nodeid] = result
        for finding in result.distinct_findings[:SHOWN]:
            text = translate(describe_on_one_line(finding))
            place = finding.place
            warnings.warn_explicit(text, ChallengeWarning, place.file, place.line)
        least = options.option_value(self.config, "challenge_fail_under")
        if least is not None and result.score < least:
            message = msg(
                "{score:g} % of the mistakes are noticed, and {least:g} % have to be",
                score=round(result.score, 1),
                least=least,
            )
            pytest.fail(translate(message), pytrace=False)

    def _challenge(self) -> ChallengeResult:
        users = self._users
        name = next(
            script.name
            for script in script_files_of(users[0])
            if Path.cwd() / script.name == self.path
        )
        ready = ScriptChallenge(users, only=name, cache=VerdictCache(users[0].root))
        return summarise_verdicts(ready, list(ready.judge()))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return file, line from 0 and name."""
        return self.path, 0, self.name
