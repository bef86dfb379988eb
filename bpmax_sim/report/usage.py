"""Evidence of the use of cassettes in ``.bpmax/usage``, from one machine or several.

A complete run stores ``pytest.1-of-1.json`` or ``run.1-of-1.json``; the third shard of eight, of
either, ``3-of-8.json``; a run with a name (``--job``) ``name.1-of-1.json``. Paths are relative to
the project, so that evidence of other machines is valid here. Nothing is valid unless all shards of
each job are there, and all jobs that the project lists.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.file_names import to_file_name, to_relative_name
from bpmax_sim.i18n import encode_as_english, msg
from bpmax_sim.project import (
    SUFFIX,
    find_files_below,
    make_parent_folder,
    read_ci_jobs,
    read_searched_text,
    to_absolute_path,
)
from bpmax_sim.report.recording_use import RecordingUse
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.yamlfile import to_display_path

FOLDER: Final = Path(".bpmax", "usage")
_FILE: Final = re.compile(r"(?:(.+)\.)?(\d+)-of-(\d+)\.json", re.DOTALL)
_PATTERN: Final = "*-of-*.json"
_WHOLE: Final = Shard(1, 1)
_PYTHON_TESTS: Final = ("test_*.py", "*_test.py")
_OURS: Final = "bpmax"
Covers = Literal["project", "scenarios", "part"]
"""What a job ran: all tests, all scenarios, or some of them, which counts among named jobs."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Which cassettes a run used, stored as proof that the others are unused.

    Paths are from the root.

    Some attributes are empty unless another machine may read the file ("shared").

    Attributes:
        folders: folders of cassettes.
        digests: digest of each cassette that only passed tests played.
        owners: cassette -> tests that were collected for it, or opened it.
        left: cassette -> owner -> numbers of its exchanges that none of its sessions played.
        unplayed_files: cassettes whose use is unknown: one of their tests failed or was skipped.
        tests: files of the tests.
        sources: digest of each test and scenario file, if shared.
        touched: what scenarios used (APIs, fields, nodes …) and which of them ran, if shared.
        seconds: real seconds of each test, by its file and name, if shared.
        covers: what the run included: all tests (``project``), all scenarios, or a ``part``.
        gathered: time of storing, in nanoseconds; of merged evidence, the oldest.
    """

    folders: tuple[str, ...]
    digests: Mapping[str, str]
    owners: Mapping[str, tuple[str, ...]]
    left: Mapping[str, Mapping[str, tuple[int, ...]]]
    unplayed_files: tuple[str, ...] = msgspec.field(name="kept")
    tests: tuple[str, ...]
    sources: Mapping[str, str] = {}
    touched: tuple[str, ...] = ()
    seconds: Mapping[str, float] = {}
    covers: Covers = "project"
    version: Literal[3] = 3
    gathered: int = 0


class EvidenceFile(msgspec.Struct, frozen=True):
    """The file in which one shard (machine) of a CI job stored what it used of recordings.

    Attributes:
        path: the file.
        job: name of the CI job; "" if it has none.
        shard: number of the shard, and how many there are.
        evidence: content of the file.
    """

    path: Path
    job: str
    shard: Shard
    evidence: Evidence


def digest_file(path: str | Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal.

    Raises:
        OSError: if the file cannot be read.
    """
    with open(path, "rb") as file:  # noqa: PTH123 - of thousands of files
        return hashlib.sha256(file.read()).hexdigest()


def digest_sources(root: Path, tests: Iterable[str]) -> dict[str, str]:
    """Return the digest of each file in *tests* and of each file below ``scenarios``.

    Names are relative to *root*; files that do not exist are left out.
    """
    scenarios = (path for path in (root / "scenarios").rglob("*") if path.is_file())
    names = sorted({*tests, *(to_relative_name(path, root) for path in scenarios)})
    return {name: digest_file(root / name) for name in names if (root / name).is_file()}


def gather_evidence(use: RecordingUse, root: Path, covers: Covers, *, is_shared: bool) -> Evidence:
    """Return what *use* proves about the cassettes of the project at *root*.

    A cassette whose test did not run, or failed, is listed as unknown, not as unused. *covers* is
    what the run included: all tests (``project``), all scenarios, or a ``part``. *is_shared* is
    whether another machine may read the evidence; then digests of sources are included.
    """

    @cache
    def name(path: str | Path) -> str:
        return to_relative_name(to_absolute_path(path), root)

    there = (path for path in use.used - use.doubtful if os.path.isfile(path))  # noqa: PTH113
    played = sorted(there)
    left = defaultdict[str, dict[str, tuple[int, ...]]](dict)
    for (path, owner), orders in use.left.items():
        left[name(path)][owner] = tuple(sorted(orders))
    unplayed = (use.owned - use.elsewhere | use.cassettes) - set(played)
    tests = sorted(map(name, use.tests))
    return Evidence(
        folders=tuple(sorted(map(name, use.folders))),
        digests={name(path): digest_file(path) for path in played},
        owners={name(path): tuple(sorted(names)) for path, names in use.owners.items()},
        left=left,
        unplayed_files=tuple(sorted(map(name, unplayed))),
        tests=tuple(tests),
        sources=digest_sources(root, tests) if is_shared else {},
        touched=tuple(sorted(use.touched)),
        seconds=use.seconds if is_shared else {},
        covers=covers,
    )


