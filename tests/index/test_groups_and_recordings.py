"""Which groups of scenarios a check left out before, and what a recording says of its calls."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.journal import scan_nothing
from bpmax_sim.cassette.recorder import Recorder
from bpmax_sim.errors import Place, Problem
from bpmax_sim.index import files
from bpmax_sim.index.facts import FileFacts
from bpmax_sim.index.files import make_code_edition, read_cache, write_cache
from bpmax_sim.index.items import ItemIndex, ProjectItem
from bpmax_sim.index.recordings import read_cassette_facts
from bpmax_sim.index.sound_groups import _DECODER, SoundScenarioGroups, StoredGroups
from bpmax_sim.index.store import ProjectIndex, load_index
from bpmax_sim.messages import LOGIN
from bpmax_sim.platform.instances import InstanceOrigin, InstanceWithOrigin
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Instance, Platform
from tests.cassette.exchanges import OWNER, RULES, answer, detail

CRM = Platform(platform_key="crm", base_url="https://crm.example.test")


def entry(key: str) -> InstanceWithOrigin:
    return InstanceWithOrigin(Instance(platform="crm", instance_key=key), InstanceOrigin())


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a test wrote before a look count as old, as it is for a person."""
    monkeypatch.setattr(files, "_RACY", -(10**9))


def items_of(root: Path) -> list[ProjectItem]:
    """Return the items of two scenarios that share a script, and of one with two rows."""
    texts = {
        "甲": "proxy: {platforms: 一}\nsteps: [{js: {file: x.js}}]\n",
        "乙": "proxy: {platforms: 二}\nsteps: [{js: {file: x.js}}]\n",
        "丙": "cases: [{id: 上}, {id: 下}]\nsteps: [{js: 'return 1', expect: {result: 1}}]\n",
    }
    for folder in ("一", "二"):
        (root / "scenarios" / folder).mkdir(parents=True, exist_ok=True)
    (root / "scenarios/x.js").write_text("return 1;", "utf-8")
    index = ItemIndex(root)
    found = []
    for name, text in texts.items():
        path = root / f"scenarios/{name}.scenario.yaml"
        path.write_text(f"version: 1\nscenario: {name}\n{text}", "utf-8")
        found += index.list_items(path)
    index.save()
    return found


def names(items: list[ProjectItem]) -> str:
    return " ".join(item.header.one_line_name for item in items)


def groups_of(
    items: list[ProjectItem], platforms: dict[Any, Platforms] | None = None, digest: bytes = b"1"
) -> SoundScenarioGroups:
    root = items[0].header.root
    if platforms is None:
        platforms = {item.header.platforms_key: Platforms() for item in items}
    known = {"cassettes/a.yaml": FileFacts("cassette"), "cassettes/b.yaml": FileFacts("cassette")}
    index = ProjectIndex(root, known, 0, dict.fromkeys(known, digest))
    return SoundScenarioGroups(items, index, platforms)


def test_a_group_is_left_out_only_whole_as_it_was_checked(tmp_path: Path) -> None:
    items = items_of(tmp_path)
    assert names(items) == "甲 乙 丙[上] 丙[下]"
    first = {items[0].header.platforms_key: Platforms(), items[2].header.platforms_key: Platforms()}
    groups_of(items, first).save([])
    assert names(groups_of(items, first).find_unchecked_items()) == "甲 乙"  # 乙 has no platforms
    groups_of(items[2:3]).save([])
    assert names(groups_of(items[3:]).find_unchecked_items()) == "丙[下]"  # another row of it
    groups_of(items).save([])
    assert names(groups_of(items).find_unchecked_items()) == ""
    assert names(groups_of(items[::-1]).find_unchecked_items()) == ""
    assert names(groups_of(items[:1]).find_unchecked_items()) == "甲"


