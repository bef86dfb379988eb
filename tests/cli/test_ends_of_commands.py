"""With which code commands end, and what they count, where some of several files need a look."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.cassette.journal import LeakCheck, scan_nothing
from bpmax_sim.cassette.recorder import Recorder
from bpmax_sim.report.usage import Evidence, store_evidence
from tests.cassette.exchanges import RULES, detail
from tests.cli.project import Command
from tests.cli.test_cassette_commands import write as write_cassette
from tests.cli.test_imports import archive, entry
from tests.files import write_files
from tests.typed import Typed

SCENARIO = "version: 1\nscenario: {}\nsteps: [{{js: {}}}]\n"
CALL = "crm_system.get_customer_detail"
WAITS = "a recording was there already, so these wait; run `bpmax-sim review`"


@pytest.fixture(name="root", autouse=True)
def entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "scenarios").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


def interrupt(path: Path, number: int) -> None:
    """Leave a journal of a recording that nobody sealed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    recording = Recorder(path, rules=RULES, owner="付款", scan=scan_nothing)
    recording.append(detail(number))
    recording.close()


@pytest.mark.parametrize(
    ("recorded", "interrupted", "written", "waiting"),
    [
        ([], ["甲"], ["甲.yaml"], []),
        (["甲"], ["甲"], ["甲.yaml.new"], ["甲.yaml.new"]),
        (["甲"], ["甲", "采购/乙"], ["甲.yaml.new", "采购/乙.yaml"], ["甲.yaml.new"]),
        (["甲"], ["采购/乙"], ["采购/乙.yaml"], []),
        (["甲"], [], [], []),
    ],
)
@pytest.mark.parametrize("json_too", [False, True])
def test_recovered_recordings_wait_where_there_was_one(  # noqa: PLR0913, PLR0917
    root: Path,
    bs: Command,
    recorded: Sequence[str],
    interrupted: Sequence[str],
    written: Sequence[str],
    waiting: Sequence[str],
    json_too: bool,
) -> None:
    for name in recorded:
        write_cassette(root / f"cassettes/{name}.yaml", [("付款", [detail(1)])])
    for name in interrupted:
        interrupt(root / f"cassettes/{name}.yaml", 2)
    (root / "cassettes").mkdir(exist_ok=True)

    done = bs("cassette", "recover", *["--json"] * json_too)

    files, review = ([f"cassettes/{name}" for name in names] for names in (written, waiting))
    if json_too:
        told = json.loads(done.out)
        assert told == {"version": 1, "files": files, "review": review}
    else:
        assert done.out.splitlines() == [f"{name}: recovered" for name in files]
    notes = [WAITS] if waiting else [] if written else ["there is nothing to recover"]
    assert (done.code, done.err.splitlines()) == (6 if waiting else 0, notes)
    assert bs("cassette", "recover").err == "there is nothing to recover\n"


def test_what_is_still_recorded_is_named_beside_what_waits(root: Path, bs: Command) -> None:
    path = root / "cassettes/甲.yaml"
    write_cassette(path, [("付款", [detail(1)])])
    interrupt(path, 2)
    other = path.with_name("乙.yaml")
    with closing(Recorder(other, rules=RULES, owner="收款", scan=scan_nothing)) as recording:
        recording.append(detail(3))
        done = bs("cassette", "recover")

    assert (done.code, done.err.splitlines()[0]) == (6, WAITS)
    assert f"process {os.getpid()} still runs and seals it in the end" in done.err


NOT_WHOLE = "not all of it is there, so it waits; run `bpmax-sim review`"
LEFT_OUT = "cassettes/甲.yaml: left out, as {}: {}; record again"
SECRET_AT = "crm_system.get_customer_detail (密钥 at byte 7)"


