"""A library of platforms: several folders, parents, and presets of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.messages import Request
from bpmax_sim.platform.load import load_platforms, load_usable_platforms, read_platform
from bpmax_sim.platform.source import read_source
from bpmax_sim.project import compute_folder_stamp
from bpmax_sim.script.failure import Script
from bpmax_sim.session.session import Session
from tests.systems import needs_links

CRM = """\
platform_key: crm
title: 客户系统
base_url: https://crm.example.test
headers: {X-Team: sales}
auth: {preset: ../presets/corp.yaml, tenant: 7}
response: {code: [$.code]}
apis:
  find: {path: "/customers/{id}", aliases: [find_customer]}
  create: {method: POST, path: /customers}
"""
CORP = """\
preset: corp
parameters: {tenant: 1}
credentials: {app_secret: {secret: true}}
auth:
  apply:
    - {in: header, name: X-Tenant, value: "{{ tenant }}"}
    - {in: header, name: X-Secret, value: "{{ app_secret }}"}
"""
CHILD = """\
platform_key: crm
extends: crm
base_url: https://crm-test.example.test
headers: {X-Stage: test}
apis:
  find: {aliases: [get_customer]}
  remove: {method: DELETE, path: "/customers/{id}"}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "common/sales/crm.yaml": CRM,
        "common/presets/corp.yaml": CORP,
        "team/crm.yaml": CHILD,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_a_later_folder_is_laid_over_an_earlier_one(root: Path) -> None:
    platforms = load_platforms([root / "common", root / "team"])
    crm = platforms.platform("crm")
    assert (crm.title, crm.base_url) == ("客户系统", "https://crm-test.example.test")
    assert dict(crm.headers) == {"X-Team": "sales", "X-Stage": "test"}
    assert list(crm.apis) == ["find", "create", "remove"]
    assert crm.apis["find"].aliases == ("get_customer",)
    assert crm.apis["find"].path == "/customers/{id}"
    assert crm.auth.parameters == {"tenant": 7}
    assert [item.name for item in crm.auth.apply] == ["X-Tenant", "X-Secret"]
    assert crm.credentials["app_secret"].secret is True
    ((key, was, now),) = platforms.overridden
    assert (key, Path(was.file).name, Path(now.file).parent.name) == ("crm", "crm.yaml", "team")
    assert load_platforms([root / "common", root / "team"]) is platforms


def test_a_change_of_parent_or_preset_is_seen(root: Path) -> None:
    folders = [root / "common", root / "team"]
    first = load_platforms(folders).platform("crm")
    (root / "common/presets/corp.yaml").write_text(CORP.replace("X-Tenant", "X-T"), "utf-8")
    second = load_platforms(folders).platform("crm")
    assert [item.name for item in second.auth.apply] == ["X-T", "X-Secret"]
    parent = root / "common/sales/crm.yaml"
    parent.write_text(CRM.replace("客户系统", "客户"), "utf-8")
    third = load_platforms(folders).platform("crm")
    assert (first.title, third.title) == ("客户系统", "客户")


@pytest.mark.parametrize("wrong", [None, "preset: [", "- 公司\n"])
def test_a_preset_that_is_mended_is_read_again(root: Path, wrong: str | None) -> None:
    preset = root / "common/presets/corp.yaml"
    preset.unlink() if wrong is None else preset.write_text(wrong, "utf-8")
    with pytest.raises(ConfigError, match=r"corp\.yaml"):
        load_platforms(root / "common")

    preset.write_text(CORP, "utf-8")

    auth = load_platforms(root / "common").platform("crm").auth
    assert [item.name for item in auth.apply] == ["X-Tenant", "X-Secret"]


def test_a_preset_that_cannot_be_read_is_told_of_once(root: Path) -> None:
    crm = root / "crm.yaml"
    text = """\
platform_key: crm
base_url: https://crm.example.test
auth: {preset: 无.yml}
apis:
  find: {path: /find, auth: {preset: ./没有.yaml}}
  create: {path: /create, auth: {preset: 无.yml}}
"""
    crm.write_text(text, "utf-8")
    source = read_source(crm)

    assert [Path(one.place.file).name for one in source.problems if one.place] == [
        "无.yml",
        "没有.yaml",
    ]
    assert source.used == (str(root / "无.yml"), str(root / "没有.yaml"))
    assert source.presets == {}


@pytest.mark.parametrize(("parent", "kind"), [("[crm]", "a list"), ("{a: crm}", "a mapping")])
def test_a_parent_is_named_by_a_text(root: Path, parent: str, kind: str) -> None:
    child = root / "child.yaml"
    child.write_text(f"platform_key: 下级\nbase_url: https://a.test\nextends: {parent}\n", "utf-8")

    with pytest.raises(ConfigError, match=rf"^.*:3:10: extends: expected text, got {kind}$"):
        read_platform(child)


