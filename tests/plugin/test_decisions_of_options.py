"""What options of a run decide by their values alone: limits, paths, ends."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim.challenge.findings import ChallengeResult
from bpmax_sim.errors import Place, Problem
from bpmax_sim.pytest_plugin import challenge, items, options, script_hits, summary
from bpmax_sim.pytest_plugin.run_stats import Tally
from bpmax_sim.script.hits import ScriptHits


def make_config(folder: Path, root: Path | None = None, /, **given: Any) -> Any:
    """Return what reads an option: a value for the command line, a tuple for that and the ini."""
    values = {
        name: value if isinstance(value, tuple) else (value, None)
        for name, value in (dict.fromkeys(options.OPTIONS) | given).items()
    }
    return SimpleNamespace(
        stash={options._READ_OPTIONS: values},
        rootpath=root or folder,
        args=[],
        invocation_params=SimpleNamespace(dir=folder),
        option=SimpleNamespace(verbose=0),
    )


def make_challenge(**given: Any) -> Any:
    return SimpleNamespace(config=make_config(Path.cwd(), **given))


@pytest.mark.parametrize(
    ("counts", "given", "told"),
    [
        ({"killed": 4, "unreached": 1}, {}, ""),
        ({"killed": 4, "unreached": 1}, {"challenge_fail_under": 80.0}, ""),
        (
            {"killed": 4, "unreached": 1},
            {"challenge_fail_under": 80.1},
            "80 % of the mistakes are noticed, and 80.1 % have to be",
        ),
        (
            {"killed": 1999, "differs": 1},
            {"challenge_fail_under": 100.0},
            "99.9 % of the mistakes are noticed, and 100 % have to be",
        ),
        (
            {"killed": 7999, "differs": 1, "unreached": 2000},
            {"challenge_fail_under": 80.0},
            "79.9 % of the mistakes are noticed, and 80 % have to be",
        ),
        ({"limit": 3}, {"challenge_fail_under": 0.0}, ""),
        ({}, {"challenge_fail_under": 100.0}, ""),
    ],
)
def test_a_score_is_enough_where_it_is_the_limit(
    counts: dict[str, int], given: dict[str, Any], told: str
) -> None:
    result = ChallengeResult(counts=counts)
    shortcoming = challenge.ChallengeTest._find_shortcoming(make_challenge(**given), result)

    assert shortcoming == told


def finding(same_as: int | None = None) -> Any:
    return SimpleNamespace(same_as=same_as)


@pytest.mark.parametrize(
    ("findings", "told"),
    [
        ([], ""),
        ([finding()], "1 finding"),
        ([finding(), finding(1)], "1 finding"),
        ([finding(), finding(), finding(1)], "2 findings"),
    ],
)
def test_a_finding_is_too_many_where_that_is_asked(findings: list[Any], told: str) -> None:
    result = ChallengeResult(findings=tuple(findings), counts={"killed": 1, "differs": 1})

    for strict in (True, None):
        test = make_challenge(challenge_strict=strict)
        shortcoming = challenge.ChallengeTest._find_shortcoming(test, result)
        assert shortcoming == (told if strict else "")


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, pytest.skip.Exception),
        ({"challenge_strict": True}, pytest.fail.Exception),
        ({"challenge_fail_under": 1.0}, pytest.fail.Exception),
        ({"challenge_fail_under": 0.0}, pytest.skip.Exception),
        ({"challenge_fail_under": 0.0, "challenge_strict": True}, pytest.fail.Exception),
        ({"challenge_fail_under": 80.0, "challenge_strict": True}, pytest.fail.Exception),
    ],
)
def test_a_script_of_which_all_is_left_out_is_skipped_unless_it_has_to_be_noticed(
    given: dict[str, Any], kind: type[BaseException]
) -> None:
    # Both are caught: a skip that is not expected would skip this test, and nobody would see it.
    with pytest.raises((pytest.fail.Exception, pytest.skip.Exception)) as ended:
        challenge.ChallengeTest._skip_or_fail_untried(make_challenge(**given), "用了 python")

    assert (ended.type, ended.value.msg) == (kind, "left out: 用了 python")


@pytest.mark.parametrize(("tried", "possible"), [(3, 3), (2, 3), (0, 0)])
def test_a_challenge_says_what_it_does_not_cover(tried: int, possible: int) -> None:
    place = Place("scenarios/付款.scenario.yaml", 7, 3)
    problems = [Problem("用了 python", place), Problem("没有位置")]
    made: Any = SimpleNamespace(
        left_out=problems,
        numbered=range(tried),
        possible=possible,
        targets=[SimpleNamespace(name="scripts/付款.js"), SimpleNamespace(name="b.js")],
    )
    result = ChallengeResult(unused=(Problem("多余的注释", Place("scripts/付款.js", 2)),))

    assert [*challenge._describe_limits(made, result)] == [
        (f"left out: {place}: 用了 python", place),
        ("left out: 没有位置", None),
        ("多余的注释", Place("scripts/付款.js", 2)),
        *([("tried 2 of 3", Place("scripts/付款.js", 1))] if tried < possible else []),
    ]


@pytest.mark.parametrize(
    ("chosen", "path"),
    [
        (None, "项目/.bpmax/lcov.info"),
        ("覆盖/行.info", "起点/覆盖/行.info"),
        ((None, "行.info"), "起点/行.info"),
    ],
)
def test_lcov_is_written_below_the_working_directory_where_a_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: Any, path: str
) -> None:
    for name in ("起点", "项目"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    config = make_config(tmp_path / "起点", cov_lcov=chosen)
    told = script_hits._write_hits_and_lcov(config, ScriptHits(), [], tmp_path / "项目")

    assert told == f"lcov: {path}"
    assert [str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*.info")] == [path]
    assert (tmp_path / "项目/.bpmax/hits").is_dir()


@pytest.mark.parametrize(
    ("report", "path"),
    [
        (None, None),
        ("", None),
        (".bpmax/report.html", "项目/.bpmax/report.html"),
        ("报告.html", "起点/报告.html"),
        ((None, "报告.html"), "起点/报告.html"),
        ("./.bpmax/report.html", "起点/.bpmax/report.html"),
    ],
)
def test_a_report_stands_in_the_project_unless_it_is_named(
    tmp_path: Path, report: Any, path: str | None
) -> None:
    config = make_config(tmp_path / "起点", report=report)
    config.stash[options._RUN_ROOT] = tmp_path / "项目"

    assert options.choose_report_path(config) == (None if path is None else tmp_path / path)


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        ((None, None), None),
        (("录制", "别处"), "起点/录制"),
        ((None, "别处"), "根/别处"),
        (("", "别处"), "起点"),
    ],
)
def test_a_folder_of_cassettes_is_named_from_where_it_is_written(
    tmp_path: Path, given: Any, folder: str | None
) -> None:
    config = make_config(tmp_path / "起点", tmp_path / "根", cassettes=given)

    found = options.choose_named_cassettes_folder(config)
    assert found == (None if folder is None else tmp_path / folder)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "bpmax-sim: replay, cassettes in cassettes, network closed"),
        ({"mode": "simulate"}, "bpmax-sim: simulate, cassettes in cassettes, network closed"),
        ({"mode": "live"}, "bpmax-sim: live, cassettes in cassettes"),
        ({"mode": "record"}, "bpmax-sim: record once, cassettes in cassettes"),
        (
            {"mode": "record", "record": "rewrite", "cassettes": "录制"},
            "bpmax-sim: record rewrite, cassettes in 录制",
        ),
        (
            {"cassettes": (None, "s3://key:word@store.test/录制?x=1")},
            "bpmax-sim: replay, cassettes in s3://store.test/录制, network closed",
        ),
    ],
)
def test_the_header_tells_mode_folder_and_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], line: str
) -> None:
    (tmp_path / "scenarios").mkdir()
    monkeypatch.chdir(tmp_path)

    assert options.format_report_header(make_config(tmp_path, **given)) == [line]


@pytest.mark.parametrize(
    ("mode", "is_told"), [(None, False), ("live", True), ((None, "live"), False)]
)
def test_without_scenarios_only_a_mode_of_the_command_line_is_told(
    tmp_path: Path, mode: Any, *, is_told: bool
) -> None:
    assert bool(options.format_report_header(make_config(tmp_path, mode=mode))) is is_told


LEAVE = "tries replayed and simulated scenarios only; leave --bpmax-mode="


@pytest.mark.parametrize(
    ("given", "mode", "told"),
    [
        ({}, "live", ""),
        ({"explore": True}, None, ""),
        ({"explore": True}, "replay", ""),
        ({"explore": True}, "simulate", ""),
        ({"explore": True}, "live", f"--bpmax-explore {LEAVE}live out"),
        ({"challenge": True}, "record", f"--bpmax-challenge {LEAVE}record out"),
        ({"cov": True}, "live", ""),
        ({"cov": True}, "record", ""),
        ({"explore_max": 3}, None, "--bpmax-explore-max needs --bpmax-explore"),
        ({"challenge_strict": True}, None, "--bpmax-challenge-strict needs --bpmax-challenge"),
        ({"cov_fail_under": 0.0}, None, "--bpmax-cov-fail-under needs --bpmax-cov"),
        ({"cov_lcov": (None, "x.info")}, None, ""),  # an ini file may hold it for later
        ({"explore": True, "explore_max": 3}, None, ""),
    ],
)  # fmt: skip
def test_an_option_of_a_search_needs_the_search_and_a_mode_that_repeats(
    tmp_path: Path, given: dict[str, Any], mode: str | None, told: str
) -> None:
    config = make_config(tmp_path, **given)
    if not told:
        options._check_explore_challenge_and_cov(config, mode)
        return
    with pytest.raises(pytest.UsageError) as refused:
        options._check_explore_challenge_and_cov(config, mode)
    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("given", "variables"),
    [
        ((None, None), {}),
        (([], ["客户=张三"]), {"客户": "张三"}),
        ((["客户=李四"], ["客户=张三", "数量=2"]), {"客户": "李四", "数量": "2"}),
        ((["a=1", "a=2", "a=3"], None), {"a": "3"}),
    ],
)
def test_variables_of_the_command_line_come_last(
    tmp_path: Path, given: Any, variables: dict[str, Any]
) -> None:
    assert options.read_variables(make_config(tmp_path, var=given)) == variables


@pytest.mark.parametrize(("minutes", "seconds"), [(0.5, 30.0), (2, 120.0), (0, 0.0)])
def test_exploring_ends_so_many_minutes_after_it_began(
    tmp_path: Path, minutes: float, seconds: float
) -> None:
    config = make_config(tmp_path, explore_minutes=minutes)
    before = time.monotonic()
    end = items._get_exploration_deadline(config)

    assert before + seconds <= end <= time.monotonic() + seconds
    assert items._get_exploration_deadline(config) == end


def test_exploring_has_no_end_unless_one_is_given(tmp_path: Path) -> None:
    assert items._get_exploration_deadline(make_config(tmp_path)) == float("inf")


@pytest.mark.parametrize(
    ("given", "trace"),
    [
        ({}, "on-failure"),
        ({"trace": "off"}, "off"),
        ({"trace": (None, "on")}, "on"),
        ({"trace": "off", "report": "报告.html"}, "on"),
    ],
)
def test_a_report_needs_the_trace_of_every_scenario(
    tmp_path: Path, given: dict[str, Any], trace: str
) -> None:
    test: Any = SimpleNamespace(config=make_config(tmp_path, **given), cassettes=tmp_path)
    made = items._make_trace_options(test)

    assert (made.trace, made.cassettes) == (trace, tmp_path)


@pytest.mark.parametrize(
    ("change", "is_whole"),
    [
        ({}, True),
        ({"partial": True}, False),
        ({"lf": True}, False),
        ({"stepwise": True}, False),
        ({"collectonly": True}, False),
        ({"ignore": ["a"]}, False),
        ({"ignore_glob": ["a"]}, False),
        ({"args_source": "ARGS"}, False),
        ({"args_source": "INVOCATION_DIR"}, True),
        ({"folder": "下级"}, False),
        ({"folder": "项目"}, True),
    ],
)
def test_a_run_has_all_tests_where_nothing_narrowed_it(
    tmp_path: Path, change: dict[str, Any], *, is_whole: bool
) -> None:
    given = dict(change)
    tally = Tally()
    tally.partial = given.pop("partial", False)
    source = given.pop("args_source", "TESTPATHS")
    config = make_config(tmp_path / given.pop("folder", ""), tmp_path)
    config.stash[options._RUN_ROOT] = tmp_path / "项目"
    config.args_source = SimpleNamespace(name=source)
    config.getoption = given.get

    assert summary._has_collected_all_tests(config, tally) is is_whole
