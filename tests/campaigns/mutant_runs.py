"""Run tests on a changed module: in a fork of a pytest that has collected, then in a fresh one.

A fork gets the code of the changed functions and runs at once, which costs tenths of a second. It
cannot see a change of what an import computes, and a process that a test starts runs the tree as it
is; so what no fork notices is tried by a fresh pytest on a changed copy of the tree. A test that
fails without the change, too (a machine is busy, a fork lacks something), kills nothing: each
killer is tried once on sound code.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, groupby
from multiprocessing import get_context
from pathlib import Path
from types import CodeType, FunctionType
from typing import NoReturn

import pytest
from coverage import Coverage, CoverageData

from tests.mutants.tree import ROOT
from tests.pace import slowness

WALL = 4
"""Seconds of the clock for each of a processor: tests wait, and others work on the machine, too."""
MEASURING = 3600
MEMORY = 3 << 30
"""Bytes that a process of a mutant may have."""

_OPTIMIZED = 1  # inspect.CO_OPTIMIZED: of functions, not of modules and classes
_INLINE = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}
_KILLER = "FAILED ", "ERROR "
_UNSEEN = "-"
Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant: killed (by a test), survived, time-out, unseen or broken."""

    fate: str
    test: str = ""


def find_functions(folder: Path) -> Mapping[Key, list[FunctionType]]:
    """Return the live functions of the files below *folder*, by file, qualified name and line."""
    gc.unfreeze()
    found: dict[Key, list[FunctionType]] = {}
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(f"{folder}/"):
            found.setdefault(_key(one.__code__), []).append(one)
    gc.freeze()
    return found


def _key(code: CodeType) -> Key:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def change_functions(path: Path, text: str, live: Mapping[Key, Sequence[FunctionType]]) -> bool:
    """Let the *live* functions of the file at *path* run *text* instead of what it has.

    False where that is not enough: a process has to import the text.
    """
    sound = path.read_text(encoding="utf-8")
    before, after = (compile(one, str(path), "exec", dont_inherit=True) for one in (sound, text))
    changed = [(live.get(_key(old), ()), old, new) for old, new in _find_changes(before, after)]
    if len({_key(old) for _, old, _ in changed}) < len(changed):
        return False  # two on one line
    for functions, old, new in changed:
        if not old.co_flags & _OPTIMIZED or old.co_name in _INLINE:
            return False
        if any(len(one.__code__.co_freevars) != len(new.co_freevars) for one in functions):
            return False
        for one in functions:
            one.__code__ = new
    return any(functions for functions, _, _ in changed)


