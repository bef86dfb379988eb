"""Add to pytest's JUnit file what `bpmax-sim run` writes: file, line and console output."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from _pytest.junitxml import xml_key

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import label_message, translate
from bpmax_sim.project import SUFFIX
from bpmax_sim.report.console import CONSOLE_SECTION
from bpmax_sim.report.junit import create_junit_folder, to_translated_xml_text


class JunitCompleter:
    """Adds console output, file and line to the test cases of scenarios in pytest's JUnit file."""

    def __init__(self, config: pytest.Config) -> None:
        """Prepare for the JUnit file of *config*.

        Raises:
            pytest.UsageError: if the file cannot be written. pytest would only crash after all
                tests.
        """
        path = Path(os.path.expandvars(config.getoption("xmlpath"))).expanduser()
        try:
            create_junit_folder(path)
        except ConfigError as error:
            raise pytest.UsageError(translate(label_message("--junitxml", error))) from None
        self._config = config
        self._cases: dict[str, tuple[Any, dict[str, str]]] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add the console when a scenario has ended, and its place when pytest closes its element.

        The place has to come last: until then pytest removes attributes that the family xunit2
        lacks.
        """
        xml = self._config.stash.get(xml_key, None)
        if xml is None or f"{SUFFIX}::" not in report.nodeid:
            return
        if report.when == "teardown":
            case, place = self._cases.pop(report.nodeid, (None, {}))
            if case is not None:
                # pytest has finalized the case (its hook came before ours, which is last), and
                # `to_xml` returns the same element each time then. Its own attributes drop file and
                # line in the family xunit2.
                case.to_xml().attrib.update(place)
        elif report.when == "call" or not report.passed:
            file, line, _ = report.location
            case = xml.node_reporter(report)
            place = {"file": file.replace("\\", "/"), "line": str((line or 0) + 1)}
            self._cases[report.nodeid] = case, place
            if texts := [text for name, text in report.sections if name == CONSOLE_SECTION]:
                element = ET.Element("system-out")
                element.text = to_translated_xml_text("\n".join(texts))
                case.append(element)
