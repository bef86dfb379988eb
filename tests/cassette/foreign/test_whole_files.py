"""Files of other tools on disk: what is read beside them, and what becomes of a cassette."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.errors import CassetteError, LeakError
from bpmax_sim.messages import Exchange, Request, Response
from bpmax_sim.platform.load import Platforms
from bpmax_sim.secret.vault import Vault
from bpmax_sim.traffic import import_recording as module
from bpmax_sim.traffic.import_recording import (
    count_recorded_exchanges,
    is_foreign_recording,
    prepare_import,
    read_file,
    render_exchanges,
    write_recording,
)
from bpmax_sim.traffic.imported import ForeignExchanges

CRM = "https://crm.example.test"
RULES = MatchingRules()


def archive(*names: str) -> str:
    entries = [
        {"request": {"method": "GET", "url": CRM}, "response": {
            "status": 200, "content": {"_file": name}}} for name in names
    ]  # fmt: skip
    return json.dumps({"log": {"entries": entries}})


def test_a_recording_is_read_with_the_files_beside_it_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "客户"
    (folder / "unten").mkdir(parents=True)
    for name in ("../aussen.bin", "a.bin", "unten/b.bin", "gross.bin", "genau.bin"):
        (folder / name).write_bytes(b"x" * (2001 if "gross" in name else 2000))
    (folder / "link.bin").symlink_to(folder / "a.bin")
    path = folder / "a.har"
    path.write_text(archive("a.bin", "../aussen.bin", "unten/b.bin", "link.bin", "gross.bin",
                            "genau.bin", "fehlt.bin", "unten", str(folder / "a.bin")),
                    "utf-8")  # fmt: skip
    monkeypatch.setattr(module, "_LARGEST", 2000)
    found = read_file(path)
    mapping = folder / "mapping.json"
    mapping.write_text('{"request": {"method": "GET", "url": "/a"}, "response": {}}', "utf-8")
    urls = [
        read_file(mapping, address=address).imported.exchanges[0].request.url
        for address in ("", "https://erp.example.test/")
    ]

    assert (found.kind, found.path, len(found.imported.exchanges)) == ("har", path, 2)
    assert [note.partition(":")[0][-1] for note in found.imported.notes] == [
        "2", "3", "4", "5", "7", "8", "9",
    ]  # fmt: skip
    assert urls == ["http://localhost:8080/a", "https://erp.example.test/a"]
    assert read_file(mapping, kind="wiremock").kind == "wiremock"


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(CassetteError) as raised:
        read_file(path, **options)
    return str(raised.value)


def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact, large, missing = (tmp_path / name for name in ("exact.json", "large.json", "fehlt.json"))
    exact.write_text(json.dumps({"a": 1}).ljust(1 << 20), "utf-8")
    large.write_text(json.dumps({"a": 1}).ljust((1 << 20) + 1), "utf-8")
    monkeypatch.setattr(module, "_LARGEST", 1 << 20)

    assert refusal(large) == f"{large}: larger than 1 MB; split it"
    assert refusal(exact).startswith(f"{exact}: not a recording that can be imported; there are ")
    assert refusal(exact, kind="har") == f"{exact}: not an HTTP Archive: it has no list log.entries"
    assert refusal(missing) == f"{missing}: cannot be read (No such file or directory)"
    assert refusal(tmp_path) == f"{tmp_path}: cannot be read (Is a directory)"


def drafts(owner: str, *paths: str, vault: Vault | None = None, body: bytes = b"") -> Any:
    exchanges = tuple(
        Exchange(order=n, request=Request(method="GET", url=f"{CRM}{path}"),
                 outcome=Response(status=200, body=body))
        for n, path in enumerate(paths, 1)
    )  # fmt: skip
    found = prepare_import(
        ForeignExchanges(exchanges), Platforms(), Vault(), rules=RULES, owner=owner
    )
    return render_exchanges(found.exchanges, RULES, vault or Vault())


def test_a_recording_replaces_that_of_its_owner_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "neu/tief/客户.yaml"
    counts = [count_recorded_exchanges(path, "甲")]
    changed = []
    for owner, urls in (("甲", ("/1", "/2", "/3")), ("乙", ("/4",)), ("甲", ("/5", "/6")),
                        ("甲", ("/5", "/6"))):  # fmt: skip
        changed.append(write_recording(path, owner, drafts(owner, *urls)))
        counts.append(count_recorded_exchanges(path, "甲"))
    cassette = Cassette.load(path)

    assert (changed, counts) == ([True, True, True, False], [0, 3, 3, 2, 2])
    assert count_recorded_exchanges(path, "乙") == 1
    assert sorted(one.request.url.removeprefix(CRM) for one in cassette.exchanges()) == [
        "/4", "/5", "/6",
    ]  # fmt: skip
    assert [is_foreign_recording(one) for one in (path, tmp_path / "fehlt.yaml")] == [False, False]


def test_a_recording_of_another_tool_is_replaced_and_a_damaged_cassette_is_not(
    tmp_path: Path,
) -> None:
    other, damaged = tmp_path / "fremd.yaml", tmp_path / "kaputt.yaml"
    other.write_text("interactions: []\nversion: 1\n", "utf-8")
    write_recording(damaged, "甲", drafts("甲", "/1", "/2"))
    text = damaged.read_text("utf-8")
    damaged.write_text(text[: text.index("/2")], "utf-8")

    assert is_foreign_recording(other)
    assert write_recording(other, "甲", drafts("甲", "/1", "/2"))
    assert [line.n for line in map(Cassette.load(other).line, range(2))] == [1, 2]
    assert count_recorded_exchanges(other, "甲") == 2
    assert not is_foreign_recording(other)
    for path in (damaged, tmp_path):
        with pytest.raises(CassetteError):
            is_foreign_recording(path)
    with pytest.raises(CassetteError):
        write_recording(damaged, "甲", drafts("甲", "/3"))
    assert damaged.read_text("utf-8") == text[: text.index("/2")]


def test_a_secret_is_not_written_and_the_call_that_has_it_is_named() -> None:
    vault = Vault()
    vault.add("geheim-2026-abcdef", "redacted.crm.one.key.1", name="crm.one.key")
    with pytest.raises(LeakError) as raised:
        drafts("甲", "/1", "/1", "/2", vault=vault, body=b"geheim-2026-abcdef")

    text = str(raised.value)
    assert text.startswith("not written, a secret was found in ")
    assert len(text.removeprefix("not written, a secret was found in ").split(", ")) == len(
        set(text.removeprefix("not written, a secret was found in ").split(", "))
    )
