from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bpmax_sim.cassette import file
from bpmax_sim.cassette.journal import scan_nothing
from bpmax_sim.cassette.recorder import Recorder
from bpmax_sim.errors import CassetteError, DamagedCassette
from bpmax_sim.messages import Exchange
from bpmax_sim.session.start import load_cassette
from tests.cassette.exchanges import OWNER, RULES, ZONE, detail


def recorded(path: Path, exchange: Exchange) -> str:
    recording = Recorder(path, rules=RULES, owner=OWNER, scan=scan_nothing, zone=ZONE)
    recording.append(exchange)
    recording.seal()
    return str(path)


def customer(path: str) -> str:
    return file.load_cached(path).exchange(0).request.url.partition("?")[0].rpartition("/")[2]


def test_a_cassette_on_the_shelf_is_read_once(tmp_path: Path) -> None:
    path = recorded(tmp_path / "登录.yaml", detail(1))

    once = file.load_cached(path)

    assert file.load_cached(path) is once
    assert once.outcome(0) is once.outcome(0)


def test_a_cassette_that_was_recorded_anew_is_read_anew(tmp_path: Path) -> None:
    path = recorded(tmp_path / "登录.yaml", detail(1))
    assert customer(path) == "1"

    recorded(Path(path), detail(2))

    assert customer(path) == "2"


def test_a_cassette_that_was_edited_or_deleted_is_not_taken_from_the_shelf(tmp_path: Path) -> None:
    path = recorded(tmp_path / "登录.yaml", detail(1))
    file.load_cached(path)
    Path(path).write_bytes(Path(path).read_bytes()[:-9])

    with pytest.raises(DamagedCassette):
        file.load_cached(path)
    Path(path).unlink()
    with pytest.raises(FileNotFoundError):
        file.load_cached(path)


@pytest.mark.parametrize("name", ["付款.yaml/退款.yaml", "\0.yaml", f"{'长' * 200}.yaml"])
def test_a_file_that_no_system_can_open_is_one_that_cannot_be_used(
    tmp_path: Path, name: str
) -> None:
    recorded(tmp_path / "付款.yaml", detail(1))
    path = f"{tmp_path}/{name}"

    loads: tuple[Callable[[], object], ...] = (
        lambda: file.load_cached(path), lambda: load_cassette(Path(path)),
        lambda: file.Cassette.load(path),
    )  # fmt: skip
    for load in loads:
        with pytest.raises(CassetteError) as refused:
            load()
        assert str(refused.value).startswith(f"{path}: cannot be opened: ")
    with pytest.raises(FileNotFoundError):
        file.load_cached(f"{tmp_path}/退款.yaml")
    assert load_cassette(tmp_path / "退款.yaml") is None
    assert load_cassette(None) is None
