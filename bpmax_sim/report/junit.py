"""Write verdicts as JUnit XML in pytest's form, with file and line of each scenario.

``time`` is in real seconds. Texts are in the reader's language. Characters outside XML 1.0 are
replaced by U+FFFD.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from errno import EACCES, EISDIR
from pathlib import Path
from xml.etree import ElementTree as ET

from bpmax_sim.errors import Problem
from bpmax_sim.file_names import to_relative_name
from bpmax_sim.file_system import to_slashes
from bpmax_sim.i18n import join_messages, translate
from bpmax_sim.project import make_parent_folder
from bpmax_sim.report import terminal
from bpmax_sim.report.console import format_console_lines
from bpmax_sim.scenario.outcome import find_failing_place
from bpmax_sim.scenario.source import render_failure
from bpmax_sim.yamlfile import to_display_path, translate_write_errors

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(
    path: Path,
    verdicts: Sequence[tuple[terminal.Verdict, float]],
    problems: Sequence[Problem] = (),
) -> None:
    """Write a JUnit XML file of *verdicts*, each with its real seconds.

    Each of *problems*, which kept files from running, becomes an error in it.

    Raises:
        ConfigError: if the file cannot be written.
    """
    root = ET.Element("testsuites")
    tags = Counter(_choose_element_name(verdict) for verdict, _ in verdicts)
    unread = dict[str, list[str]]()
    for problem in problems:
        unread.setdefault(problem.place.file if problem.place else "", []).append(str(problem))
    suite = ET.SubElement(
        root,
        "testsuite",
        name="bpmax-sim",
        tests=f"{len(verdicts) + len(unread)}",
        failures=f"{tags['failure']}",
        errors=f"{len(unread)}",
        skipped=f"{tags['skipped']}",
        time=f"{sum(seconds for _, seconds in verdicts):.3f}",
    )
    for file, texts in unread.items():
        suite.append(_make_unreadable_file_case(file, texts))
    for verdict, seconds in verdicts:
        suite.append(_make_testcase(verdict, seconds))
    data = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    with translate_write_errors(path):
        make_parent_folder(path)
        path.write_bytes(data)


def create_junit_folder(path: Path) -> None:
    """Create the folders above *path* before anything runs, to find errors early.

    Raises:
        ConfigError: if no file can be written there.
    """
    with translate_write_errors(path):
        if path.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        make_parent_folder(path)
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise PermissionError(EACCES, os.strerror(EACCES))


def list_properties(verdict: terminal.Verdict) -> list[tuple[str, str]]:
    """Return names and values of a test case's properties, equal in `bpmax-sim run` and pytest.

    They are number of calls, cassette, digest of the run, and trace; those without value are left
    out.
    """
    values = (
        ("bpmax_calls", f"{len(verdict.calls)}" if verdict.digest else ""),
        ("bpmax_cassette", _to_relative_path(verdict.cassette)),
        ("bpmax_trace_digest", verdict.digest),
        ("bpmax_trace", _to_relative_path(verdict.trace)),
    )
    return [(name, value) for name, value in values if value]


def _to_relative_path(path: str) -> str:
    """Return *path* relative to the working directory, with slashes; "" for ""."""
    name = to_display_path(Path(path)) if path else ""
    return to_relative_name(Path(path)) if os.path.isabs(name) else name  # noqa: PTH117


def _choose_element_name(verdict: terminal.Verdict) -> str:
    """Return the JUnit element for a verdict: ``failure`` or ``skipped``; "" for a pass."""
    if verdict.outcome == "failed":
        return "failure"
    return "" if verdict.outcome == "passed" else "skipped"


def _make_unreadable_file_case(file: str, texts: Sequence[str]) -> ET.Element:
    """Return the test case of a file of which no scenario could run, in pytest's form.

    *texts* are the problems of the file, one line each.
    """
    name = to_translated_xml_text(_to_module_name(file))
    case = ET.Element("testcase", classname="", name=name, time="0.000")
    ET.SubElement(case, "error", message="collection failure").text = to_translated_xml_text(
        "\n".join(texts)
    )
    return case


def _to_module_name(file: str) -> str:
    return file.replace("\\", "/").replace("/", ".")


def _make_testcase(verdict: terminal.Verdict, seconds: float) -> ET.Element:
    item, file = verdict.item, verdict.item.spot.source.file
    place = find_failing_place(item, verdict.failures if verdict.outcome == "failed" else ())
    case = ET.Element(
        "testcase",
        classname="" if verdict.is_of_file else to_translated_xml_text(_to_module_name(file)),
        name=to_translated_xml_text(
            _to_module_name(file) if verdict.is_of_file else item.one_line_name
        ),
        file=to_translated_xml_text(to_slashes(os.path.normpath(place.file or file))),
        line=f"{place.line or item.place.line}",
        time=f"{seconds:.3f}",
    )
    if values := list_properties(verdict):
        properties = ET.SubElement(case, "properties")
        for name, value in values:
            shown = to_translated_xml_text(value)
            ET.SubElement(properties, "property", name=name, value=shown)
    if tag := _choose_element_name(verdict):
        problems, failures = verdict.problems, verdict.failures
        message = failures[0].headline if failures else next(iter(problems), "")
        message = verdict.reason if tag == "skipped" else message
        outcome = ET.SubElement(case, tag, message=to_translated_xml_text(message))
        if tag != "skipped":
            texts = problems or [render_failure(failure, whole=True) for failure in failures]
            outcome.text = to_translated_xml_text(join_messages("\n\n", texts))
    if console := join_messages("\n", format_console_lines(verdict.console)):
        ET.SubElement(case, "system-out").text = to_translated_xml_text(console)
    return case


def to_translated_xml_text(text: str) -> str:
    """Return *text* in the reader's language, with characters outside XML 1.0 replaced."""
    return _NOT_IN_XML.sub("\ufffd", translate(text))