@pytest.mark.parametrize(
    ("recorded", "sound", "lost", "code", "written", "notes"),
    [
        # nothing was there, so nothing is said of an older recording
        (False, 1, [2], 6, ["甲.yaml.new"], [NOT_WHOLE]),
        (True, 1, [2, 3], 6, ["甲.yaml.new"], [WAITS]),
        (False, 0, [1, 2, 3], 1, [], []),
        (True, 0, [1], 1, [], []),
    ],
)
def test_it_is_said_which_exchanges_were_not_recovered_as_they_had_a_secret(  # noqa: PLR0913, PLR0917
    root: Path,
    bs: Command,
    recorded: bool,
    sound: int,
    lost: Sequence[int],
    code: int,
    written: Sequence[str],
    notes: Sequence[str],
) -> None:
    path = root / "cassettes/甲.yaml"
    path.parent.mkdir()
    if recorded:
        write_cassette(path, [("付款", [detail(1)])])
    recording = Recorder(path, rules=RULES, owner="付款", scan=scan_nothing)
    for number in range(sound):
        recording.append(detail(number + 7))
    for _ in lost:
        recording.append(
            detail(9), check=LeakCheck(lambda _data: ("密钥 at byte 7", "口令 at byte 9"))
        )
    recording.close()

    done = bs("cassette", "recover")

    places = ", ".join(f"exchange {number} {SECRET_AT}" for number in lost)
    found = "a secret was found in it" if len(lost) == 1 else "secrets were found in them"
    assert (done.code, done.err.splitlines()) == (code, [LEFT_OUT.format(found, places), *notes])
    assert done.out.splitlines() == [f"cassettes/{name}: recovered" for name in written]


@pytest.mark.parametrize(
    ("new", "changes", "exchanges"),
    [
        ([1], ["nothing that means anything else"], 1),
        ([2], None, 1),
        ([1, 2], None, 2),
    ],
)
def test_a_waiting_recording_has_a_line_even_where_it_says_nothing_new(
    root: Path,
    bs: Command,
    monkeypatch: pytest.MonkeyPatch,
    new: Sequence[int],
    changes: list[str] | None,
    exchanges: int,
) -> None:
    write_cassette(root / "cassettes/付款.yaml", [("付款", [detail(1)])])
    write_cassette(root / "cassettes/付款.yaml.new", [("付款", [detail(one) for one in new])])

    with monkeypatch.context() as terminal:
        terminal.setattr("sys.stdin", Typed("accept\n"))
        done = bs("review", "--json")  # which asks nothing

    (file,) = json.loads(done.out)["files"]
    assert (file["file"], file["exchanges"]) == ("cassettes/付款.yaml.new", exchanges)
    assert (done.code, bool(file["changes"])) == (6, True)
    if changes:
        assert file["changes"] == changes
        assert bs("review").out.splitlines() == [
            "cassettes/付款.yaml.new  (1 exchange)",
            *(f"  {line}" for line in changes),
        ]


@pytest.mark.parametrize("there", [None, b"version: 1\nbpmax: {"])
def test_beside_no_recording_or_a_damaged_one_all_that_waits_is_new(
    root: Path, bs: Command, there: bytes | None
) -> None:
    new = write_cassette(root / "cassettes/付款.yaml.new", [("付款", [detail(1)])])
    if there is not None:
        new.with_suffix("").write_bytes(there)

    done = bs("review")

    assert (done.code, done.out.splitlines()[1].split(" for ")[0]) == (6, f"  + {CALL}")


@pytest.mark.parametrize(
    ("scripts", "waiting", "code"),
    [
        (["return 1"], [], 0),
        (["return 1"], ["甲"], 6),
        (["return 1", "return 2"], ["乙"], 6),
        (["return 1", "throw 1"], ["甲"], 1),  # what failed is mended first
        (["return 1"], ["丙"], 0),  # of what was not recorded now
    ],
)
def test_a_run_that_records_ends_with_what_waits_beside_its_cassettes(
    root: Path, bs: Command, scripts: Sequence[str], waiting: Sequence[str], code: int
) -> None:
    for name, script in zip("甲乙", scripts, strict=False):
        write_files(root, {f"scenarios/{name}.scenario.yaml": SCENARIO.format(name, script)})
    for name in waiting:
        write_cassette(root / f"cassettes/{name}.yaml.new", [("甲", [detail(1)])])

    done = bs("record")

    assert done.code == code
    told = [line for line in done.err.splitlines() if "waits for review" in line]
    assert told == [
        f"cassettes/{name}.yaml.new: waits for review; run `bpmax-sim review`"
        for name in waiting
        if name in "甲乙"
    ]


