"""Where the newest value of a credential lies: in a file, in a keyring, and for whom."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import bpmax_sim as bs
from bpmax_sim.platform.model import Source
from bpmax_sim.session import replaced_credentials as module
from bpmax_sim.session.replaced_credentials import (
    ReplacedCredentialStore,
    get_replaced_credentials_folder,
)
from bpmax_sim.yamlfile import to_display_path
from tests.systems import needs_rights


@pytest.fixture(name="project")
def a_project(tmp_path: Path) -> Path:
    (tmp_path / "项目/scenarios").mkdir(parents=True)
    return tmp_path / "项目"


@pytest.fixture(name="ring")
def a_keyring(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return what the keyring holds, by entry."""
    ring = {"crm/refresh": "环-0", "crm/device": "环-9"}
    monkeypatch.setattr(module, "read_keyring", ring.__getitem__)
    monkeypatch.setattr(module, "write_keyring", ring.__setitem__)
    return ring


def open_store(
    keeper: ReplacedCredentialStore,
    real: Mapping[str, str],
    *,
    own: Mapping[str, Any] | None = None,
    default: Mapping[str, Any] | None = None,
    instance: str = "test",
    live: str = "https://crm.test",
) -> Any:
    specs = {name: SimpleNamespace(default=(default or {}).get(name)) for name in real}
    recipe: Any = SimpleNamespace(
        platform=SimpleNamespace(platform_key="crm", credentials=specs),
        instance=SimpleNamespace(instance_key=instance, credentials=own or {}),
    )
    tenant: Any = SimpleNamespace(real=real, live=live)
    return keeper.find_credential_store(recipe, tenant, [*real])


def kept(project: Path, name: str = "crm.test.json") -> dict[str, Any]:
    data: dict[str, Any] = json.loads(
        (get_replaced_credentials_folder(project) / name).read_bytes()
    )
    return data


def keeper_of(project: Path) -> ReplacedCredentialStore:
    return ReplacedCredentialStore(project / "cassettes/a.yaml")


def test_what_a_keyring_declares_is_replaced_there_and_all_else_in_the_file(
    project: Path, ring: dict[str, str]
) -> None:
    real = {"refresh": "环-0", "device": "环-9", "app": "甲-0", "user": "lisi"}
    own = {"refresh": Source(keyring="crm/refresh"), "app": Source(env="APP"), "user": "lisi"}
    default = {"device": Source(keyring="crm/device"), "refresh": Source(keyring="别处")}
    keeper = keeper_of(project)
    store = open_store(keeper, real, own=own, default=default)
    assert store.try_lock_and_read()
    assert store.values == {"refresh": "环-0", "device": "环-9"}
    store.store({"refresh": "环-1", "device": "环-9", "app": "甲-1", "user": "lisi"})
    store.release_lock()

    [line] = kept(project)["lines"].values()
    assert (line["values"], len(line["spent"])) == ({"app": "甲-1"}, 2)
    assert ring == {"crm/refresh": "环-1", "crm/device": "环-9"}
    file = to_display_path(store.path)
    assert [*keeper.notes] == [
        f"{name} of crm.test: the newest, which an earlier login brought, is kept in {place}"
        for name, place in (
            ("refresh", "the keyring, crm/refresh"), ("device", "the keyring, crm/device"),
            ("app", file),
        )
    ]  # fmt: skip
    assert keeper.instances == {("crm", "test")}
    # A keyring's value is another one now, and the line is still that of the same declaration.
    again = open_store(keeper_of(project), {**real, "refresh": "环-1"}, own=own, default=default)
    assert again.try_lock_and_read()
    assert again.values == {"refresh": "环-1", "device": "环-9", "app": "甲-1"}
    again.store({"refresh": "环-0", "app": "甲-0"})  # both were spent
    assert (again.values["refresh"], ring["crm/refresh"]) == ("环-1", "环-1")
    again.release_lock()
    other = open_store(keeper_of(project), {**real, "app": "乙-0"}, own=own, default=default)
    assert other.try_lock_and_read()
    assert "app" not in other.values
    other.release_lock()


def test_values_are_those_that_the_file_has_now(project: Path) -> None:
    store = open_store(keeper_of(project), {"refresh": "r-0", "device": "d-0"})
    assert store.try_lock_and_read()
    (store.path.parent / f"{store.path.name}.new").write_text("half", "utf-8")
    store.store({"refresh": "r-1"})
    store.store({"refresh": "r-2", "device": "d-0"})
    assert store.values == {"refresh": "r-2"}
    before = store.path.read_bytes()
    store.store({"refresh": "r-2"})
    store.store({"refresh": "r-1", "device": "d-0"})
    assert store.path.read_bytes() == before  # nothing of it was new
    store.release_lock()
    store.release_lock()
    assert sorted(one.name for one in store.path.parent.iterdir()) == [
        "crm.test.json",
        "crm.test.lock",
    ]
    store.path.unlink()
    assert store.try_lock_and_read()
    assert store.values == {}
    store.release_lock()


