"""What single commands decide at their corners: migrate, prune, show, serve --record, fuzz."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries
from bpmax_sim.check.migration import MovePlan
from bpmax_sim.cli import explore, fuzz, migrate, options, prune, record_proxy, show, terminal
from bpmax_sim.cli.output_schema import SHAPES, to_json_schema
from bpmax_sim.errors import ConfigError
from bpmax_sim.file_version import read_version
from bpmax_sim.live.recording_proxy import ProxiedCallSummary
from bpmax_sim.live.upstream import UpstreamUrl
from bpmax_sim.platform.load import load_usable_platforms
from bpmax_sim.report.artifact_run import ArtifactRun
from bpmax_sim.report.stored_failures import StoredFailure
from bpmax_sim.report.usage import Evidence, store_evidence
from bpmax_sim.scenario.load import load_items
from bpmax_sim.session.migration import MoveCause
from tests.cassette.exchanges import detail, order
from tests.cli.project import Command
from tests.cli.test_cassette_commands import write
from tests.typed import Typed

GET, CREATE = "crm_system.get_customer_detail", "crm_system.create_order"


@pytest.fixture(name="root", autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "scenarios/platforms").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ---------------------------------------------------------------------------- migrate


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ([["a=b"], [], [], []], "--api a=b: expected PLATFORM.OLD=PLATFORM.NEW, of one platform"),
        ([["a.x=b.x"], [], [], []], "--api a.x=b.x: expected PLATFORM.OLD=PLATFORM.NEW"),
        ([["a.x="], [], [], []], "--api a.x=: expected OLD=NEW"),
        ([["a.x=a.y", "=a.y"], [], [], []], "--api =a.y: expected OLD=NEW"),
        ([[], ["crm"], [], []], "--platform crm: expected OLD=NEW"),
        ([[], [], ["/v1=/v2", "/v1"], []], "--path /v1: expected OLD=NEW"),
        ([[], [], [], ["付款="]], "--owner 付款=: expected OLD=NEW"),
    ],
)
def test_a_rename_has_two_names_and_stays_in_its_platform(
    texts: list[list[str]], told: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        migrate._read_renames(*texts)
    assert str(refused.value).startswith(told)


def test_renames_are_read_by_their_option() -> None:
    renames = migrate._read_renames(
        ["crm.a=crm.b", "crm.c=crm.d"], ["old=new"], ["/v1=/v2=x"], ["付款=付款[一]", "旧=新"]
    )
    expected = ({"crm.a": "crm.b", "crm.c": "crm.d"}, {"old": "new"}, {"/v1": "/v2=x"},
                {"付款": "付款[一]", "旧": "新"})  # fmt: skip

    assert renames == type(renames)(*expected)
    assert not migrate._read_renames([], [], [], [])


@pytest.mark.parametrize(
    ("keys", "is_replayed"),
    [
        ("", True), ("proxy: {mode: replay}\n", True), ("proxy: {mode: simulate}\n", False),
        ("proxy: {mode: record}\n", False), ("proxy: {mode: live}\n", False),
        ("skip: 没有录制\n", False), ("skip: true\n", False), ("skip: false\n", True),
        ("xfail: 还没修\n", True),
    ],
)  # fmt: skip
def test_only_what_replays_can_say_what_its_recording_lacks(
    root: Path, keys: str, is_replayed: bool
) -> None:
    path = root / "scenarios/付款.scenario.yaml"
    path.write_text(f"version: 1\nscenario: 付款\n{keys}steps: [{{js: return 1}}]\n", "utf-8")
    (item,) = load_items(path)

    assert migrate._runs_in_replay_mode(item) is is_replayed


PATH = MoveCause(kind="path", name="", was="/v1", now="/v2")
OWNER = MoveCause(kind="owner", was="付款", now="付款[一]")


def plan(root: Path, name: str, **found: Any) -> MovePlan:
    path = write(root / f"cassettes/{name}.yaml", [("付款", [detail(1)])])
    return MovePlan(read_version(path), Cassette.load(path), "付款", "付款", **found)


@pytest.mark.parametrize(
    ("typed", "yes", "accepted", "note"),
    [
        (None, False, set(), "nothing was moved; move it with --yes"),
        (None, True, {PATH, OWNER}, ""),
        ("n\nn\n", False, set(), None),
        ("y\nno\n", False, {OWNER}, None),
        ("no\nyes\n", False, {PATH}, None),
        ("y\ny\n", False, {OWNER, PATH}, None),
    ],
)
def test_each_cause_is_asked_for_with_its_number(  # noqa: PLR0913, PLR0917
    root: Path,
    typed: str | None,
    yes: bool,
    accepted: set[MoveCause],
    note: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plans = [
        plan(root, "一", causes={-1: (OWNER,), 0: (PATH,), 1: (PATH,)}),
        plan(root, "二", causes={0: (PATH,)}),
    ]
    monkeypatch.setattr("sys.stdin", Typed(typed) if typed else io.StringIO())

    chosen = migrate._ask_which_causes({PATH: 3, OWNER: 1}, plans, yes=yes, quiet=False)
    printed = capsys.readouterr()
    assert chosen == accepted
    assert printed.out.splitlines() == [
        f"{OWNER}, 1 recording in 1 file",
        f"{PATH}, 3 exchanges in 2 files",
    ]
    if note is not None:
        assert printed.err.rstrip("\n") == note
    assert migrate._ask_which_causes({}, plans, yes=yes, quiet=True) == frozenset()
    assert capsys.readouterr() == ("", "")


def test_what_cannot_be_moved_is_told_once_each(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plans = [
        plan(root, "一", unknown=("crm.a", "crm.a", "crm.b"), contested=("crm.c", "crm.c")),
        plan(root, "二", signed=("crm.d", "crm.d")),
    ]
    migrate._report_exchanges_not_moved(plans)

    starts = [line.split(": ")[:2] for line in capsys.readouterr().err.splitlines()]
    assert [(file, told.split(" ")[0]) for file, told in starts] == [
        ("cassettes/一.yaml", "crm.a"),
        ("cassettes/一.yaml", "crm.b"),
        ("cassettes/一.yaml", "crm.c"),
        ("cassettes/二.yaml", "crm.d"),
    ]


# ---------------------------------------------------------------------------- prune


def make_evidence(**changes: Any) -> Evidence:
    known: dict[str, Any] = {
        "folders": ("cassettes", "录制"), "digests": {}, "owners": {}, "left": {},
        "unplayed_files": (), "tests": (),
    }  # fmt: skip
    return Evidence(**{**known, **changes})


@pytest.fixture(name="recorded")
def recordings(root: Path) -> list[str]:
    paths = [
        "cassettes/付款.yaml",
        "cassettes/采购/auth.yaml",
        "cassettes/auth/crm.yaml",
        "录制/auth/退款.yaml",
    ]
    for name in (*paths, "录制/报价.yaml", "别处/其他.yaml"):
        write(root / name, [("付款", [detail(1), detail(2), order(b"1")]), ("退款", [detail(3)])])
    (root / "录制/空.yaml").write_bytes(dump_entries([]))
    return paths


def find_unused(root: Path, **changes: Any) -> list[tuple[str, list[str], int, tuple[str, ...]]]:
    found = prune.find_unused_exchanges(make_evidence(**changes), root)
    return [
        (
            one.path.relative_to(root).as_posix(),
            [str(Cassette.load(one.path).line(n).owner) for n in sorted(one.numbers)],
            one.total,
            one.calls,
        )
        for one in found
    ]


@pytest.mark.parametrize(
    ("name", "is_login"),
    [
        ("cassettes/auth/crm.yaml", True), ("cassettes/auth/华东/crm.yaml", True),
        ("录制/auth/华东/auth/crm.yaml", True), ("cassettes/采购/auth/订单.yaml", False),
        ("录制/采购/华东/auth/订单.yaml", False), ("cassettes/auth.yaml", False),
        ("cassettes/auth.采购/订单.yaml", False), ("auth/cassettes/订单.yaml", False),
        ("auth/cassettes/auth/crm.yaml", True),
    ],
)  # fmt: skip
def test_logins_are_what_the_folder_auth_of_recordings_has_at_any_depth(
    root: Path, name: str, *, is_login: bool
) -> None:
    write(root / name, [("付款", [detail(1)])])
    found = find_unused(root, folders=("cassettes", "录制", "auth/cassettes"))

    assert found == ([] if is_login else [(name, ["付款"], 1, (GET,))])


def test_what_no_run_used_is_found_file_by_file(root: Path, recorded: list[str]) -> None:
    whole = (["付款", "付款", "付款", "退款"], 4)
    *everything, empty = find_unused(root)
    assert empty == ("录制/空.yaml", [], 0, ())
    assert [name for name, *_ in everything] == [
        "cassettes/付款.yaml", "cassettes/采购/auth.yaml", "录制/报价.yaml"
    ]  # fmt: skip
    assert [(sorted(owners), total) for _, owners, total, _ in everything] == [whole] * 3

    owners: dict[str, tuple[str, ...]] = dict.fromkeys(recorded, ("付款", "退款"))
    left = {
        "cassettes/付款.yaml": {"付款": (1, 3)},
        "cassettes/采购/auth.yaml": {"付款": (1, 2, 3), "退款": (1,)},
    }
    kept = ("录制/报价.yaml", "录制/空.yaml")
    assert find_unused(root, owners=owners, left=left, unplayed_files=kept) == [
        ("cassettes/付款.yaml", ["付款", "付款"], 4, (GET, CREATE)),
        ("cassettes/采购/auth.yaml", everything[1][1], 4, everything[1][3]),
    ]
    assert find_unused(root, owners=owners, unplayed_files=kept) == []
    owners["cassettes/付款.yaml"] = ("付款",)
    assert find_unused(root, owners=owners, unplayed_files=kept) == [
        ("cassettes/付款.yaml", ["退款"], 4, (GET,))
    ]


@pytest.mark.parametrize(
    ("typed", "arguments", "note", "left"),
    [
        (None, (), "nothing was deleted; delete it with --yes", 4),
        (None, ("--yes",), "1 cassette: deleted as shown", 2),
        ("n\n", (), "stopped; nothing was changed", 4),
        ("y\n", (), "1 cassette: deleted as shown", 2),
    ],
)
def test_only_what_was_shown_and_agreed_to_is_deleted(  # noqa: PLR0913, PLR0917
    root: Path,
    bs: Command,
    monkeypatch: pytest.MonkeyPatch,
    typed: str | None,
    arguments: tuple[str, ...],
    note: str,
    left: int,
) -> None:
    path = write(
        root / "cassettes/付款.yaml",
        [("付款", [detail(1), order(b"1")]), ("退款", [detail(3), detail(4)])],
    )
    evidence = make_evidence(
        folders=("cassettes",), owners={"cassettes/付款.yaml": ("付款",)}, covers="project"
    )
    store_evidence(evidence, root, "")
    if typed:
        monkeypatch.setattr("sys.stdin", Typed(typed))

    done = bs("cassette", "prune", *arguments)

    assert done.out == f"cassettes/付款.yaml: 2 of 4 exchanges: {GET}\n"
    assert done.err.splitlines()[-1].endswith(note)
    assert ("Delete 2 exchanges as shown?" in done.err) is bool(typed)
    assert len(Cassette.load(path)) == left
    assert done.code == (1 if note.startswith("stopped") else 0)


# ---------------------------------------------------------------------------- show


def fail(name: str, file: str = "scenarios/付款.scenario.yaml", **more: Any) -> StoredFailure:
    return StoredFailure(name=name, file=file, line=3, headline="不行", texts=("不行",), **more)


@pytest.mark.parametrize("word", ["crm", "CRM", "cRm"])
def test_a_failure_is_found_by_its_name_or_its_file_in_any_case(
    bs: Command, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [fail("付款 CRM"), fail("退款"), fail("退款", "Crm/退款.scenario.yaml"), fail("查crm")]
    monkeypatch.setattr(show, "read_failures", lambda _root: found)

    failures = json.loads(bs("show", word, "--json").out)["failures"]

    assert [(one["name"], one["file"][:3]) for one in failures] == [
        ("付款 CRM", "sce"), ("退款", "Crm"), ("查crm", "sce")
    ]  # fmt: skip
    assert bs("show", word).err == "2 more failures; show them with --all\n"
    assert bs("show", f"{word}x").code == 5


def make_run(*failures: StoredFailure, tests: int = 0, **sources: dict[str, str]) -> ArtifactRun:
    known = {(one.file, one.name): sources.get(one.name, {}) for one in failures}
    return ArtifactRun(failures=failures, sources=known, tests=tests, problems=())


NEXT = "; show them with --all"


@pytest.mark.parametrize(
    ("kept", "word", "failures", "shown", "lines"),
    [
        (None, "", 0, 0, ["no scenario failed when it last ran"]),
        (None, "付款", 0, 0,
         ["nothing that failed has '付款' in it; see `bpmax-sim show --all`"]),
        (None, "", 1, 1, []),
        (None, "", 2, 1, [f"1 more failure{NEXT}"]),
        (None, "付款", 4, 1, [f"3 more failures{NEXT}"]),
        (None, "", 4, 4, []),
        (Path("a.zip"), "", 0, 0, ["a.zip: nothing failed in it; 7 tests"]),
        (Path("a.zip"), "付款", 0, 0,
         ["nothing that failed has '付款' in it; see `bpmax-sim show --all`"]),
        (Path("a.zip"), "", 2, 1,
         ["not here: scenarios/付款.scenario.yaml", "replay it here: pytest 0",
          f"1 more failure{NEXT}"]),
    ],
)  # fmt: skip
def test_what_comes_next_is_told_below_a_failure(
    kept: Path | None, word: str, failures: int, shown: int, lines: list[str]
) -> None:
    found = [fail(str(number), rerun=f"pytest {number}") for number in range(failures)]
    run = make_run(*found, tests=7) if kept else None

    assert [*show._describe_next_steps(kept, run, word, found, shown)] == lines


@pytest.mark.parametrize(
    ("there", "then", "lines"),
    [
        ({"a.js": "一\n二\n"}, {"a.js": "一\r\n二"}, []),
        ({"a.js": "\ufeff一\n"}, {"a.js": "一\n"}, []),
        ({"a.js": "一\n"}, {"a.js": "\ufeff一\n"}, []),
        ({"a.js": "一\n"}, {"a.js": "二\n"}, ["not the same here as in the pipeline: a.js"]),
        ({"a.js": "一"}, {"a.js": "key: redacted.crm.default.token.1"}, []),
        ({}, {"a.js": "", "b.js": ""}, ["not here: a.js, b.js"]),
        (
            {"b.js": "二", "c.js": "二"},
            {"a.js": "", "b.js": "一", "c.js": "一"},
            ["not here: a.js", "not the same here as in the pipeline: b.js, c.js"],
        ),
    ],
)
@pytest.mark.parametrize("commit", ["", "4f0c2d1"])
def test_a_failure_is_replayed_with_the_files_that_it_had(
    root: Path, there: dict[str, str], then: dict[str, str], lines: list[str], commit: str
) -> None:
    for name, text in there.items():
        (root / name).write_text(text, encoding="utf-8")
    failure = fail("付款", rerun="bpmax-sim run a", commit=commit)
    first = f"; first: git checkout {commit}" if commit else ""

    told = [*show._describe_replay(failure, make_run(failure, 付款=then), root)]

    assert told == [*(f"{line}{first}" for line in lines), "replay it here: bpmax-sim run a"]


def test_a_file_in_another_encoding_is_another_one_than_in_the_pipeline(root: Path) -> None:
    (root / "a.js").write_bytes("一\n".encode("gbk"))
    failure = fail("付款")

    assert [*show._describe_replay(failure, make_run(failure, 付款={"a.js": "一\n"}), root)] == [
        "not the same here as in the pipeline: a.js"
    ]


@pytest.mark.parametrize(
    ("file", "lines"),
    [
        ("scenarios/付款.scenario.yaml", ["not here: scenarios/付款.scenario.yaml"]),
        ("tests/test_付款.py", []),
    ],
)
def test_of_a_failure_without_sources_the_scenario_is_needed(
    root: Path, file: str, lines: list[str]
) -> None:
    failure = fail("付款", file)
    assert [*show._describe_replay(failure, make_run(failure), root)] == lines
    (root / file).parent.mkdir(exist_ok=True)
    (root / file).write_text("", encoding="utf-8")
    assert [*show._describe_replay(failure, make_run(failure), root)] == []


@pytest.mark.parametrize(("whole", "texts"), [(("整个",), ("整个",)), ((), ("不行",))])
def test_a_failure_is_data_with_its_whole_texts(
    whole: tuple[str, ...], texts: tuple[str, ...]
) -> None:
    failure = fail("付款", whole=whole, commit="4f0c2d1", run="7", kept=9, rerun="bpmax-sim run a")
    assert show._to_failure_data(failure) == {
        "name": "付款", "file": "scenarios/付款.scenario.yaml", "line": 3, "headline": "不行",
        "texts": texts, "console": (), "rerun": "bpmax-sim run a", "commit": "4f0c2d1",
    }  # fmt: skip


# ---------------------------------------------------------------------------- serve --record


@pytest.mark.parametrize(
    ("platform", "url", "name"),
    [
        ("crm_system", "https://crm.example.test", "crm_system"),
        ("", "https://crm.example.test", "crm.example.test"),
        ("", "https://crm.example.test:8443/api", "crm.example.test-8443"),
        ("", "http://127.0.0.1:80", "127.0.0.1-80"),
        ("", "http://[::1]:9", "..1-9"),
    ],
)
def test_a_cassette_is_named_after_the_platform_or_the_address(
    platform: str, url: str, name: str
) -> None:
    assert record_proxy._make_cassette_name(platform, UpstreamUrl.parse(url)) == name


SCENARIO = "version: 1\nscenario: {}\nproxy: {{cassette: {}}}\nsteps: [{{js: return 1}}]\n"


@pytest.mark.parametrize(
    ("players", "owner"), [([], "crm"), (["付款"], "付款"), (["甲", "乙"], None)]
)
def test_a_recording_is_of_the_only_scenario_that_plays_it(
    root: Path, players: list[str], owner: str | None
) -> None:
    for name, cassette in {**dict.fromkeys(players, "crm"), "其他": "crm2"}.items():
        path = root / f"scenarios/{name}.scenario.yaml"
        path.write_text(SCENARIO.format(name, cassette), encoding="utf-8")

    if owner is not None:
        assert record_proxy._choose_owner_of_cassette(Path("cassettes/crm.yaml")) == owner
    else:
        with pytest.raises(ConfigError) as refused:
            record_proxy._choose_owner_of_cassette(Path("cassettes/crm.yaml"))
        assert str(refused.value) == (
            "cassettes/crm.yaml is used by scenarios '乙', '甲'; give each its own cassette, or "
            "record into another one with --platform"
        )


PLATFORMS = {
    "crm.yaml": "platform_key: crm_system\nbase_url: https://crm.example.test:8443/api/v1\n",
    "erp.yaml": "platform_key: erp_system\nbase_url: https://{region}.example.test\n",
    "oa.yaml": "platform_key: oa_system\nbase_url: 不是地址\n",
}


@pytest.mark.parametrize(
    ("key", "origin"),
    [("crm_system", "https://crm.example.test:8443"), ("erp_system", ""), ("", ""), ("没有", "")],
)
def test_the_declared_origin_is_that_of_the_platform_file(
    root: Path, key: str, origin: str
) -> None:
    for name, text in PLATFORMS.items():
        (root / "scenarios/platforms" / name).write_text(text, encoding="utf-8")
    known = load_usable_platforms(root / "scenarios/platforms")

    assert record_proxy._get_declared_origin(known, key) == origin


@pytest.mark.parametrize(
    ("key", "address"), [("crm_system", "https://test.example"), ("", "https://old.example")]
)
def test_a_recording_proxy_stands_for_its_upstream_whatever_the_environment_says(
    root: Path, monkeypatch: pytest.MonkeyPatch, key: str, address: str
) -> None:
    monkeypatch.setenv("CRM_URL", "https://old.example")
    (root / "scenarios/platforms/crm.yaml").write_text(PLATFORMS["crm.yaml"], encoding="utf-8")
    instances = root / "scenarios/instances.yaml"
    instances.write_text(
        "- {platform: crm_system, instance_key: 测试, base_url: {env: CRM_URL}}\n", encoding="utf-8"
    )
    known = load_usable_platforms(root / "scenarios/platforms", instances=instances)
    upstream = UpstreamUrl.parse("https://test.example")

    assert record_proxy._make_upstream_environment(known, key, upstream)["CRM_URL"] == address


@pytest.mark.parametrize(
    ("key", "lines", "refused"),
    [
        ("", 0, ""),
        ("crm_system", 0, ""),
        ("crm_sytem", 0, "--platform crm_sytem: there is no such platform; did you mean"),
        ("完全不同", 1, ""),
    ],
)
def test_a_platform_that_no_file_declares_is_told(
    root: Path, key: str, lines: int, refused: str
) -> None:
    (root / "scenarios/platforms/crm.yaml").write_text(PLATFORMS["crm.yaml"], encoding="utf-8")
    known, upstream = (
        load_usable_platforms(root / "scenarios/platforms"),
        UpstreamUrl.parse("https://crm.example.test"),
    )
    told = record_proxy._explain_undeclared_platform(known, key, upstream)

    if refused:
        with pytest.raises(ConfigError, match=refused):
            list(told)
    else:
        assert len(found := list(told)) == lines
        assert all(f"cassettes/{key}.yaml` drafts the file" in line for line in found)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "200  GET /orders (crm.find)  12 ms  recorded"),
        ({"name": ""}, "200  GET /orders  12 ms  recorded"),
        ({"is_replayed": True}, "200  GET /orders (crm.find)  12 ms  from the recording"),
        ({"note": "拒绝"}, "200  GET /orders (crm.find)  12 ms  拒绝"),
        ({"is_replayed": True, "note": "旧"},
         "200  GET /orders (crm.find)  12 ms  from the recording, 旧"),
    ],
)  # fmt: skip
def test_a_call_through_the_proxy_is_one_line(
    changes: dict[str, Any], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    known: dict[str, Any] = {
        "at": 0, "method": "GET", "target": "/orders", "name": "crm.find", "outcome": "200",
        "seconds": 0.012,
    }  # fmt: skip
    record_proxy._say_call(ProxiedCallSummary(**{**known, **changes}))

    assert capsys.readouterr().err.rstrip("\n").partition("  ")[2] == line


# ---------------------------------------------------------------------------- limits of options


@pytest.mark.parametrize(
    ("workers", "minutes", "told"),
    [
        (1, 1, ""), (64, 1440, ""), (1, 0.001, ""),
        (0, 1, "-n 0: expected 1 to 64 processes"), (65, 1, "-n 65: expected 1 to 64 processes"),
        (1, 0, "--minutes 0: expected more than 0, and a day at most"),
        (1, 1440.5, "--minutes 1440.5: expected more than 0, and a day at most"),
        (1, -1, "--minutes -1: expected more than 0, and a day at most"),
    ],
)  # fmt: skip
def test_a_search_has_a_day_and_sixty_four_processes_at_most(
    workers: int, minutes: float, told: str
) -> None:
    if not told:
        fuzz._check_options(minutes, workers, (), ())
        explore._check_options(None, minutes, workers)
        return
    with pytest.raises(ConfigError) as refused:
        fuzz._check_options(minutes, workers, (), ())
    assert str(refused.value) == told
    if workers == 0:  # which means one for each core there
        explore._check_options(1, None, 0)
    else:
        with pytest.raises(ConfigError) as refused:
            explore._check_options(1, minutes, workers)
        assert str(refused.value) == told


@pytest.mark.parametrize(("most", "is_refused"), [(1, False), (0, True), (-1, True), (None, False)])
def test_at_most_none_is_no_number_of_variants(most: int | None, is_refused: bool) -> None:
    if is_refused:
        with pytest.raises(ConfigError, match=f"--max {most}: expected a number from 1"):
            explore._check_options(most, None, 1)
    else:
        explore._check_options(most, None, 1)


@pytest.mark.parametrize(("workers", "fits"), [(-1, False), (0, True), (64, True), (65, False)])
def test_workers_are_none_to_sixty_four(workers: int, fits: bool) -> None:
    if fits:
        options.check_workers(workers)
    else:
        with pytest.raises(ConfigError, match=f"-n {workers}: expected 1 to 64 processes"):
            options.check_workers(workers)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30d", 2_592_000), ("12h", 43_200), ("0s", 0), ("x", None), ("", None)]
)
def test_an_age_is_a_duration(text: str, seconds: float | None) -> None:
    if seconds is not None:
        assert options.parse_age("--old", text) == seconds
    else:
        with pytest.raises(ConfigError) as refused:
            options.parse_age("--old", text)
        assert str(refused.value) == f"--old {text}: expected an age such as 30d or 12h"


@pytest.mark.parametrize(
    ("examples", "findings", "told"),
    [
        (0, 0, "0 examples in 2 s: nothing was tried"),
        (1, 0, "1 example in 2 s: no law was broken"),
        (9, 1, "9 examples in 2 s: 1 law was broken"),
        (9, 2, "9 examples in 2 s: 2 laws were broken"),
    ],
)
def test_a_search_says_what_it_tried(
    examples: int, findings: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fuzz._report_count(examples, findings, 2.4)
    assert capsys.readouterr().err.rstrip("\n") == told


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("crm", "scenarios/platforms/crm.yaml"),
        ("scenarios/platforms/crm.yaml", "scenarios/platforms/crm.yaml"),
        ("oa", "oa"),  # a file beside counts before a key
        ("scenarios", "scenarios: expected one platform file; name one of those in it"),
        ("cmr", "there is no platform 'cmr'; did you mean 'crm'?"),
        ("财务", "there is no platform '财务'; there are crm, oa"),
        (
            "cmr.yaml",
            "cmr.yaml: file or folder not found; did you mean 'scenarios/platforms/crm.yaml'?",
        ),
        (
            "旧/crm",
            "旧/crm: file or folder not found; did you mean 'scenarios/platforms/crm.yaml'?",
        ),
    ],
)
def test_a_platform_is_named_by_its_file_or_its_key(root: Path, text: str, found: str) -> None:
    for name in ("scenarios/platforms/crm.yaml", "scenarios/platforms/oa.yaml", "oa"):
        (root / name).write_text("", encoding="utf-8")
    if found in {text, "scenarios/platforms/crm.yaml"}:
        assert fuzz._find_platform_file(text).as_posix() == found
        return
    with pytest.raises(ConfigError) as refused:
        fuzz._find_platform_file(text)
    assert str(refused.value) == found


@pytest.mark.parametrize(
    ("broken", "fits"), [(True, True), (False, True), (None, True), (0, False)]
)
def test_a_law_that_was_not_tried_is_neither_broken_nor_whole(broken: object, fits: bool) -> None:
    law = {"call": "crm.get", "law": "accepted", "why": "", "examples": 0, "broken": broken}
    summary = {"examples": 0, "broken": 0, "exit_code": 5, "seconds": 0.1}
    document = {"version": 1, "platform": "crm.yaml", "against": "simulate", "summary": summary}

    validator = Draft202012Validator(to_json_schema(SHAPES["fuzz"]))
    assert validator.is_valid({**document, "laws": [law], "findings": []}) is fits


# ---------------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("typed", "is_yes"),
    [
        ("y\n", True), ("Yes\n", True), ("  是 \n", True), ("YES", True), ("n\n", False),
        ("\n", False), ("", False), ("yess\n", False), ("否\n", False),
    ],
)  # fmt: skip
def test_only_a_yes_is_a_yes(typed: str, is_yes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Typed(typed))
    if is_yes:
        terminal.confirm("删除？")
    else:
        with pytest.raises(typer.Abort) as refused:
            terminal.confirm("删除？")
        assert refused.type is typer.Abort


@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("a\n", "accept"), ("Reject\n", "reject"), ("s\n", "skip"), ("", "skip"), ("\n", "skip"),
        ("x\nac\nr\n", "reject"), ("什么\n\n", "skip"),
    ],
)  # fmt: skip
def test_a_choice_is_asked_for_until_it_is_one(
    typed: str, choice: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Typed(typed))

    assert terminal.choose("怎么办", ("accept", "reject", "skip")) == choice
    asked = "怎么办 [a]ccept, [r]eject, [s]kip: "
    assert capsys.readouterr().err == asked * max(1, len(typed.splitlines()))


@pytest.mark.parametrize(
    ("environ", "is_terminal", "coloured"),
    [
        ({}, True, True), ({}, False, False), ({"TERM": "dumb"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True), ({"FORCE_COLOR": ""}, False, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True), ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False), ({"NO_COLOR": ""}, True, True),
    ],
)  # fmt: skip
def test_colours_are_for_terminals_and_who_asks_for_them(
    environ: dict[str, str], is_terminal: bool, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"TERM": "xterm", "NO_COLOR": "", "FORCE_COLOR": "", **environ}.items():
        monkeypatch.setenv(name, value)
    stream = Typed("") if is_terminal else io.StringIO()

    assert terminal._has_colours(stream) is coloured


def test_columns_are_as_wide_as_what_is_widest_in_them() -> None:
    rows = [("付款", "a", "x"), ("b", "采购主管", ""), ("", "", "yy")]

    assert [*terminal.align_columns(rows)] == [
        "付款  a         x", "b     采购主管", "                yy"
    ]  # fmt: skip