def store_evidence(evidence: Evidence, root: Path, job: str, shard: Shard | None = None) -> None:
    """Write *evidence* below *root*, one file for each *shard* of *job*; write errors are ignored.

    The file is named ``job.2-of-3.json``, without *job* ``2-of-3.json``. Files of the same job with
    another number of shards are deleted, as they are of an earlier run.
    """
    shard = shard or _WHOLE
    stem = to_file_name(job) if job else ""
    name = f"{stem}{stem and '.'}{shard.number}-of-{shard.total}.json"
    with suppress(OSError):
        folder = root / FOLDER
        make_parent_folder(folder / name)
        for path in folder.glob(_PATTERN):
            match = _FILE.fullmatch(path.name)
            if match and (match[1] or "") == stem and int(match[3]) != shard.total:
                path.unlink()
        (folder / name).write_bytes(msgspec.json.encode(evidence, enc_hook=encode_as_english))


def read_evidence(root: Path, places: Sequence[Path] = ()) -> Evidence | None:
    """Return the merged evidence of all jobs in *places*; by default of the last run below *root*.

    None is returned for a project without any.

    Raises:
        ConfigError: if a job or a shard is missing, or ran with other files than those at *root*,
            or if all of them together did not run everything.
    """
    own = root / FOLDER
    if not places and not any(own.glob(_PATTERN)):
        return None
    try:
        files = read_jobs(root, places or [own])
    except ConfigError:
        if places:
            raise
        return None  # of another version, or a part
    jobs = read_ci_jobs(root)
    if not places and not jobs:
        files = _keep_newest_complete_job(files, root)
    if not jobs:
        _refuse_partial(files, root)
    merged = merge_evidence([file.evidence for file in files])
    _refuse_stale(merged, root)
    _refuse_unrun_scenarios(merged, root)
    return merged


def read_jobs(root: Path, places: Sequence[Path]) -> list[EvidenceFile]:
    """Return the evidence that each shard (machine) of each CI job stored in *places*.

    Raises:
        ConfigError: if a shard of a job is missing, or a job that the project at *root* lists.
    """
    files = list(_read_files(places))
    _refuse_missing_jobs(files, read_ci_jobs(root))
    return files


def _read_files(places: Sequence[Path]) -> Iterator[EvidenceFile]:
    for place in places:
        found = [(path, _FILE.fullmatch(path.name)) for path in sorted(place.rglob(_PATTERN))]
        files = [(path, match) for path, match in found if match]
        if not files:
            raise ConfigError(
                "{place}: there is nothing of a complete run here; keep .bpmax/usage of each job",
                place=to_display_path(place),
            )
        for path, match in files:
            yield EvidenceFile(
                path, match[1] or "", Shard(int(match[2]), int(match[3])), _read_file(path)
            )


def _read_file(path: Path) -> Evidence:
    try:
        evidence = msgspec.json.decode(path.read_bytes(), type=Evidence)
        return replace(evidence, gathered=path.stat().st_mtime_ns)
    except (OSError, msgspec.MsgspecError):
        raise ConfigError(
            "{path}: cannot be read, or is of another version of bpmax-sim; run all tests again",
            path=to_display_path(path),
        ) from None


def _keep_newest_complete_job(files: Sequence[EvidenceFile], root: Path) -> list[EvidenceFile]:
    """Return the files of the newest job that ran all tests; all *files* if none did.

    Older jobs would only add what is out of date.
    """
    by_job: dict[str, list[EvidenceFile]] = {}
    for file in files:
        by_job.setdefault(file.job, []).append(file)
    latest = sorted(by_job.values(), key=lambda one: max(file.evidence.gathered for file in one))
    for job in reversed(latest):
        with suppress(ConfigError):
            _refuse_partial(job, root)
            return job
    return list(files)


def _refuse_missing_jobs(files: Sequence[EvidenceFile], jobs: Sequence[str]) -> None:
    """Raise if one of *jobs* has no evidence, or a shard of any job is missing."""
    known = {file.job for file in files}
    for job in jobs:
        if to_file_name(job) not in known:
            raise ConfigError(
                "what job {job} used is missing; keep its .bpmax/usage, too", job=repr(job)
            )
    shards = defaultdict[tuple[str, int], set[int]](set)
    for file in files:
        shards[file.job, file.shard.total].add(file.shard.number)
    for (job, total), numbers in shards.items():
        for number in range(1, total + 1):
            if number not in numbers:
                raise ConfigError(
                    "what shard {number} of {total}{whose} used is missing; keep its "
                    ".bpmax/usage, too",
                    number=number,
                    total=total,
                    whose=msg(" of job {job}", job=repr(job)) if job else "",
                )


