"""A file that others write while a command looks at it, or asks, stays as they wrote it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bpmax_sim.cassette.format import reseal
from bpmax_sim.errors import ConfigError
from bpmax_sim.file_version import read_version
from tests.cli.project import Command, Project
from tests.typed import Typed

HERE = "cassettes/crm/customer.yaml"
TOLD = "somebody wrote it since this command read it, so it stays as it is; run the command again"


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ("客户: 张三", "客户: 张三", True),
        ("客户: 张三", "客户: 李四", False),
        ("客户: 张三", "客户: 张三\n", False),
        ("客户: 张三", "", False),
        ("客户: 张三", None, False),
        ("", "", True),
        ("", None, False),
        (None, "", False),
        (None, "客户: 张三", False),
        (None, None, True),
    ],
)
def test_a_version_is_the_content(
    tmp_path: Path, before: str | None, after: str | None, is_same: bool
) -> None:
    path = tmp_path / "客户.yaml"

    def write(text: str | None) -> None:
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text, encoding="utf-8")

    write(before)
    version = read_version(path)
    write(after)

    if is_same:
        version.require_unchanged()
    else:
        with pytest.raises(ConfigError, match=TOLD):
            version.require_unchanged()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe, missing = tmp_path / "管道.yaml", tmp_path / "没有.yaml"
    os.mkfifo(pipe)

    assert read_version(pipe).digest == read_version(missing).digest == b""
    assert read_version(tmp_path).digest == b""


def test_the_same_content_in_another_file_is_another_version(tmp_path: Path) -> None:
    one, two = tmp_path / "一.yaml", tmp_path / "二.yaml"
    for path in (one, two):
        path.write_text("客户: 张三", encoding="utf-8")

    assert read_version(one) == read_version(one)
    assert read_version(one) != read_version(two)


@pytest.fixture(name="bs")
def command_in_recorded(recorded: Project, bs: Command) -> Command:
    """Be in a project that has a recording, and one of another customer that waits for review."""
    text = recorded.cassette.read_text(encoding="utf-8").replace("张三", "李四")
    recorded.cassette.with_name("customer.yaml.new").write_bytes(reseal(text))
    return bs


def append(path: Path) -> Callable[[], object]:
    return lambda: path.write_bytes(path.read_bytes() + b"# \xe5\xbc\xa0\n")


@pytest.mark.parametrize(
    ("command", "typed", "changed"),
    [
        (("cassette", "seal", HERE), "y\n", HERE),
        (("review", "--accept"), "y\n", HERE),
        (("review", "--accept"), "y\n", f"{HERE}.new"),
        (("review", "--reject"), "y\n", f"{HERE}.new"),
        (("review",), "a\n", HERE),
        (("review",), "a\n", f"{HERE}.new"),
        (("review",), "r\n", f"{HERE}.new"),
    ],
)
def test_what_is_written_while_a_person_is_asked_stays(
    recorded: Project,
    bs: Command,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    typed: str,
    changed: str,
) -> None:
    if "seal" in command:
        recorded.edit(recorded.cassette, "张三", "张四")
    files = [recorded.cassette, recorded.cassette.with_name("customer.yaml.new")]
    path = recorded.folder / changed
    wanted = [file.read_bytes() + (b"# \xe5\xbc\xa0\n" if file == path else b"") for file in files]
    monkeypatch.setattr("sys.stdin", Typed(typed, append(path)))

    done = bs(*command)

    assert (done.code, f"{changed}: {TOLD}" in done.err) == (2, True), done.err
    assert [file.read_bytes() for file in files] == wanted


def test_a_rejected_recording_may_be_beside_one_that_changed(
    recorded: Project, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Typed("r\n", append(recorded.cassette)))

    assert bs("review").code == 0
    assert not recorded.cassette.with_name("customer.yaml.new").exists()
