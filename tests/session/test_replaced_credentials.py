"""What is kept of credentials that logins replace: which values, how many, and for whom."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import bpmax_sim as bs
from bpmax_sim.proxy.environment import RenewableCredentialStore
from bpmax_sim.session.replaced_credentials import (
    ReplacedCredentialStore,
    get_replaced_credentials_folder,
    read_replaced_credentials,
)
from tests.systems import needs_rights


def store_of(
    folder: Path, real: dict[str, Any] | None = None, live: str = "https://crm.example.test"
) -> RenewableCredentialStore:
    """Return the store of an instance with the declared values *real*, locked and read."""
    values = real or {"refresh": "r-0", "device": "d-0"}
    specs = {name: SimpleNamespace(default=None) for name in values}
    recipe: Any = SimpleNamespace(
        platform=SimpleNamespace(platform_key="crm", credentials=specs),
        instance=SimpleNamespace(instance_key="test", credentials={}),
    )
    tenant: Any = SimpleNamespace(real=values, live=live)
    store = ReplacedCredentialStore(folder / "cassettes/a.yaml").find_credential_store(
        recipe, tenant, values
    )
    assert store.try_lock_and_read()
    return store


def file_of(folder: Path) -> Path:
    return get_replaced_credentials_folder(folder) / "crm.test.json"


@pytest.fixture(name="project")
def a_project(tmp_path: Path) -> Path:
    (tmp_path / "scenarios").mkdir()
    return tmp_path


def keep(folder: Path, *values: dict[str, str], **options: Any) -> dict[str, str]:
    """Store *values* one after the other, and return what the next process reads."""
    store = store_of(folder, **options)
    for one in values:
        store.store(one)
    store.release_lock()
    again = store_of(folder, **options)
    again.release_lock()
    return again.values


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([], {}),
        ([{"refresh": "r-1"}], {"refresh": "r-1"}),
        ([{"refresh": "r-1"}, {"refresh": "r-2"}, {"refresh": "r-3"}], {"refresh": "r-3"}),
        ([{"refresh": "r-1"}, {"device": "d-1"}], {"refresh": "r-1", "device": "d-1"}),
        ([{"refresh": "r-1", "device": "d-0"}], {"refresh": "r-1"}),
        ([{"refresh": "r-0"}], {}),
        ([{"refresh": "r-1"}, {"refresh": "r-0"}], {"refresh": "r-1"}),
        ([{"refresh": "r-1"}, {"refresh": "r-2"}, {"refresh": "r-1"}], {"refresh": "r-2"}),
        ([{"refresh": "r-1"}, {"refresh": "r-1"}], {"refresh": "r-1"}),
        ([{}], {}),
    ],
)
def test_the_newest_of_each_name_is_kept_and_none_that_was_spent(
    project: Path, values: list[dict[str, str]], kept: dict[str, str]
) -> None:
    assert keep(project, *values) == kept
    assert file_of(project).exists() == bool(kept)


@pytest.mark.parametrize(("number", "back", "newest"), [(32, 0, 32), (33, 0, 0), (33, 1, 33)])
def test_the_last_thirty_two_spent_values_are_known(
    project: Path, number: int, back: int, newest: int
) -> None:
    values = [{"refresh": f"r-{n}"} for n in (*range(1, number + 1), back)]
    assert keep(project, *values) == {"refresh": f"r-{newest}"}


def test_values_are_of_the_declared_ones_and_of_the_address(project: Path) -> None:
    keep(project, {"refresh": "r-1"})

    assert keep(project, real={"refresh": "new", "device": "d-0"}) == {}
    assert keep(project, live="https://other.test") == {}
    assert keep(project, real={"device": "d-0", "refresh": "r-0"}) == {"refresh": "r-1"}


def test_eight_declared_values_are_kept_and_the_one_used_last_longest(project: Path) -> None:
    def use(number: int, value: str) -> None:
        keep(project, {"refresh": value}, real={"refresh": f"declared-{number}"})

    for number in range(8):
        use(number, "a")
    use(0, "b")  # the oldest is used again
    use(8, "a")

    found = [keep(project, real={"refresh": f"declared-{number}"}) for number in range(9)]
    assert found == [{"refresh": "b"}, {}, *[{"refresh": "a"}] * 7]


@needs_rights
@pytest.mark.parametrize(
    ("mode", "is_refused"),
    [(0o600, False), (0o400, False), (0o700, False), (0o640, True), (0o620, True), (0o610, True),
     (0o604, True), (0o602, True), (0o601, True), (0o644, True)],
)  # fmt: skip
def test_a_file_that_others_can_read_is_refused(
    project: Path, mode: int, *, is_refused: bool
) -> None:
    keep(project, {"refresh": "r-1"})
    file_of(project).chmod(mode)
    if not is_refused:
        assert next(iter(read_replaced_credentials(file_of(project)).lines.values())).values
        return
    with pytest.raises(bs.ConfigError, match="others can read the credentials"):
        read_replaced_credentials(file_of(project))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"version": 1}', ""), ("{}", ""), ('{"version": 0}', "another version"),
        ('{"version": 2}', "another version"), ('{"version": -1}', "another version"),
        ("[]", "cannot be understood"), ("", "cannot be understood"),
        ('{"lines": {"a": {"values": {"x": 1}}}}', "cannot be understood"),
        ('{"lines": {"a": {"at": null}}}', "cannot be understood"),
    ],
)  # fmt: skip
def test_a_file_is_of_the_version_that_is_read(project: Path, content: str, told: str) -> None:
    path = file_of(project)
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
    if not told:
        assert read_replaced_credentials(path).lines == {}
        return
    with pytest.raises(bs.ConfigError, match=told):
        read_replaced_credentials(path)


def test_what_is_on_the_disk_tells_values_digests_and_time(project: Path) -> None:
    keep(project, {"refresh": "r-1"}, {"refresh": "r-2"})

    [line] = json.loads(file_of(project).read_text(encoding="utf-8"))["lines"].values()
    assert line["values"] == {"refresh": "r-2"}
    assert len(line["spent"]) == len({*line["spent"]}) == 2
    assert all(len(one) == 32 for one in line["spent"])
    assert line["at"] > 1_700_000_000
    assert "r-1" not in file_of(project).read_text(encoding="utf-8")