def _refuse_partial(files: Sequence[EvidenceFile], root: Path) -> None:
    """Raise if the jobs together did not run everything: unused in them proves nothing then."""
    if any(file.evidence.covers == "project" for file in files):
        return
    for file in files:
        if file.evidence.covers == "part":
            raise ConfigError(
                "job {job} ran a part of the project only; list all jobs in pyproject.toml: "
                '[tool.bpmax_sim] jobs = ["{job_2}", …]',
                job=repr(file.job),
                job_2=file.job,
            )
    if path := next(_find_tests_using_package(root), None):
        raise ConfigError(
            "{path}: tests in Python replay recordings, too, and only scenarios were run; run all "
            "tests: pytest",
            path=to_display_path(path),
        )


def _find_tests_using_package(root: Path) -> Iterator[Path]:
    """Yield the Python test files that mention this package; virtual environments are skipped."""
    for path in find_files_below(root, ".py"):
        if any(map(path.match, _PYTHON_TESTS)) and _OURS in read_searched_text(path):
            yield path


def _refuse_unrun_scenarios(evidence: Evidence, root: Path) -> None:
    """Raise if a scenario file was in no run."""
    for path in sorted((root / "scenarios").rglob(f"*{SUFFIX}")):
        if to_relative_name(path, root) not in evidence.tests:
            raise ConfigError(
                "{path}: was in none of the runs that told what they use; run it, too",
                path=to_display_path(path),
            )


def _refuse_stale(evidence: Evidence, root: Path) -> None:
    """Raise if a test, scenario or cassette has changed since *evidence* was stored.

    What was unused then may be used now.
    """
    # Times of files only count where the run was: a checkout sets them anew. Evidence that another
    # machine may read has digests of the sources instead.
    stale = [] if evidence.sources else _find_modified_or_deleted(evidence, root)
    for name, digest in (*evidence.sources.items(), *evidence.digests.items()):
        path = root / name
        if not path.is_file() or digest_file(path) != digest:
            stale.append(path)
    if stale:
        raise ConfigError(
            "{path}: changed since the last full run, so usage data is stale; rerun: pytest",
            path=to_display_path(stale[0]),
        )


def _find_modified_or_deleted(evidence: Evidence, root: Path) -> list[Path]:
    """Return the test and scenario files modified after *evidence* was stored here, or deleted."""
    scenarios = (path for path in (root / "scenarios").rglob("*") if path.is_file())
    return [
        path
        for path in (*scenarios, *(root / test for test in evidence.tests))
        if not path.exists() or path.stat().st_mtime_ns > evidence.gathered
    ]


def merge_evidence(runs: Sequence[Evidence]) -> Evidence:
    """Return the evidence of several runs together.

    An exchange that one of them played counts as played. A cassette whose use is unknown in one of
    them stays unknown.

    Raises:
        ConfigError: if a file was not the same in all runs.
    """
    owners, left = defaultdict[str, set[str]](set), defaultdict[str, dict[str, set[int]]](dict)
    digests: dict[str, str] = {}
    sources: dict[str, str] = {}
    unknown = {name for one in runs for name in one.unplayed_files}
    for one in runs:
        for known, new in ((digests, one.digests), (sources, one.sources)):
            for name, digest in new.items():
                if known.setdefault(name, digest) != digest:
                    raise ConfigError(
                        "{name}: not the same in all runs, so nothing is known of what is used",
                        name=name,
                    )
        for name, names in one.owners.items():
            owners[name].update(names)
        for name, by_owner in one.left.items():
            for owner, orders in by_owner.items():
                before = left[name].get(owner)
                left[name][owner] = {*orders} if before is None else before & {*orders}
    return Evidence(
        folders=tuple(sorted({folder for one in runs for folder in one.folders})),
        digests={name: digests[name] for name in sorted({*digests} - unknown)},
        owners={name: tuple(sorted(names)) for name, names in owners.items()},
        left={
            name: {owner: tuple(sorted(orders)) for owner, orders in by_owner.items()}
            for name, by_owner in left.items()
        },
        unplayed_files=tuple(sorted(unknown)),
        tests=tuple(sorted({test for one in runs for test in one.tests})),
        sources=sources,
        touched=()
        if any(not one.sources for one in runs)  # which was to be read here only
        else tuple(sorted({name for one in runs for name in one.touched})),
        seconds={key: took for one in runs for key, took in one.seconds.items()},
        # The oldest: a file that changed since then was another one in at least one of the runs.
        gathered=min(one.gathered for one in runs),
    )


def may_merge_on_other_machine(job: str, shard: Shard | None) -> bool:
    """Return whether what this run stores may be merged on another machine.

    That is so if the *job* has a name, there are shards, or CI is set.
    """
    return bool(job) or shard is not None or bool(os.environ.get("CI"))
