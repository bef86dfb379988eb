"""Single facts of commands that no whole project shows: relative files, two projects, escapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from bpmax_sim.cli import (
    affected,
    cassettes,
    conftests,
    item_selection,
    lint,
    merge,
    migrate,
    resolved,
    review,
    script_coverage,
    types,
    verify,
)
from bpmax_sim.cli.item_selection import Selection
from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.git import SINCE_BRANCHING
from bpmax_sim.report.script_coverage import CoverageCounts
from tests.files import write_files

SCENARIO = (
    "version: 1\nscenario: {}\nform: {{fields: {{金额: 1}}}}\nsteps: [{{set: {{金额: 2}}}}]\n"
)


@pytest.fixture(name="root", autouse=True)
def entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ---------------------------------------------------------------------------- Git


class FakeGit:
    """Answers the calls of Git in `affected` from a table, and notes them."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, root: Path, *arguments: str, revision: str = "") -> str:
        words = " ".join(arguments)
        self.asked.append(words)
        for begin, answer in self.answers.items():
            if words.startswith(begin.replace("_", " ")):
                return answer
        raise ConfigError("--changed {revision}: no", revision=revision)


def test_the_base_is_where_the_branch_left_the_first_main_branch_that_there_is(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(since: str, **answers: str) -> tuple[str, str]:
        monkeypatch.setattr(affected, "_run_git", FakeGit(**answers))
        return affected.find_base(root, since)

    head = {"rev-parse": "1234567890ab\n"}
    assert find("v1") == ("v1", "v1")
    assert find(SINCE_BRANCHING, **head) == ("1234567890ab", "HEAD (12345678)")
    assert find(SINCE_BRANCHING, **head, **{"merge-base HEAD main": "abcdefabcdef\n"}) == (
        "abcdefabcdef",
        "main (abcdefab)",
    )
    both = {
        "merge-base HEAD origin/HEAD": "1234567890ab\n",
        "merge-base HEAD main": "abcdefabcdef\n",
    }
    assert find(SINCE_BRANCHING, **head, **both) == ("1234567890ab", "HEAD (12345678)")
    assert find(SINCE_BRANCHING, **head, **{"merge-base HEAD master": "abcdefabcdef\n"})[1] == (
        "master (abcdefab)"
    )


def test_of_two_projects_each_keeps_what_its_own_changes_reach(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(
        root,
        {
            "一/scenarios/甲.scenario.yaml": SCENARIO.format("甲"),
            "一/scenarios/乙.scenario.yaml": SCENARIO.format("乙"),
            "二/scenarios/丙.scenario.yaml": SCENARIO.format("丙"),
            "一/pyproject.toml": "[tool.bpmax_sim]\n",
        },
    )
    targets = [
        Selection(root / name)
        for name in ("一/scenarios/甲.scenario.yaml", "一/scenarios/乙.scenario.yaml",
                     "二/scenarios/丙.scenario.yaml")
    ]  # fmt: skip

    def narrow(diff: str, others: str = "") -> list[str]:
        git = FakeGit(**{"diff": diff, "ls-files": others})
        monkeypatch.setattr(affected, "_run_git", git)
        kept = affected.narrow_by_use_and_changes(targets, used_name="", since="main")
        return [one.path.name[0] for one in kept]

    both = "scenarios/甲.scenario.yaml\0scenarios/丙.scenario.yaml\0"
    assert narrow(both) == ["甲", "丙"]
    assert narrow("", "scenarios/乙.scenario.yaml\0") == ["乙"]
    assert narrow("说明.md\0") == []
    assert narrow("conftest.py\0") == ["甲", "乙", "丙"]
    assert narrow("scenarios/instances.local.yaml\0") == ["甲", "乙", "丙"]
    assert affected.narrow_by_use_and_changes(targets, used_name="", since="") == targets
    git = FakeGit(**{"diff": "a\0a\0", "ls-files": "b\0"})
    monkeypatch.setattr(affected, "_run_git", git)
    assert affected.find_changed_files(root, "v1") == ["a", "a", "b"]
    assert git.asked[0].endswith("--end-of-options v1 --")
    told = [*affected.describe_changes(targets, "v1", 2)]
    assert told == ["changed since v1, committed or not: 2 files; 2 of 3 scenario files run"] * 2
    assert [*affected.describe_changes(targets, "", 2)] == []


def test_a_platform_file_that_is_gone_reaches_all(root: Path) -> None:
    write_files(root, {"p/a.yaml": "a", "instances.yaml": "a"})
    folder = [root / "p"]
    files = ("p/a.yaml", "p/b.yaml", "p/sub/c.yaml", "instances.yaml", "x/instances.yaml",
             "x/instances.local.yaml", "q/b.yaml", "p")  # fmt: skip

    assert [affected._is_platform_file_gone(root / name, folder) for name in files] == [
        False, True, True, False, True, True, False, False,
    ]  # fmt: skip
    assert affected._is_platform_file_gone(root / "q.yaml", [root / "q.yaml"])
    assert [
        affected.rebase_argument_to_root(text, root / "p")
        for text in ("p/a.yaml", "p/a.yaml:7", "p/a.yaml:7:3", "instances.yaml", "crm.get", "p")
    ] == ["a.yaml", "a.yaml:7", "a.yaml:7:3", "instances.yaml", "crm.get", "."]


# ---------------------------------------------------------------------------- files


def test_fixtures_are_found_for_a_file_that_is_named_from_here(root: Path) -> None:
    fixture = "import pytest\n@pytest.fixture\ndef a({}): ...\n"
    write_files(
        root,
        {
            "conftest.py": fixture.format("bpmax_b, bpmax_a"),
            "s/conftest.py": fixture.format("tmp_path"),
            "s/t/conftest.py": fixture.format("bpmax_c"),
        },
    )
    found = [*conftests.find_conftest_uses(Path("s/t/a.scenario.yaml"), root)]
    assert [(one.path.relative_to(root).as_posix(), one.names) for one in found] == [
        ("s/t/conftest.py", ("bpmax_c",)),
        ("conftest.py", ("bpmax_a", "bpmax_b")),
    ]
    assert [one.names for one in conftests.find_conftest_uses(root / "s/t/a", root / "s")] == [
        ("bpmax_c",)
    ]
    pairs = [(root / "s/a", root), (root / "s/b", root), (root / "s/t/c", root)]
    assert [*conftests.map_conftests_to_fixtures(pairs).values()] == [
        ("bpmax_a", "bpmax_b"),
        ("bpmax_c",),
    ]
    (root / "conftest.py").write_text("def a(:\n", "utf-8")
    with pytest.raises(ConfigError) as refused:
        conftests.map_conftests_to_fixtures(pairs)
    assert str(refused.value).startswith("conftest.py:1: pytest cannot read this: ")


def test_what_lint_is_given_is_split_into_scenarios_and_recordings(root: Path) -> None:
    head = "version: 1\nbpmax: {}\n"
    write_files(
        root,
        {
            "scenarios/甲.scenario.yaml": SCENARIO.format("甲"),
            "scenarios/子/乙.scenario.yaml": SCENARIO.format("乙"),
            "scenarios/platforms/p.yaml": "a: 1\n",
            "cassettes/a.yaml": head,
            "cassettes/b.yaml": "a: 1\n",
            "别处/c.yaml": head,
            "别处/d.yaml": "a: 1\n",
            "别处/e.yml": head,
            "空/f.txt": "",
        },
    )

    def choose(*paths: str) -> tuple[list[str], list[str], bool]:
        found = lint._choose_lint_targets(paths)
        return (
            [one.path.name[0] for one in found.files],
            [path.as_posix() for path in found.recordings],
            found.is_whole,
        )

    assert choose() == (["乙", "甲"], [], True)
    whole = choose()[0]
    assert choose("scenarios/子") == (["乙"], [], False)
    assert choose("scenarios") == (whole, [], True)
    assert choose(".") == (whole, [], True)
    assert choose("scenarios/子/乙.scenario.yaml") == (["乙"], [], False)
    assert choose("scenarios/子/乙.scenario.yaml", "scenarios/platforms/p.yaml") == (
        ["乙", *[one for one in whole if one != "乙"]],
        [],
        True,
    )
    assert choose("cassettes") == ([], ["cassettes/a.yaml", "cassettes/b.yaml"], False)
    assert choose("别处") == ([], ["别处/c.yaml"], False)
    assert choose("cassettes/a.yaml", "别处/c.yaml") == (
        [],
        ["cassettes/a.yaml", "别处/c.yaml"],
        False,
    )
    assert choose("cassettes/b.yaml") == (whole, [], True)
    assert choose("空") == (whole, [], True)


def test_places_of_files_are_chosen_by_their_endings(root: Path) -> None:
    write_files(
        root,
        {
            "c/a.yaml": "",
            "c/b.yaml.new": "",
            "c/s.scenario.yaml": "",
            "d/x.yaml": "",
            "d/x.txt": "",
        },
    )
    paths = ("c", "d", "c/a.yaml", "c/b.yaml.new", "c/s.scenario.yaml", "d/x.txt", "no.yaml")
    assert [verify._contains_only_cassettes(path) for path in paths] == [
        False, True, True, False, False, False, True,
    ]  # fmt: skip
    names = ("cassettes/a.yaml", "x/cassettes/y/a.yaml", "cassettes.yaml", "cassettes/a.yml",
             "x/a.yaml", "cassettes/a.yaml.new")  # fmt: skip
    assert [merge._is_cassette(name) for name in names] == [True, True, False, False, False, False]
    (root / "c/e.yaml").write_bytes(b"")
    (root / "c/f.yaml").write_bytes(b"1")
    assert [merge._read_version(root / name) for name in ("c/e.yaml", "c/f.yaml", "no", "c")] == [
        None, b"1", None, None,
    ]  # fmt: skip
    found = item_selection.find_files_by_suffix(
        [root / "c", root / "d", root / "c/a.yaml"], ".yaml"
    )
    assert [path.name for path in found] == [
        "a.yaml", "e.yaml", "f.yaml", "s.scenario.yaml", "x.yaml",
    ]  # fmt: skip
    assert item_selection.find_files_by_suffix([root / "d/x.txt"], ".yaml") == []


# ---------------------------------------------------------------------------- texts


def test_escaped_letters_are_shown_and_signs_stay() -> None:
    texts = {
        r"\u738b\u4e94": "王五",
        r"\\u738b": "王",
        r"\ud83d\ude00 \ud842\udfb7": r"\ud83d\ude00 " + "𠮷",
        r"\u0041\u000a\u3002\u00e9": r"\u0041\u000a\u3002" + "é",
        r"\ud842": r"\ud842",
        r"\u73": r"\u73",
    }
    assert {text: cassettes._decode_json_escapes(text) for text in texts} == texts


def test_values_under_masked_paths_are_hidden_at_any_depth() -> None:
    masked = [("vars", "口令"), ("cases", "*", "密"), ("vars", "表", "0", "值")]
    value = {"口令": "甲", "表": [{"值": 1, "名": 2}, {"值": 3}], "客户": {"口令": 5}}

    assert resolved._mask(value, ("vars",), masked) == {
        "口令": "***",
        "表": [{"值": "***", "名": 2}, {"值": 3}],
        "客户": {"口令": 5},
    }
    assert resolved._mask({"密": 1, "明": 2}, ("cases", "*"), masked) == {"密": "***", "明": 2}
    assert resolved._mask("x", ("vars", "口令"), masked) == "***"
    assert resolved._mask("x", ("vars", "口令", "深"), masked) == "x"
    assert resolved._mask([1], ("cases",), []) == [1]


def test_lines_that_never_ran_are_joined_to_ranges() -> None:
    texts: dict[tuple[int, ...], str] = {
        (): "",
        (3,): "3",
        (3, 4): "3-4",
        (1, 3, 4, 5, 7): "1, 3-5, 7",
        tuple(range(1, 16, 2)): "1, 3, 5, 7, 9, 11, 13, 15",
        tuple(range(1, 18, 2)): "1, 3, 5, 7, 9, 11, 13, 15, …",
    }
    assert {lines: script_coverage._join_ranges(lines) for lines in texts} == texts
    assert script_coverage._format_counts(CoverageCounts(1, 4, 1, 2)) == (
        "1 of 4",
        "1 of 2",
        "33.3",
    )
    assert script_coverage._format_counts(CoverageCounts(4, 4, 0, 0)) == ("4 of 4", "-", "100")


def test_values_of_two_recordings_are_told_side_by_side() -> None:
    values: list[tuple[Any, str, str]] = [
        (UNSET, "absent", ""),
        ('甲"', '"甲""', '"甲\\""'),
        (None, "null", "null"),
        ({"b": 1, "a": [True]}, '{"a":[true],"b":1}', '{"a":[true],"b":1}'),
    ]
    assert [(review._format_value(one), review._to_json(one)) for one, *_ in values] == [
        (told, data) for _, told, data in values
    ]
    assert [*review._walk_leaf_values("body", {"a": [1, {"b": {}}], "c": []})] == [
        ("body.a[0]", 1), ("body.a[1].b", {}), ("body.c", []),
    ]  # fmt: skip
    from bpmax_sim.cassette.matching import Difference  # noqa: PLC0415

    several = Difference("body", "一\n二\n三", "一\n两\n三")
    assert [*review._format_difference("answer", several)] == [
        "    answer body:", "       一", "      -二", "      +两", "       三",
    ]  # fmt: skip
    assert [*review._format_difference("answer", Difference("body.a", UNSET, 1))] == [
        "    answer body.a: absent → 1"
    ]


def test_an_annotation_names_path_message_and_place_as_far_as_they_are_known() -> None:
    problems = [
        Problem("错", Place("a.yaml", 2, 3), "steps[0]"),
        Problem("错", Place("a.yaml")),
        Problem("错"),
    ]
    assert [lint._format_annotation(one, "warning") for one in problems] == [
        "::warning file=a.yaml,line=2,col=3,title=bpmax-sim lint::steps[0]: 错",
        "::warning file=a.yaml,title=bpmax-sim lint::错",
        "::warning title=bpmax-sim lint::错",
    ]


def test_settings_of_an_editor_are_added_where_they_are_lacking(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / ".vscode/settings.json"
    wanted = {"a": 1, "b": {"c": 2}}

    assert types._add_settings(path, wanted) is True
    assert types._add_settings(path, wanted) is False
    path.write_text('{"b": 0, "z": "客"}', "utf-8")
    assert types._add_settings(path, wanted) is True
    assert path.read_text("utf-8") == '{\n  "a": 1,\n  "b": 0,\n  "z": "客"\n}\n'
    for text in ("[1]", "{} // x", '"a"'):
        path.write_text(text, "utf-8")
        assert types._add_settings(path, wanted) is False
        assert path.read_text("utf-8") == text
    told = ".vscode/settings.json was left unchanged: it has comments or is not an object\n"
    assert capsys.readouterr().err == told * 3
    assert types._add_settings(root / ".vscode", wanted) is False
    assert capsys.readouterr().err.startswith(".vscode was left unchanged: it cannot be read (")


def test_renames_of_an_option_stay_in_their_order() -> None:
    renames = migrate._read_renames([], ["a=b", "c=d"], ["/v1=/v2", "/v1/x=/y"], [])
    assert [*renames.platforms.items()] == [("a", "b"), ("c", "d")]
    assert [*renames.paths.items()] == [("/v1", "/v2"), ("/v1/x", "/y")]