@needs_links
def test_links_are_read_and_may_lead_in_a_circle(root: Path) -> None:
    (root / "team/linked").symlink_to(root / "common")
    (root / "team/up").symlink_to(root / "team")
    (root / "team/crm.yaml").unlink()
    assert load_platforms(root / "team").platform("crm").title == "客户系统"


@needs_links
@pytest.mark.parametrize("suffix", ["", ".yaml"])
def test_a_link_that_leads_nowhere_hides_no_change_of_the_other_files(
    root: Path, suffix: str
) -> None:
    # Several, as a folder lists its files in any order.
    for number in range(9):
        link = root / f"common/sales/{number}{suffix}"
        link.symlink_to(link.name)
    before = compute_folder_stamp(str(root / "common"), "")
    (root / "common/sales/crm.yaml").write_text(f"{CRM}title: 客户\n", "utf-8")

    assert compute_folder_stamp(str(root / "common"), "") != before


def test_a_shipped_platform_can_be_extended(tmp_path: Path) -> None:
    path = tmp_path / "wecom.yaml"
    path.write_text(
        "platform_key: wecom\nextends: qywx\ntimeout: 5s\n"
        "apis: {approve: {method: POST, path: /cgi-bin/oa/applyevent}}\n",
        "utf-8",
    )
    platform = read_platform(path)
    assert platform.timeout == 5
    assert {"approve", "sendTextMessage"} <= platform.apis.keys()
    assert platform.auth.acquire is not None


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"a": "extends: b", "b": "extends: a", "c": "extends: b"},
            "a.yaml:2:10: extends: extends itself: a (a.yaml:2:10) → b (b.yaml:2:10) → a; remove",
        ),
        ({"a": "extends: a"}, "a.yaml:2:10: extends: there is no platform 'a' to extend"),
        ({"a": "extends: nothing"}, "there is no platform 'nothing' to extend"),
        (
            {"a": "base_url: https://a.example.test\nauth: {preset: ./none.yaml}"},
            "none.yaml: cannot be read",
        ),
        (
            {"a": "base_url: https://a.example.test\ntimeout: 3s", "b": "extends: a\ntimeout: x"},
            "b.yaml:3:10: timeout",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_place(
    tmp_path: Path, files: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, text in files.items():
        (tmp_path / f"{key}.yaml").write_text(f"platform_key: {key}\n{text}\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load_platforms(tmp_path)
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_session_takes_several_folders(root: Path) -> None:
    with Session.open(
        mode="simulate", platforms=[root / "common", root / "team"], environ={}
    ) as session:
        assert session.proxy("crm").api("remove").path(id=7).call() is not None


SOUND = "platform_key: ok\nbase_url: https://ok.example.test\napis: {find: {path: /a}}\n"


@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        ("crm.yaml", "platform_key: crm\ntimeout: soon\n", "crm"),
        ("other.yaml", "platform_key: crm\napis: [\n", "crm"),
        ("crm.yaml", "apis: {}\n", "crm"),
        ("crm.yaml", "platform_key: crm\nextends: crm_parent\n", "crm"),
    ],
)
def test_a_mistake_stops_only_who_uses_it(tmp_path: Path, name: str, text: str, key: str) -> None:
    (tmp_path / "ok.yaml").write_text(SOUND, "utf-8")
    (tmp_path / name).write_text(text, "utf-8")
    with Session.open(tmp_path, mode="simulate", environ={}) as session:
        assert session.run_script(Script("return await $proxy('ok').find()")).error is None
        code = f"await $proxy('{key}').find()"
        caught = session.run_script(Script(code)).error
        assert name in str(caught)
        with pytest.raises(ConfigError, match=name):
            session.proxy(key).api("find").call()
        with pytest.raises(ConfigError, match=name):  # it may be for that platform
            session.handle(Request(method="GET", url="https://crm.example.test/"))


def test_what_a_later_folder_replaces_stops_nobody(tmp_path: Path) -> None:
    for folder, text in (("a", SOUND.replace("path: /a", "path: [")), ("b", SOUND)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "ok.yaml").write_text(text, "utf-8")
    platforms = load_usable_platforms([tmp_path / "a", tmp_path / "b"])
    assert (platforms.platform("ok").base_url, dict(platforms.broken)) == (
        "https://ok.example.test",
        {},
    )
    (problem,) = platforms.problems
    assert str(problem.place).endswith("a/ok.yaml:3:22")
    with pytest.raises(ConfigError):
        load_usable_platforms([tmp_path / "b", tmp_path / "a"]).platform("ok")