def test_a_file_is_named_after_its_instance_and_lies_in_its_project(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    (tmp_path / "别的/scenarios").mkdir(parents=True)
    places = [
        open_store(keeper, {"refresh": "r-0"}, instance=instance).path
        for keeper, instance in (
            (keeper_of(project), "test"), (ReplacedCredentialStore(None), "test"),
            (ReplacedCredentialStore(tmp_path / "别的/cassettes/a.yaml"), "华东"),
        )
    ]  # fmt: skip
    folders = [
        get_replaced_credentials_folder(root) for root in (project, project, tmp_path / "别的")
    ]
    assert places == [folders[0] / "crm.test.json", folders[1] / "crm.test.json",
                      folders[2] / "crm.华东.json"]  # fmt: skip
    strange = open_store(keeper_of(project), {"refresh": "r-0"}, instance="a/b:c").path
    assert (strange.parent, strange.name != "crm.a/b:c.json") == (folders[0], True)


def test_equal_values_in_whatever_order_are_one_declaration(project: Path) -> None:
    digests = [
        open_store(keeper_of(project), real, live=live).digest
        for real, live in (
            ({"a": "1", "b": "2"}, "x"), ({"b": "2", "a": "1"}, "x"), ({"a": "2", "b": "1"}, "x"),
            ({"a": "1", "b": "2"}, "y"), ({"a": "1"}, "x"),
        )
    ]  # fmt: skip
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


def test_a_value_that_cannot_be_kept_is_told_by_its_name(
    project: Path, monkeypatch: pytest.MonkeyPatch, ring: dict[str, str]
) -> None:
    def refuse(_entry: str, _value: str) -> None:
        raise bs.ConfigError("the keyring is locked")

    own = {"refresh": Source(keyring="crm/refresh")}
    store = open_store(keeper_of(project), {"refresh": "环-0", "device": "d-0"}, own=own)
    assert store.try_lock_and_read()
    store.store({"device": "d-1"})  # nothing is written to the keyring
    monkeypatch.setattr(module, "write_keyring", refuse)
    store.store({"device": "d-2"})
    with pytest.raises(bs.ConfigError) as told:
        store.store({"refresh": "环-1", "device": "d-2"})
    store.release_lock()

    assert str(told.value) == (
        "the login of crm.test has replaced refresh, and the newest could not be kept (the keyring "
        "is locked), so that the one declared is of no more use; get a new one and declare it"
    )
    assert ring["crm/refresh"] == "环-0"


def test_who_waits_a_minute_for_another_process_is_told_by_the_lock(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0], time=lambda: 1.0))
    monkeypatch.setattr(module, "try_lock", lambda _descriptor: False)
    store = open_store(keeper_of(project), {"refresh": "r-0", "device": "d-0"})
    store._since = 100.0
    found = []
    for moment in (100.0, 159.9):
        now[0] = moment
        found.append(store.try_lock_and_read())
    now[0] = 160.0
    with pytest.raises(bs.ConfigError) as told:
        store.try_lock_and_read()

    assert found == [False, False]
    assert store._descriptor == -1
    assert "crm.test.lock: another process has been logging in to crm.test for a minute" in str(
        told.value
    )
    assert "only one may send refresh, device; wait for it" in str(told.value)


@needs_rights
def test_a_file_of_credentials_is_a_file_of_this_user_alone(project: Path) -> None:
    path, user = project / "a.json", os.getuid()

    def refusal(mode: int, owner: int = user) -> str:
        status: Any = SimpleNamespace(st_mode=mode, st_uid=owner)
        try:
            module._check_owner(path, status)
        except bs.ConfigError as error:
            return str(error)
        return ""

    told = {
        "plain": refusal(stat.S_IFREG | 0o600), "read only": refusal(stat.S_IFREG | 0o400),
        "group": refusal(stat.S_IFREG | 0o640), "others": refusal(stat.S_IFREG | 0o601),
        "pipe": refusal(stat.S_IFIFO | 0o600), "folder": refusal(stat.S_IFDIR | 0o700),
        "another": refusal(stat.S_IFREG | 0o600, user + 1),
    }  # fmt: skip
    kinds = {
        "others can read": ["group", "others"], "it is no file": ["pipe", "folder"],
        "it belongs to another user": ["another"],
    }  # fmt: skip
    assert {text: [name for name, one in told.items() if text in one] for text in kinds} == kinds
    assert (told["plain"], told["read only"]) == ("", "")
    store = open_store(keeper_of(project), {"refresh": "r-0"})
    assert store.try_lock_and_read()
    store.store({"refresh": "r-1"})
    store.release_lock()
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700
