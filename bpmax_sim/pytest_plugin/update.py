"""``--bpmax-update``: replace the expectations of failed scenarios by the actual values."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import msg, translate
from bpmax_sim.project import SUFFIX
from bpmax_sim.pytest_plugin import options
from bpmax_sim.pytest_plugin.session_options import find_named_cassettes_folder
from bpmax_sim.scenario.expect_writer import prepare_rewrites
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.variant.rewrite import collect_item_updates, write_if_scenarios_pass
from bpmax_sim.yamlfile import to_display_path


class ExpectUpdater:
    """Collects failed scenarios, also from workers, and rewrites their files at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._failed: dict[str, None] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a scenario that failed; its expectations are updated at the end of the run."""
        if report.when == "call" and report.failed and f"{SUFFIX}::" in report.nodeid:
            self._failed[report.nodeid] = None

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the expectations that can be updated, and show the diff."""
        # Files are rewritten when all tests have ended, and by one process: workers may have rows
        # of one file.
        if self._failed:
            terminalreporter.section(translate(msg("bpmax-sim: expectations")))
            for line in self._update_expectations():
                terminalreporter.write_line(translate(line))

    def _update_expectations(self) -> Iterator[str]:
        folder = find_named_cassettes_folder(self._config)
        updates = collect_item_updates(list(self._load_failed()), folder)
        yield from updates.skip_notes
        files, refused = prepare_rewrites(updates.edits)
        yield from map(str, refused)
        for file in files:
            yield from file.make_diff_lines()
        try:
            write_if_scenarios_pass(files, options.read_variables(self._config), folder)
        except ConfigError as error:
            yield str(error)
            return
        for file in files:
            yield msg("{file}: written", file=to_display_path(file.path))

    def _load_failed(self) -> Iterator[ScenarioItem]:
        names: dict[str, set[str]] = {}
        for nodeid in self._failed:
            path, _, name = nodeid.partition("::")
            names.setdefault(path, set()).add(name)
        for path, wanted in names.items():
            variables = options.read_variables(self._config)
            for item in load_items(self._config.rootpath / path, variables=variables):
                if item.header.one_line_name in wanted:
                    yield item