@pytest.mark.parametrize("command", ["run", "record"])
def test_a_folder_where_a_cassette_would_be_is_no_cassette(
    root: Path, bs: Command, command: str
) -> None:
    write_files(root, {
        "scenarios/甲.scenario.yaml": SCENARIO.format("甲", "return 1"),
        "cassettes/甲.yaml/a.txt": "",
    })  # fmt: skip

    done = bs(command)

    told = "cassettes/甲.yaml: not an ordinary file; a cassette has to be a file of its own"
    assert (done.code, done.err.splitlines()) == (3, [told])
    assert (root / "cassettes/甲.yaml/a.txt").exists()


@pytest.mark.parametrize(
    ("days", "code", "out", "note"),
    [
        (
            None,
            5,
            "",
            "scenarios/: no *.scenario.yaml here; write one, or see one with `bpmax-sim demo`",
        ),
        (3, 0, "", "no recording is older than 20d"),
        (40, 0, "scenarios/付款.scenario.yaml:2  付款  付款", ""),
    ],
)
def test_a_list_of_old_recordings_ends_well_where_none_is_old(
    root: Path, bs: Command, days: int | None, code: int, out: str, note: str
) -> None:
    if days is not None:
        write_files(root, {"scenarios/付款.scenario.yaml": SCENARIO.format("付款", "return 1")})
        recorded = detail(1, at=time.time() - days * 86_400 - 60)
        write_cassette(root / "cassettes/付款.yaml", [("付款", [recorded])])

    done = bs("list", "--old", "20d")

    assert (done.code, done.err.rstrip("\n")) == (code, note)
    assert done.out.rstrip("\n").startswith(out)
    assert bool(done.out) is bool(out)


@pytest.mark.parametrize(
    ("owners", "used", "left", "lines"),
    [
        ([], [], [], ["cassettes/付款.yaml: the whole file, 0 exchanges"]),
        (["付款"], ["付款"], [("付款", 1)], []),
        (["付款"], [], [], ["cassettes/付款.yaml: the whole file, 1 exchange"]),
        (["付款", "退款"], ["退款"], [("退款", 1)],
         [f"cassettes/付款.yaml: 1 of 2 exchanges: {CALL}"]),
        (["付款", "退款"], ["付款", "退款"], [("付款", 1), ("退款", 1)], []),
    ],
)  # fmt: skip
def test_a_cassette_that_nothing_uses_goes_whole(
    root: Path,
    bs: Command,
    owners: Sequence[str],
    used: Sequence[str],
    left: Sequence[tuple[str, int]],
    lines: Sequence[str],
) -> None:
    path = root / "cassettes/付款.yaml"
    path.parent.mkdir()
    exchanges = [replace(detail(1), owner=owner) for owner in owners]
    path.write_bytes(dump_exchanges(exchanges, rules=RULES))
    evidence = Evidence(
        folders=("cassettes",), digests={}, owners={"cassettes/付款.yaml": tuple(used)}, left={},
        unplayed_files=(), tests=(),
    )  # fmt: skip
    store_evidence(evidence, root, "")

    done = bs("cassette", "prune", "--yes")

    assert (done.code, done.out.splitlines()) == (0, lines)
    note = "1 cassette: deleted as shown" if lines else "everything that is recorded is used"
    assert done.err.splitlines() == [note]
    there = list(Cassette.load(path).exchanges()) if path.exists() else []
    assert [(one.owner, one.order) for one in there] == list(left)
    assert path.exists() is bool(left)


@pytest.mark.parametrize(
    ("names", "code"),
    [(["好.har"], 0), (["空.har"], 5), (["空.har", "好.har"], 0), (["空.har", "无.har"], 5)],
)
def test_an_import_ends_with_five_where_no_file_had_anything(
    root: Path, bs: Command, names: Sequence[str], code: int
) -> None:
    good = entry("GET", "https://crm.example.test/c", {"客户": "张三"})
    for name in names:
        archive(root / name, *[good] * (name == "好.har"))

    done = bs("import", *names)

    assert done.code == code
    told = [line.partition(": ")[2] for line in done.out.splitlines()]
    assert [line.startswith("1 exchange") for line in told] == [name == "好.har" for name in names]
    assert len(list((root / "cassettes").glob("*.yaml"))) == names.count("好.har")