def test_the_instances_of_a_platform_count_and_not_their_number_alone(tmp_path: Path) -> None:
    items = items_of(tmp_path)[2:]

    def are_checked(platforms: Platforms, digest: bytes = b"1") -> bool:
        groups = groups_of(items, {items[0].header.platforms_key: platforms}, digest)
        unchecked = groups.find_unchecked_items()
        groups.save([])
        return bool(unchecked)

    own = {"crm": CRM}
    looks = [
        Platforms(own=own, entries={"crm": (entry("华东"),)}),
        Platforms(own=own, entries={"crm": (entry("华南"),)}),
        Platforms(own=own, entries={"crm": (entry("华东"), entry("华南"))}),
        Platforms(own={"crm": replace(CRM, title="客户")}),
        Platforms(own=own, broken={"oa": ()}, folder="一"),
        Platforms(own=own, broken={"oa": ()}, folder="二"),
    ]  # fmt: skip
    assert [[are_checked(look), are_checked(look)] for look in looks] == [[True, False]] * 6
    assert not are_checked(looks[-1], b"2")  # recordings without a response say nothing


def test_each_sound_group_is_kept_once_and_a_wrong_one_not(tmp_path: Path) -> None:
    items, place = items_of(tmp_path), tmp_path / ".bpmax/sound"

    def kept() -> list[bytes]:
        stored = read_cache(place, _DECODER, make_code_edition())
        return stored.sound if stored else []

    shared = Problem("falsch", Place(str(tmp_path / "scenarios/x.js"), 1))
    elsewhere = Problem("falsch", Place(str(tmp_path / "scenarios/y.js"), 1))
    groups_of(items).save([elsewhere, shared])
    assert names(groups_of(items).find_unchecked_items()) == "甲 乙"
    before = kept()
    assert len(before) == 1
    for _ in range(2):
        groups_of(items).save([elsewhere])
    assert (len(kept()), kept()[0]) == (2, before[0])
    groups_of(items).save([])
    assert len(kept()) == 2
    write_cache(place, StoredGroups("another", kept()))
    assert len(groups_of(items).find_unchecked_items()) == 4


def test_a_recording_says_each_call_at_its_line_and_no_login(tmp_path: Path) -> None:
    path = tmp_path / "甲.yaml"
    one = detail(1)
    assert one.request.call
    call = one.request.call
    recorded = [
        replace(one, request=replace(one.request, call=replace(call, api=LOGIN))),
        replace(one, request=replace(one.request, call=None)),
        replace(one, request=replace(one.request, call=replace(call, platform="", api=""))),
        one, detail(2, outcome=answer('{"data":{"等级":"VIP"}}')),
        detail(3, outcome=replace(answer('{"错误":1}'), status=404)),
        detail(4, outcome=replace(answer("文"), headers=(("content-type", "text/plain"),))),
    ]  # fmt: skip
    with closing(Recorder(path, rules=RULES, owner=OWNER, scan=scan_nothing)) as made:
        for exchange in recorded:
            made.append(exchange)
        made.seal()
    lines = path.read_text("utf-8").splitlines()
    facts = read_cassette_facts(path)

    assert [(fact.kind, fact.role, fact.name, fact.detail) for fact in facts.facts] == [
        ("api", "records", "crm_system.get_customer_detail", OWNER)
    ] * 4
    assert [fact.column for fact in facts.facts] == [1] * 4
    told = [lines[fact.line - 1] for fact in facts.facts]
    assert len(set(told)) == 4
    assert all("crm_system.get_customer_detail" in line for line in told), told
    shape = facts.shapes["crm_system.get_customer_detail"].members["data"]
    assert set(shape.members) == {"name", "等级"}
    assert read_cassette_facts(tmp_path / "没有.yaml") == FileFacts("cassette")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    assert read_cassette_facts(path).kind == "cassette"


def test_shapes_are_those_of_recordings_with_a_response(tmp_path: Path) -> None:
    (tmp_path / "cassettes").mkdir()
    for name, outcome in (("甲", answer("[]")), ("乙", replace(answer("[]"), status=500))):
        path = tmp_path / f"cassettes/{name}.yaml"
        with closing(Recorder(path, rules=RULES, owner=OWNER, scan=scan_nothing)) as made:
            made.append(detail(outcome=outcome))
            made.seal()
    index = load_index(tmp_path, uses_cache=False)

    assert [facts.kind for facts in index.files.values()] == ["cassette", "cassette"]
    assert [[*shapes] for shapes in index.recorded_shapes] == [["crm_system.get_customer_detail"]]
