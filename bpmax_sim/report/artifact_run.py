"""Read the failures from a CI artefact of a run, a ZIP archive or a folder.

It searches, in this order, for ``.bpmax/failed``, ``.bpmax/trace`` and JUnit files at any depth,
because every CI system packs them differently. An archive comes from outside, so it is read without
unpacking to disk; its unpacked size is limited; member names that leave it and JUnit files that
declare entities are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET
from zipfile import BadZipFile, ZipFile

import msgspec

from bpmax_sim.errors import ConfigError
from bpmax_sim.file_names import to_node_id_part
from bpmax_sim.file_system import shell_quote
from bpmax_sim.i18n import LANGUAGES, msg, translate
from bpmax_sim.report.page_data import build_entry
from bpmax_sim.report.stored_failures import StoredFailure, parse_failure, sort_by_run
from bpmax_sim.report.trace_failures import PathsFromRoot, read_failures, read_place
from bpmax_sim.report.trace_files import Trace, parse_trace
from bpmax_sim.scenario.source import render_failure
from bpmax_sim.yamlfile import to_display_path

_LARGEST: Final = 512 * 1024 * 1024
_STORED: Final = re.compile(r"(?:.*?/)?(failed|trace)/(.+)\.(?:json|ndjson)")
_OUTWARD: Final = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\]|^[A-Za-z]:")

Files = Mapping[str, Callable[[], bytes]]
"""Names with slashes, and what reads each file."""


class ArtifactRun(msgspec.Struct, frozen=True, kw_only=True):
    """What an artefact of a CI pipeline (a ZIP archive or a folder) holds of a run of tests.

    Attributes:
        failures: in the order of the run; failures of tests other than scenarios come last.
        sources: (file, name) of each failed scenario -> its source files, with the text that they
            had in the run.
        tests: number of tests, as far as known.
        problems: one line for each part that could not be read.
    """

    failures: tuple[StoredFailure, ...]
    sources: Mapping[tuple[str, str], Mapping[str, str]]
    tests: int
    problems: tuple[str, ...]


def read_artifact_run(place: Path, root: Path) -> ArtifactRun:
    """Return what *place*, a ZIP archive or a folder, contains of a run of the project at *root*.

    Raises:
        ConfigError: if it is neither, contains nothing of a run, or is too large.
    """
    with _open_files(place) as files:
        reader = _ArtifactReader(to_display_path(place), files, root)
        reader.read()
    if not reader.has_any:
        raise ConfigError(
            "{place}: nothing of a run is in it; a pipeline has to keep report.xml, .bpmax/failed "
            "and .bpmax/trace, as that of `bpmax-sim init --ci github` does",
            place=to_display_path(place),
        )
    return ArtifactRun(
        failures=(*sort_by_run(reader.failures.values()), *reader.other_failures),
        sources=reader.sources,
        tests=reader.tests or len(reader.traces),
        problems=tuple(reader.problems),
    )


@contextmanager
def _open_files(place: Path) -> Iterator[Files]:
    """Open *place*, an archive or a folder; yield name -> reader of each file that a run stores.

    Raises:
        ConfigError: if it cannot be opened, an archive has names like ``../x``, or it is too large.
    """
    shown = to_display_path(place)
    if place.is_dir():
        paths = [one for one in place.rglob("*") if one.is_file() and not one.is_symlink()]
        found = {one.relative_to(place).as_posix(): one for one in sorted(paths)}
        chosen = {name: one for name, one in found.items() if _is_run_file(name)}
        _refuse_large_artifact(shown, sum(one.stat().st_size for one in chosen.values()))
        yield {name: one.read_bytes for name, one in chosen.items()}
        return
    try:
        archive = ZipFile(place)
    except (OSError, BadZipFile):
        why = msg("it is no ZIP archive") if place.is_file() else msg("there is no such file")
        raise ConfigError(
            "{place}: expected a ZIP archive or a folder with what a pipeline kept ({error})",
            place=shown,
            error=why,
        ) from None
    with archive:
        members = {one.filename.replace("\\", "/"): one for one in archive.infolist()}
        for name in members:
            if _OUTWARD.search(name):
                raise ConfigError(
                    "{place}: contains a path outside the archive, {name!r}; the archive was not "
                    "read",
                    place=shown,
                    name=name,
                )
        of_a_run = {name: one for name, one in sorted(members.items()) if _is_run_file(name)}
        _refuse_large_artifact(shown, sum(one.file_size for one in of_a_run.values()))
        yield {name: partial(archive.read, one) for name, one in of_a_run.items()}


def _is_run_file(name: str) -> bool:
    return bool(_STORED.fullmatch(name)) or (name.endswith(".xml") and ".bpmax/" not in name)


def _refuse_large_artifact(display_name: str, size: int) -> None:
    if size > _LARGEST:
        raise ConfigError(
            "{place}: unpacks to {size} MB, and {largest} MB are read at most; name the folder "
            "with what is of interest",
            place=display_name,
            size=size >> 20,
            largest=_LARGEST >> 20,
        )


class _ArtifactReader:
    """Reads the files of one run. An unreadable file is noted as problem and stops nothing.

    Attributes:
        failures: path of a file below ``.bpmax/failed`` or ``.bpmax/trace``, without the ending ->
            its failure.
        other_failures: failures that only a JUnit file contains.
        sources: file and name of a scenario -> its source files and their texts.
        traces: paths of all traces.
        has_any: whether any file of a run was found.
    """

    def __init__(self, shown: str, files: Files, root: Path) -> None:
        self._shown, self._files, self._root = shown, files, root
        self.failures: dict[str, StoredFailure] = {}
        self.other_failures: list[StoredFailure] = []
        self.sources: dict[tuple[str, str], Mapping[str, str]] = {}
        self.traces: set[str] = set()
        self.problems: list[str] = []
        self.tests = 0
        self.has_any = False

    def read(self) -> None:
        """Read all files: stored failures first, then traces, then JUnit files."""
        stored = [found for name in self._files if (found := _STORED.fullmatch(name))]
        for found in sorted(stored, key=lambda found: found[1]):  # failed, then trace
            if found[1] == "failed":
                self._add_or_note_problem(found[0], partial(self._add_failure, found[2]))
            else:
                self.traces.add(found[2])
                self._add_or_note_problem(found[0], partial(self._add_trace, found[2]))
        for name in self._files:
            if name.endswith(".xml"):
                self._add_or_note_problem(name, self._add_junit)

    def _add_or_note_problem(self, name: str, add: Callable[[bytes, str], None]) -> None:
        shown = f"{self._shown}/{name}"
        try:
            add(self._files[name](), shown)
        except ConfigError as error:
            self.problems += str(error).splitlines()
        except Exception as error:  # noqa: BLE001 - an archive of others, its files can be anything
            why = f"{type(error).__name__}: {error}"
            self.problems.append(msg("{path}: cannot be read ({error})", path=shown, error=why))
        else:
            self.has_any = True

    def _add_failure(self, key: str, data: bytes, display_name: str) -> None:
        self.failures[key] = parse_failure(data, display_name)

    def _add_trace(self, key: str, data: bytes, display_name: str) -> None:
        trace = parse_trace(data, f"{key}.ndjson", display_name)
        failed = self.failures.get(key) or _find_trace_failure(trace)
        if failed is not None:
            self.failures[key] = failed
            home = PathsFromRoot(trace.folder)
            sources = {home.to_root_place(file): text for file, text in trace.sources.items()}
            self.sources[failed.file, failed.name] = sources

    def _add_junit(self, data: bytes, display_name: str) -> None:
        text = data.decode("utf-8-sig")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise ConfigError("{path}: declares entities, as no JUnit file does", path=display_name)
        suites = ET.fromstring(text)  # noqa: S314 - it has no entities
        if suites.tag not in {"testsuites", "testsuite"}:
            return
        known = {
            (one.file.replace("/", "."), name)
            for one in self.failures.values()
            for name in _list_possible_node_names(one.name)
        }
        for case in suites.iter("testcase"):
            self.tests += 1
            name = (case.get("classname", ""), case.get("name", ""))
            wrong = [one for tag in ("failure", "error") for one in case.iter(tag)]
            if wrong and name not in known:
                self.other_failures.append(_read_junit_failure(case, wrong[0], self._root))


def _list_possible_node_names(name: str) -> Iterator[str]:
    """Yield what a JUnit file may call the scenario or row *name*, each a name of one line.

    The title of a row and its id are shortened on their own, and both may contain brackets.
    """
    yield to_node_id_part(name)
    for at in (found.start() for found in re.finditer(r"\[", name) if name.endswith("]")):
        yield f"{to_node_id_part(name[:at])}[{to_node_id_part(name[at + 1 : -1])}]"


def _find_trace_failure(trace: Trace) -> StoredFailure | None:
    """Return the failure that *trace* shows; None if the scenario did not fail.

    A trace that breaks off, because the process was killed, is a failure.
    """
    entry, ended = build_entry(trace), trace.events[-1]
    if entry.outcome not in {"failed", "did not end"}:
        return None
    started = [event for event in trace.events if event["event"] == "StepStarted"]
    where = str(started[-1].get("title", "")) if started else ""
    home = PathsFromRoot.of_trace(trace)
    failures = list(read_failures(ended, home)) if entry.outcome == "failed" else []
    cut_off = (
        msg("did not end: its trace breaks off in step {step}", step=where)
        if where
        else msg("did not end: its trace breaks off before the first step")
    )
    texts = tuple(map(render_failure, failures)) or (cut_off,)
    place = read_place(entry.place)
    return StoredFailure(
        name=entry.name,
        file=home.to_root_place(next(iter(trace.sources), "")) or (place.file if place else ""),
        line=place.line if place else 0,
        headline=failures[0].headline if failures else cut_off,
        texts=texts,
        whole=tuple(render_failure(failure, whole=True) for failure in failures) or texts,
        rerun=entry.rerun,
    )


def _read_junit_failure(case: ET.Element, failure_element: ET.Element, root: Path) -> StoredFailure:
    """Return the failure of a JUnit test case.

    *failure_element* is the element in *case* that describes the failure or error.
    """
    text = (failure_element.text or failure_element.get("message") or "").strip()
    module, name = case.get("classname", ""), case.get("name", "")
    line = case.get("line", "")
    return StoredFailure(
        name=name,
        file=case.get("file", "") or module,
        line=int(line) if line.isdecimal() else 0,
        headline=failure_element.get("message", "") or text.partition("\n")[0],
        texts=(text,),
        rerun=_find_rerun_command(text, module, name, root),
    )


def _find_rerun_command(text: str, module: str, name: str, root: Path) -> str:
    """Return the command in a failure's text, or else one that runs the test.

    *module* and *name* are the ``classname`` and ``name`` of the JUnit test case. "" if neither
    gives a command.
    """
    for label in {translate(msg("rerun: {rerun}", rerun=""), one) for one in LANGUAGES}:
        if (at := text.rfind(f"\n{label}")) >= 0:
            return text[at + len(label) + 1 :].partition("\n")[0]
    parts = module.split(".")
    for number in range(len(parts), 0, -1):
        file = "/".join(parts[:number]) + ".py"
        if (root / file).is_file():
            return f"pytest {shell_quote('::'.join([file, *parts[number:], name]))}"
    return ""
