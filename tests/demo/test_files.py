"""What the demonstration writes and finds in its files, and what its CRM answers."""

from __future__ import annotations

import base64
import json
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.i18n import choose_language, get_current_language
from bpmax_sim.messages import Pairs, Request
from bpmax_sim.starter.demo import (
    CUSTOMERS,
    SIGN,
    _show_next_commands,
    describe_leaks_in_files,
    find_standins,
    serve_crm,
    write_demo,
)
from bpmax_sim.transport.live import LiveTransport

FORM: Pairs = (("content-type", "application/x-www-form-urlencoded"),)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_demonstration_is_written_in_one_language(tmp_path: Path, language: str) -> None:
    before = get_current_language()
    choose_language(language)
    try:
        written = write_demo(tmp_path / "演示")
    finally:
        choose_language(before)

    there = sorted(path for path in (tmp_path / "演示").rglob("*") if path.is_file())
    assert sorted(written) == there
    assert len({*written}) == len(written)
    assert [path.name for path in there if path.suffix == ".md"] == ["README.md"]
    text = (tmp_path / "演示/README.md").read_text("utf-8")
    assert text.startswith(f"{SIGN}\n")
    assert any("\u4e00" <= sign <= "\u9fff" for sign in text.replace("张三", "")) or (
        language == "en"
    )


def test_a_demonstration_is_written_again_over_its_own(tmp_path: Path) -> None:
    written = write_demo(tmp_path)
    script = next(path for path in written if path.suffix == ".js")
    whole = script.read_bytes()
    script.write_bytes(b"// x")
    (tmp_path / "我的.txt").write_text("x", "utf-8")

    assert write_demo(tmp_path) == written
    assert script.read_bytes() == whole
    assert (tmp_path / "我的.txt").read_text("utf-8") == "x"


@pytest.mark.parametrize("text", [f"{SIGN}", f"{SIGN} 2\n", f"x\n{SIGN}\n", ""])
def test_only_the_first_line_makes_a_folder_ours(tmp_path: Path, text: str) -> None:
    (tmp_path / "README.md").write_text(text, "utf-8")

    with pytest.raises(Exception, match="is not empty and not a demonstration"):
        write_demo(tmp_path)


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "空").mkdir()

    assert write_demo(tmp_path / "空")


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ((), ()),
        (("nothing",), ()),
        (("redacted",), ()),
        (("redacted.", "x redacted.a y"), ("redacted.a",)),
        (("redacted.b.1, redacted.a_-2.x", "redacted.b.1"), ("redacted.a_-2.x", "redacted.b.1")),
        (("redacted.a.客",), ("redacted.a",)),
    ],
)
def test_stand_ins_are_found_once_each_in_order(
    tmp_path: Path, texts: tuple[str, ...], found: tuple[str, ...]
) -> None:
    files = []
    for number, text in enumerate(texts):
        files.append(tmp_path / f"{number}.yaml")
        files[-1].write_text(text, "utf-8")

    assert find_standins(files) == found


def test_a_leak_is_told_by_the_number_of_its_value(tmp_path: Path) -> None:
    values = ["erstes-geheimnis-1", "zweites-geheimnis-2", "drittes-geheimnis-3"]
    for name, text in (
        ("a.yaml", "nothing"),
        ("b.yaml", f"x {values[1]}"),
        ("c.yaml", base64.b64encode(values[2].encode()).decode()),
    ):
        (tmp_path / name).write_text(text, "utf-8")
    files = sorted(tmp_path.iterdir())

    found = describe_leaks_in_files(files, values)

    assert [one[:15] for one in found] == ["b.yaml: value 2", "c.yaml: value 3"]
    assert describe_leaks_in_files(files, values[:1]) == ()


@pytest.mark.parametrize(
    ("method", "path", "body", "token", "status", "code"),
    [
        ("POST", "/oauth/token", "{secret}", "", 200, None),
        ("POST", "/oauth/token?x=1", "{secret}", "", 200, None),
        ("POST", "/oauth/tokens", "{secret}", "", 404, None),
        ("POST", "/oauth/token", "wrong", "", 401, None),
        ("POST", "/oauth/token", "{secret}&client_secret=x", "", 401, None),
        ("GET", "/api/customers/12345", "", "right", 200, 200),
        ("GET", "/api/customers/12346?fields=name", "", "right", 200, 200),
        ("GET", "/api/customers/9", "", "right", 200, 404),
        ("GET", "/api/customers/", "", "right", 200, 404),
        ("GET", "/api/orders/12345", "", "right", 404, 404),
        ("GET", "/api/customers/12345", "", "wrong", 401, 401),
        ("GET", "/api/orders/12345", "", "wrong", 401, 401),
    ],
)  # fmt: skip
def test_the_crm_answers_by_secret_token_and_path(
    method: str, path: str, body: str, token: str, status: int, code: int | None
) -> None:
    with serve_crm() as crm, LiveTransport() as live:
        crm.tokens.append("right")
        sent = f"client_secret={body}".format(secret=crm.client_secret) if body else ""
        answer: Any = live.handle(
            Request(
                method=method,
                url=f"{crm.url}{path}",
                headers=FORM if body else (("authorization", f"Bearer {token}"),),
                body=sent.encode() if body else None,
            )
        )
        value = json.loads(answer.body)

    assert (answer.status, value.get("code")) == (status, code)
    if code == 200:
        assert value["data"] == CUSTOMERS[path.rpartition("/")[2].partition("?")[0]]
    if method == "POST" and status == 200:
        assert (value["token_type"], value["expires_in"]) == ("Bearer", 7200)
        assert crm.tokens == ["right", value["access_token"]]
    elif method == "POST":
        assert crm.tokens == ["right"]


@pytest.mark.parametrize(
    ("has_command", "has_activate", "line"),
    [
        (True, True, None),
        (False, True, "     . 环境/bin/activate"),
        (False, False, "     PATH=环境/bin:$PATH"),
    ],
)
def test_the_next_commands_begin_with_the_environment_where_ours_is_not_found(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str | None,
    *,
    has_command: bool,
    has_activate: bool,
) -> None:
    scripts = tmp_path / "环境/bin"
    scripts.mkdir(parents=True)
    if has_activate:
        (scripts / "activate").touch()
    if has_command:
        (scripts / "bpmax-sim").touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(scripts))
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(scripts))

    first, second, *lines = _show_next_commands(tmp_path / "演示")
    assert (first, second) == ("", "Now you")
    assert lines[: int(line is not None)] == ([] if line is None else [line])
    assert lines[int(line is not None)] == "     bpmax-sim run 演示/scenarios"
    assert lines[-1] == "     bpmax-sim record 演示/scenarios"
    assert len(lines) == 5 + int(line is not None)
