from __future__ import annotations

import json
from pathlib import Path

import pytest

from bpmax_sim.starter.demo import Crm
from tests.cassette.exchanges import detail
from tests.cli.project import NAME, Command, Project
from tests.cli.test_cassette_commands import write
from tests.snapshots import snapshot

HERE = "cassettes/crm/customer.yaml"
CALL = "crm_system.get_customer_detail"


@pytest.fixture(name="waiting")
def waiting_project(recorded: Project, crm: Crm, bs: Command) -> Project:
    assert bs("record", "--record=rewrite", "--var", "customer=12346").code == 1
    return recorded


def test_a_recording_and_what_waits_beside_it(waiting: Project, bs: Command) -> None:
    done = bs("cassette", "diff", HERE)
    named = bs("cassette", "diff", HERE, f"{HERE}.new")

    assert done.out == named.out
    assert done.code == 1
    assert done.out.splitlines()[:2] == [
        f"~ {CALL} for {NAME}, exchange 1 ({HERE}:4)",
        '    request path.id: "12345" → "12346"',
    ]
    assert '    answer body.data.name: "张三" → ' in done.out
    assert done.err == snapshot("0 same, 1 changed, 0 removed, 0 added\n")


def test_json_is_one_versioned_object(waiting: Project, bs: Command) -> None:
    told = json.loads(bs("cassette", "diff", HERE, "--json").out)
    (one,) = told.pop("exchanges")

    assert told == {
        "version": 1,
        "old": HERE,
        "new": f"{HERE}.new",
        "summary": {"same": 0, "changed": 1, "removed": 0, "added": 0},
    }
    assert (one["kind"], one["call"], one["for"]) == ("changed", CALL, NAME)
    assert (one["old"], one["new"]) == ({"order": 1, "line": 4}, {"order": 1, "line": 4})
    assert one["differences"][0] == {
        "side": "request",
        "path": "path.id",
        "old": '"12345"',
        "new": '"12346"',
    }


def test_a_recording_equals_itself_recorded_again(recorded: Project, crm: Crm, bs: Command) -> None:
    before = Path("before.yaml")
    before.write_bytes(recorded.cassette.read_bytes())
    recorded.cassette.unlink()
    assert bs("record", "--record=rewrite").code == 0

    done = bs("cassette", "diff", "before.yaml", HERE)

    assert (done.code, done.out, done.err) == (
        0,
        "",
        snapshot("1 same, 0 changed, 0 removed, 0 added\n"),
    )


@pytest.mark.parametrize(("old", "new", "kind"), [(1, 2, "added"), (2, 1, "removed")])
def test_what_only_one_of_them_has_differs_and_what_both_have_is_counted(
    tmp_path: Path, bs: Command, old: int, new: int, kind: str
) -> None:
    a, b = (
        write(tmp_path / f"{name}.yaml", [("付款", [detail(n + 1) for n in range(count)])])
        for name, count in (("a", old), ("b", new))
    )

    done = bs("cassette", "diff", str(a), str(b), "--json")

    told = json.loads(done.out)
    assert (done.code, told["summary"]["same"], told["summary"][kind]) == (1, 1, 1)
    assert [one["kind"] for one in told["exchanges"]] == [kind]


def test_nothing_to_compare_with(recorded: Project, bs: Command) -> None:
    alone = bs("cassette", "diff", HERE)
    absent = bs("cassette", "diff", HERE, "cassettes/crm/costumer.yaml")
    nothing = bs("cassette", "diff", "cassettes/crm/none.yaml")

    assert (alone.code, alone.err) == (
        2,
        f"{HERE}: nothing waits beside it; name the cassette to compare it with\n",
    )
    assert (absent.code, nothing.code) == (2, 2)
    assert absent.err == (
        f"cassettes/crm/costumer.yaml: file or folder not found; did you mean {HERE!r}?\n"
    )


@pytest.mark.parametrize("place", [".", "..", "cassettes/crm"])
def test_a_folder_is_nothing_to_compare(recorded: Project, bs: Command, place: str) -> None:
    recorded.cassette.with_name("customer.yaml.new").write_bytes(recorded.cassette.read_bytes())
    told = f"{place}: this is a folder; name a file in it\n"

    assert [(done.code, done.err) for done in (
        bs("cassette", "diff", place), bs("cassette", "diff", HERE, place),
    )] == [(2, told), (2, told)]  # fmt: skip
    assert bs("review", "cassettes").out.startswith(f"{HERE}.new  (1 exchange)")
    assert bs("review", ".").out.startswith(f"{HERE}.new  (1 exchange)")


def test_a_damaged_cassette_is_named(recorded: Project, bs: Command) -> None:
    Path("cut.yaml").write_bytes(recorded.cassette.read_bytes()[:-9])

    done = bs("cassette", "diff", HERE, "cut.yaml")

    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("cut.yaml:")