def _find_changes(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """Yield (old, new) of what differs, and of each function around it.

    A comprehension is a part of what it stands in.
    """
    inner = [[one for one in code.co_consts if isinstance(one, CodeType)] for code in (old, new)]
    pairs = list(zip(*inner, strict=False))
    is_function = old.co_flags & _OPTIMIZED and old.co_name not in _INLINE
    own = len(inner[0]) != len(inner[1]) or _shape(old) != _shape(new)
    own = own or any(one.co_name in _INLINE and one != two for one, two in pairs)
    if own or (is_function and old != new):
        yield old, new
    for one, two in pairs:
        if one.co_name not in _INLINE:
            yield from _find_changes(one, two)


def _shape(code: CodeType) -> tuple[object, ...]:
    constants = [repr(one) for one in code.co_consts if not isinstance(one, CodeType)]
    return (code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars)


@dataclass(slots=True)
class Laboratory:
    """A plugin of pytest: when all is collected, *experiment* runs instead of the tests."""

    experiment: Callable[[Laboratory], None]
    tree: Path
    """A copy of `ROOT`, for what a fork cannot tell."""

    items: dict[str, pytest.Item] = field(default_factory=dict)
    _live: Mapping[Key, list[FunctionType]] = field(default_factory=dict)
    _sound: dict[tuple[str, bool], bool] = field(default_factory=dict)
    """(killer, in a fork) -> whether it holds where nothing is changed."""

    _count: int = 0

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Do the experiment."""
        self.items = {item.nodeid: item for item in session.items}
        self._live = find_functions(ROOT / "bpmax_sim")
        self.experiment(self)
        return True

    def share(
        self, work: Callable[[int], str], numbers: Sequence[int]
    ) -> Iterator[tuple[int, str]]:
        """Yield each of *numbers* with what *work* returns for it, in the order in which they end.

        Each processor has a fork, with a copy of `tree` of its own.
        """
        with (
            tempfile.TemporaryDirectory(prefix="mutants-") as folder,
            ProcessPoolExecutor(
                os.cpu_count(), get_context("fork"), self._move_to, (Path(folder), work)
            ) as pool,
        ):
            asked = {pool.submit(_do_shared, number): number for number in numbers}
            yield from ((asked[one], one.result()) for one in as_completed(asked))

    def _move_to(self, folder: Path, work: Callable[[int], str]) -> None:
        """Begin a fork that shares *work*."""
        self.tree = Path(shutil.copytree(self.tree, folder / str(os.getpid())))
        _shared.append(work)

    def measure(self, data: Path) -> None:
        """Write to *data* which test reaches which line, to ``<data>.json`` what each one costs.

        That is in seconds of a processor where nothing else runs and no line is counted.
        A test that fails meanwhile costs nothing: it is in the list ``failed``.

        Raises:
            RuntimeError: the tests cannot be run.
        """
        # a module's tests stay together: what they share is made once
        modules = [[*tests] for _, tests in groupby(self.items, lambda one: one.partition("::")[0])]
        count = min(os.cpu_count() or 1, len(modules))
        parts = [Path(f"{data}-{number}") for number in range(count)]

        def measure_part(number: int) -> str:
            chosen = [*chain.from_iterable(modules[number::count])]
            verdict = fork(partial(self._measure_some, chosen, parts[number]), MEASURING)
            return "" if verdict.fate == "survived" else str(verdict)

        for _, wrong in self.share(measure_part, range(count)):
            if wrong:
                raise RuntimeError(f"the tests cannot be run: {wrong}")
        whole = CoverageData(str(data))
        seconds: dict[str, float] = {}
        failed: list[str] = []
        for part in parts:
            own = CoverageData(str(part))
            own.read()
            whole.update(own)
            told = _name_costs(part)
            costs = json.loads(told.read_text(encoding="utf-8"))
            seconds |= costs["seconds"]
            failed += costs["failed"]
            part.unlink()
            told.unlink()
        whole.write()
        _write_costs(data, seconds, failed)

    def _measure_some(self, tests: Sequence[str], data: Path) -> str:
        measured = Coverage(str(data), source=[str(ROOT / "bpmax_sim")], config_file=False)
        seconds: dict[str, float] = {}
        failed: list[str] = []
        measured.start()
        module, pace = "", 1.0
        for item, following in self._pair(tests):
            if item.location[0] != module:
                module, pace = item.location[0], slowness()
            measured.switch_context(item.nodeid)
            start, failures = sum(os.times()[:4]), item.session.testsfailed
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            seconds[item.nodeid] = round((sum(os.times()[:4]) - start) / pace, 3)
            failed += [item.nodeid] * (item.session.testsfailed > failures)
        measured.stop()
        measured.save()
        _write_costs(data, seconds, failed)
        return ""

    def try_in_fork(self, module: str, text: str, tests: Sequence[str], seconds: float) -> Verdict:
        """Return what *tests* say of *text* for *module*, a path below the tree.

        They have so many *seconds* of a processor. The fate of what only an import could tell is
        ``unseen``.
        """
        change = partial(change_functions, ROOT / module, text, self._live)
        return self._try_until_sound(partial(self._run, change), tests, seconds, in_fork=True)

    def try_fresh(self, module: str, text: str, tests: Sequence[str], seconds: float) -> Verdict:
        """Do as `try_in_fork` by a pytest of its own, which imports *text*."""

        def run(chosen: Sequence[str], left: float) -> Verdict:
            with self._change_tree(module, text):  # not while a killer is tried on sound code
                return _run_fresh(self.tree, chosen, left)

        return self._try_until_sound(run, tests, seconds, in_fork=False)

    def _try_until_sound(
        self,
        run: Callable[[Sequence[str], float], Verdict],
        tests: Sequence[str],
        seconds: float,
        *,
        in_fork: bool,
    ) -> Verdict:
        while tests:
            verdict = run(tests, seconds)
            if verdict.fate != "killed" or self._is_sound(verdict.test, seconds, in_fork=in_fork):
                return verdict
            tests = [one for one in tests if one != verdict.test]
        return Verdict("survived")

    def _is_sound(self, test: str, seconds: float, *, in_fork: bool) -> bool:
        if test not in self.items:  # the process died
            return True
        if (test, in_fork) not in self._sound:
            if in_fork:
                verdict = self._run(lambda: True, [test], seconds)
            else:
                verdict = _run_fresh(self.tree, [test], seconds)
            self._sound[test, in_fork] = verdict.fate == "survived"
        return self._sound[test, in_fork]

    def _run(self, change: Callable[[], bool], tests: Sequence[str], seconds: float) -> Verdict:
        """Run *tests* in a fork that did *change*, which says whether it could, until one fails."""

        def run_some() -> str:
            if not change():
                return _UNSEEN
            for item, following in self._pair(tests):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if item.session.testsfailed:
                    return item.nodeid
            return ""

        return fork(run_some, seconds)

    def _pair(self, tests: Sequence[str]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
        items = [self.items[one] for one in tests]
        return zip(items, [*items[1:], None], strict=True)

    @contextmanager
    def _change_tree(self, module: str, text: str) -> Iterator[None]:
        path = self.tree / module
        sound, before = path.read_text(encoding="utf-8"), path.stat()
        path.write_text(text, encoding="utf-8")
        self._count += 1  # what is compiled holds for a length and a whole second
        os.utime(path, (self._count, self._count))
        try:
            yield
        finally:
            path.write_text(sound, encoding="utf-8")
            os.utime(path, (before.st_atime, before.st_mtime))


_shared: list[Callable[[int], str]] = []
"""What `Laboratory.share` does, in each of its forks."""


def _do_shared(number: int) -> str:
    return _shared[-1](number)


def _name_costs(data: Path) -> Path:
    return data.with_name(f"{data.name}.json")


def _write_costs(data: Path, seconds: Mapping[str, float], failed: Sequence[str]) -> None:
    told = json.dumps({"seconds": seconds, "failed": failed}, ensure_ascii=False)
    _name_costs(data).write_text(told, encoding="utf-8")


def fork(work: Callable[[], str], seconds: float) -> Verdict:
    """Do *work* in a fork: killed where it returns a test; what it leaves behind is removed.

    It has so many *seconds* of a processor, `WALL` times as many by the clock, and `MEMORY`.
    """
    reading, writing = os.pipe()
    folder = tempfile.mkdtemp(prefix="mutant-")
    child = os.fork()
    if not child:
        _work_and_exit(work, seconds, folder, writing)
    os.close(writing)
    status = _wait(child, WALL * seconds)
    with os.fdopen(reading, encoding="utf-8") as told:
        test = told.read()
    shutil.rmtree(folder, ignore_errors=True)
    return _judge(status, test)


def _work_and_exit(work: Callable[[], str], seconds: float, folder: str, writing: int) -> NoReturn:
    code = 2
    try:
        os.setsid()
        _bound(seconds)
        os.environ["TMPDIR"], tempfile.tempdir = folder, folder
        test = work()
        os.write(writing, test.encode())
        code = bool(test)
    except BaseException:  # noqa: BLE001 - told, and broken
        traceback.print_exc()
    finally:
        os._exit(code)


def _bound(seconds: float) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 3))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _wait(child: int, seconds: float) -> int | None:
    """Return the exit code of *child*, negative for a signal, None where its time was over.

    Its group ends with it.
    """
    code = None
    until = time.monotonic() + seconds
    while code is None and time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
        else:
            time.sleep(0.01)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    if code is None:
        os.waitpid(child, 0)
    return code


def _judge(code: int | None, test: str) -> Verdict:
    if code is None or -code in {signal.SIGXCPU, signal.SIGKILL}:
        return Verdict("time-out")
    if test == _UNSEEN:
        return Verdict("unseen")
    if code < 0:
        return Verdict("killed", f"signal {-code}")
    return Verdict({0: "survived", 1: "killed"}.get(code, "broken"), test)


def _run_fresh(tree: Path, tests: Sequence[str], seconds: float) -> Verdict:
    """Run *tests* in *tree* by a pytest of its own, until one fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", "-p", "no:cacheprovider"]
    folder = tempfile.mkdtemp(prefix="mutant-")
    with (Path(folder) / "told").open("w+", encoding="utf-8") as told:
        process = subprocess.Popen(
            [*command, "--tb=no", *tests],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree), "TMPDIR": folder},
            stdout=told,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: _bound(seconds),  # noqa: PLW1509 - this process has no threads
        )
        code = _wait(process.pid, WALL * seconds)
        process.returncode = code if code is not None else -signal.SIGKILL
        told.seek(0)
        lines = [line.split(" ", 1)[1] for line in told if line.startswith(_KILLER)]
    shutil.rmtree(folder, ignore_errors=True)
    killer = next(
        (test for test in tests if any(line.startswith(test) for line in lines)), tests[0]
    )
    # What cannot be imported any more ends a run before any test, and fails each of them.
    return _judge(1 if code in {2, 3, 4} else code, killer)
