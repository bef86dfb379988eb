from __future__ import annotations

from bpmax_sim.cassette.file import Cassette
from tests.cli.project import NAME, Command, Project

HERE = "cassettes/crm/customer.yaml"
LOGIN = "cassettes/auth/crm_system.default.yaml"


def test_what_was_just_recorded_is_canonical(recorded: Project, bs: Command) -> None:
    before = recorded.cassette.read_bytes()
    done, checked = bs("cassette", "fmt"), bs("cassette", "fmt", "--check")

    told = "2 cassettes: canonical, keys under the rules in force\n"
    assert (done.code, done.out, done.err) == (0, "", told)
    assert checked == done
    assert recorded.cassette.read_bytes() == before


def test_after_a_change_of_the_rules_keys_are_computed_anew(recorded: Project, bs: Command) -> None:
    before = Cassette.load(recorded.cassette)
    recorded.edit(
        recorded.scenario,
        "  cassette: crm/customer",
        "  cassette: crm/customer\n  ignore: [query.fields]",
    )

    checked = bs("cassette", "fmt", "--check")
    assert (checked.code, checked.out) == (1, f"{HERE}: would be written anew\n")
    assert Cassette.load(recorded.cassette).head == before.head

    done = bs("cassette", "fmt", HERE)
    after = Cassette.load(recorded.cassette)
    assert (done.code, done.out, done.err) == (0, f"{HERE}: written anew\n", "")
    assert after.head.rules != before.head.rules
    assert after.entry(0).text == before.entry(0).text
    assert bs("run").code == 0
    assert bs("cassette", "fmt", "--check").code == 0


def test_a_scenario_that_is_called_like_its_cassette_keeps_its_rules(
    recorded: Project, bs: Command
) -> None:
    recorded.cassette.rename(recorded.cassette.with_stem(NAME))
    new = f"  cassette: crm/{NAME}\n  ignore: [query.fields]"
    recorded.edit(recorded.scenario, "  cassette: crm/customer", new)

    assert bs("cassette", "fmt").out == f"cassettes/crm/{NAME}.yaml: written anew\n"
    assert bs("run").code == 0


def test_a_file_that_is_named_is_meant_whatever_its_ending(recorded: Project, bs: Command) -> None:
    waiting = recorded.cassette.with_name("customer.yaml.new")
    waiting.write_bytes(recorded.cassette.read_bytes())
    (recorded.folder / "说明.txt").write_text("甲\n", encoding="utf-8")
    recorded.edit(
        recorded.scenario,
        "  cassette: crm/customer",
        "  cassette: crm/customer\n  ignore: [query.fields]",
    )

    done, other = bs("cassette", "fmt", f"{HERE}.new"), bs("cassette", "fmt", "说明.txt")

    assert (done.code, done.out) == (0, f"{HERE}.new: written anew\n")
    assert Cassette.load(waiting).head.rules != Cassette.load(recorded.cassette).head.rules
    assert other.code == 3
    assert other.err.startswith("说明.txt: not a cassette of bpmax-sim; ")


def test_an_edit_by_hand_is_for_seal(recorded: Project, bs: Command) -> None:
    recorded.edit(recorded.cassette, "张三", "张四")
    done = bs("cassette", "fmt")

    assert done.code == 3
    assert f"accept the edit with `bpmax-sim cassette seal {HERE}`" in done.err


def test_the_key_of_a_sealed_edit_is_computed(recorded: Project, bs: Command) -> None:
    recorded.edit(recorded.cassette, "张三", "张四")
    bs("cassette", "seal", HERE, "--yes")
    assert "unknown" in Cassette.load(recorded.cassette).head.rules.values()

    assert bs("cassette", "fmt").out == f"{HERE}: written anew\n"
    assert "unknown" not in Cassette.load(recorded.cassette).head.rules.values()


def test_a_file_that_is_not_there_is_told(recorded: Project, bs: Command) -> None:
    done = bs("cassette", "fmt", "cassettes/crm/custmer.yaml")

    assert (done.code, done.err) == (
        2,
        (f"cassettes/crm/custmer.yaml: file or folder not found; did you mean '{HERE}'?\n"),
    )
