"""How mutants are tried: in a fork that gets the changed functions, with an end for all of it."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.systems import needs_forks

pytestmark = needs_forks
MODULE = """LEAST = 3
def is_enough(count, least=3):
    return count >= least
def are_enough(counts):
    return [count for count in counts if count >= LEAST]
"""


def raises() -> str:
    raise RuntimeError("the apparatus itself")


def is_stopped() -> str:
    os.kill(os.getpid(), signal.SIGTERM)
    return ""


def hangs() -> str:
    while True:
        time.sleep(1)


@pytest.mark.parametrize(
    ("work", "seconds", "fate"),
    [
        (lambda: "", 9, "survived"),
        (lambda: "tests/test_x.py::test_x", 9, "killed"),
        (is_stopped, 9, "killed"),
        (raises, 9, "broken"),
        (hangs, 0.05, "time-out"),
    ],
)
def test_a_fork_has_a_fate_whatever_becomes_of_it(
    work: Callable[[], str], seconds: float, fate: str
) -> None:
    from tests.campaigns.mutant_runs import fork  # noqa: PLC0415 - not on Windows

    assert fork(work, seconds).fate == fate


@pytest.mark.parametrize(
    ("sound", "changed", "is_enough"),
    [
        ("count >= least", "count > least", True),
        ("counts if count >= LEAST", "counts if count > LEAST", True),
        ("LEAST = 3", "LEAST = 4", False),  # an import computes it
        ("least=3", "least=4", False),
    ],
)
def test_a_change_inside_of_functions_needs_no_import(
    tmp_path: Path, sound: str, changed: str, is_enough: bool
) -> None:
    from tests.campaigns.mutant_runs import change_functions, find_functions  # noqa: PLC0415

    path = tmp_path / "enough.py"
    path.write_text(MODULE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("enough", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    done = change_functions(path, MODULE.replace(sound, changed), find_functions(tmp_path))

    assert done is is_enough
    now = (module.is_enough(3), module.are_enough([3]))
    assert (now == (True, [3])) is not is_enough


@pytest.mark.night
@pytest.mark.parametrize(
    ("changed", "fate"), [("LEAST = 4", "killed"), ("LEAST = 2 + 1", "survived")]
)
def test_a_change_that_an_import_computes_is_tried_by_a_pytest_of_its_own(
    tmp_path: Path, request: pytest.FixtureRequest, changed: str, fate: str
) -> None:
    """And its killer on sound code, where it has to pass."""
    from tests.campaigns.mutant_runs import Laboratory, Verdict  # noqa: PLC0415

    (tmp_path / "enough.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "test_enough.py").write_text(
        "import enough\n"
        "def test_wrong(): assert 0\n"
        "def test_three(): assert enough.are_enough([3]) == [3]\n",
        encoding="utf-8",
    )
    tests = [f"test_enough.py::test_{name}" for name in ("wrong", "three")]
    laboratory = Laboratory(lambda _: None, tmp_path, dict.fromkeys(tests, request.node))

    verdict = laboratory.try_fresh("enough.py", MODULE.replace("LEAST = 3", changed), tests, 60)

    assert verdict == Verdict(fate, tests[1])
    assert (tmp_path / "enough.py").read_text(encoding="utf-8") == MODULE


def test_each_processor_has_a_copy_of_the_tree(tmp_path: Path) -> None:
    from tests.campaigns.mutant_runs import Laboratory  # noqa: PLC0415

    tree = tmp_path / "tree"
    (tree / "表单").mkdir(parents=True)
    laboratory = Laboratory(lambda _: None, tree)

    def work(number: int) -> str:
        (laboratory.tree / "表单" / str(number)).touch()
        return f"{number}: {laboratory.tree == tree}"

    assert sorted(laboratory.share(work, [3, 5])) == [(3, "3: False"), (5, "5: False")]
    assert ([*(tree / "表单").iterdir()], laboratory.tree) == ([], tree)


@pytest.mark.parametrize(
    ("file", "old", "fits"),
    [
        ("bpmax_sim/proxy/login.py", "not there", False),
        ("bpmax_sim/proxy/no_such_module.py", "return", False),
        ("bpmax_sim/proxy/login.py", "return ", False),  # more than one
        ("tests/mutants/tree.py", "ROOT = Path(__file__).parents[2]\n", True),
    ],
)
def test_a_written_mutant_fits_where_its_text_occurs_once(
    tmp_path: Path, file: str, old: str, fits: bool
) -> None:
    from tests.campaigns.written_mutants import read_rows  # noqa: PLC0415 - not on Windows

    rows = tmp_path / "读者甲.json"
    rows.write_text(json.dumps([{"id": "1", "file": file, "old": old, "new": "\nX = 1\n"}]))
    [row] = read_rows(rows)

    assert row.fits() is fits
    if fits:
        lines = row.code().splitlines()
        assert (lines[row.line - 1 : row.line + 1], row.package) == (["", "X = 1"], "mutants")


def test_what_became_of_a_mutant_is_kept_unless_time_was_short(tmp_path: Path) -> None:
    from tests.campaigns.mutant_trials import Change, remember_fates  # noqa: PLC0415 - as above
    from tests.campaigns.written_mutants import WrittenMutant  # noqa: PLC0415 - as above

    fates = {"合同": "killed", "付款": "survived", "审批": "time-out", "归档": "not tried"}
    mutants = [WrittenMutant(name, "bpmax_sim/proxy/builder.py", "", "", "") for name in fates]
    kept, asked = tmp_path / "fates", []

    def run(until: float) -> dict[str, str]:
        def try_rest(changes: Sequence[Change]) -> Iterator[tuple[Change, str]]:
            for one in changes:
                asked.append(one.keys()[0].partition(":")[0])
                yield one, fates[asked[-1]]

        told = remember_fates(mutants, try_rest, kept, until)
        return {one.keys()[0].partition(":")[0]: fate for one, fate in told}

    assert run(time.monotonic()) == run(math.inf) == fates
    with kept.open("a", encoding="utf-8") as half:
        half.write('["WrittenMutant(name=')
    fates["审批"] = "killed"
    assert run(math.inf) == run(math.inf) == fates
    assert asked == [*fates, *fates, "审批", "归档", "归档"]


def test_what_is_listed_is_not_tried() -> None:
    from tests.campaigns.mutant_trials import Change, split_by_list  # noqa: PLC0415 - as above
    from tests.mutants.tree import ROOT  # noqa: PLC0415 - as above

    file, asked = "bpmax_sim/proxy/builder.py", []
    text = (ROOT / file).read_text(encoding="utf-8").splitlines()

    @dataclass(frozen=True)
    class OfLine:
        line: int
        after: str
        module: str = file
        package: str = "proxy"

        def code(self) -> str:
            raise NotImplementedError

        def keys(self) -> tuple[str, str]:
            asked.append(self.line)
            before = f"{self.module}: : {text[self.line - 1].strip()} -> "
            return f"{before}{self.after}", f"{before}*"

    changes: list[Change] = [OfLine(1, "甲"), OfLine(1, "乙"), OfLine(3, "甲"), OfLine(3, "乙")]
    known = [changes[0].keys()[0], changes[2].keys()[1]]
    asked.clear()

    listed, tried = split_by_list(changes, known)
    assert (listed, tried) == ([changes[0], *changes[2:]], [changes[1]])
    assert (split_by_list(changes, [known[0]])[0], asked) == ([changes[0]], [1, 1, 3, 3, 1, 1])
