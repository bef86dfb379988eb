"""A file of every format that was ever written, and how an older one becomes today's."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from bpmax_sim.cassette import file
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import STEPS, up_to_date
from bpmax_sim.cassette.model import FORMAT
from bpmax_sim.errors import CassetteError

SAMPLES = Path(__file__).parent / "data"


def test_every_version_has_a_sample_and_every_older_one_a_step() -> None:
    assert sorted(path.name for path in SAMPLES.glob("format_*.yaml")) == [
        f"format_{version}.yaml" for version in range(1, FORMAT + 1)
    ]
    assert sorted(STEPS) == list(range(1, FORMAT))


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("format_*.yaml")), ids=lambda p: p.stem)
def test_a_sample_of_every_version_is_read(path: Path) -> None:
    assert len(list(Cassette.load(path).exchanges())) == 5


def test_steps_are_taken_one_after_the_other() -> None:
    steps = {1: lambda data: data + b"2", 2: lambda data: data + b"3"}

    assert up_to_date(b"1", 1, steps=steps, newest=3) == b"123"
    assert up_to_date(b"2", 2, steps=steps, newest=3) == b"23"
    assert up_to_date(b"3", 3, steps=steps, newest=3) == b"3"
    with pytest.raises(LookupError, match="format 3 was never written by any bpmax-sim"):
        up_to_date(b"3", 3, steps=steps, newest=4)


def test_an_older_file_is_read_through_its_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = (SAMPLES / f"format_{FORMAT}.yaml").read_bytes()
    was = today.replace(b'"format":%d,' % FORMAT, b'"format":0,', 1)
    path = tmp_path / "客户.yaml"
    path.write_bytes(was)
    steps = {0: lambda _: today}
    monkeypatch.setattr(file, "up_to_date", partial(up_to_date, steps=steps))

    assert [e.key for e in Cassette.load(path).exchanges()] == [
        e.key for e in Cassette.load(SAMPLES / f"format_{FORMAT}.yaml").exchanges()
    ]
    assert path.read_bytes() == was


def test_a_format_that_was_never_written_is_refused_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "客户.yaml"
    data = (SAMPLES / "format_1.yaml").read_bytes().replace(b'"format":1,', b'"format":0,', 1)
    path.write_bytes(data)
    with pytest.raises(CassetteError) as raised:
        Cassette.load(path)

    assert str(raised.value) == (
        f"{path}:2: format 0 was never written by any bpmax-sim; restore it or record it again"
    )
    assert path.read_bytes() == data
