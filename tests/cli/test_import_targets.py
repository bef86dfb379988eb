"""Where ``import`` writes, what it leaves there, and what it says of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cli import imports
from bpmax_sim.traffic.imported import ForeignExchanges
from bpmax_sim.yamlfile import read_yaml
from tests.cassette.exchanges import detail
from tests.cli.project import ROOT, Command
from tests.cli.test_imports import archive, entry

SHOP = "https://shop.example.test"
ENTRY = {
    "platform": "shop", "instance_key": "default", "default": True, "base_url": {"env": "SHOP_URL"},
}  # fmt: skip
YOURSELF = "scenarios/instances.yaml: add this to the list yourself:"


@pytest.fixture(name="folder", autouse=True)
def entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def document(folder: Path, name: str = "shop.json", *paths: str, **more: Any) -> str:
    """Write an OpenAPI document with one API for each of *paths*."""
    apis = {path: {"get": {"responses": {"200": {"description": "ok"}}}} for path in paths}
    info = {"title": "商城", "version": "1"}
    whole = {"openapi": "3.0.0", "info": info, "servers": [{"url": SHOP}], "paths": apis, **more}
    (folder / name).write_text(json.dumps(whole), "utf-8")
    return name


@pytest.mark.parametrize(
    ("before", "is_added"),
    [
        (None, True), ("", True), ("\n", True), ("# 待填\n", True), ("---\n", True),
        ("- {platform: crm, instance_key: a}", True), ("- {platform: Shop}\n", True),
        ("- 1\n- shop\n", True),
        ("- {platform: shop, instance_key: 生产}\n", False),
        ("- {platform: a}\n- {platform: b}\n- {platform: shop}\n", False),
        ("- {platform: shop}\n- {platform: b}\n", False),
        ("[{platform: crm}]\n", None), ("- a: |\n    x", None), ("- 'a'\n# 完\n", True),
    ],
)  # fmt: skip
def test_an_instance_is_added_where_its_platform_has_none(
    folder: Path, bs: Command, before: str | None, is_added: bool | None
) -> None:
    place = folder / "scenarios/instances.yaml"
    if before is not None:
        place.parent.mkdir()
        place.write_text(before, "utf-8")

    done = bs("import", "openapi", document(folder, "shop.json", "/a"))

    assert done.code == 0
    text, told = place.read_text("utf-8"), before or ""
    known: Any = read_yaml(told).to_plain() or [] if told.strip() else []
    assert text.startswith(told)
    assert (read_yaml(text).to_plain() or []) == [*known, *([ENTRY] if is_added else [])]
    assert (YOURSELF in done.err) == (is_added is None)
    assert ("an instance of shop" in done.out) == bool(is_added)
    assert ("to record it, set SHOP_URL" in done.err) == bool(is_added)


@pytest.mark.parametrize("before", ["a: 1\n", "shop\n", "{}\n", "1\n"])
def test_a_file_of_instances_that_is_no_list_is_left(
    folder: Path, bs: Command, before: str
) -> None:
    (folder / "scenarios").mkdir()
    (folder / "scenarios/instances.yaml").write_text(before, "utf-8")

    done = bs("import", "openapi", document(folder, "shop.json", "/a"))

    assert (done.code, done.err) == (2, "scenarios/instances.yaml: expected a list of instances\n")
    assert not (folder / "scenarios/platforms").exists()


@pytest.mark.parametrize(
    ("to", "files"),
    [
        ([], ["scenarios/platforms/shop.yaml", "scenarios/instances.yaml"]),
        (["--to", "团队/平台/商城.yaml"], ["团队/平台/商城.yaml", "团队/instances.yaml"]),
        (["--to", "商城.yaml"], ["商城.yaml", "instances.yaml"]),
        (["--key", "mall"], ["scenarios/platforms/mall.yaml", "scenarios/instances.yaml"]),
    ],
)
@pytest.mark.parametrize("answer", [[], ["--yes"]])
def test_what_is_there_under_the_name_is_replaced_only_with_a_yes(
    folder: Path, bs: Command, to: Sequence[str], files: list[str], answer: list[str]
) -> None:
    name = document(folder, "shop.json", "/a")
    first = bs("import", "openapi", name, *to)
    place = folder / files[0]
    before = f"{place.read_text('utf-8')}# 我的\n"
    place.write_text(before, "utf-8")

    again = bs("import", "openapi", name, *to, *answer)

    key = "mall" if "mall" in to else "shop"
    assert first.out.splitlines() == [f"{files[0]}: 1 API", f"{files[1]}: an instance of {key}"]
    if answer:
        assert (again.code, again.out) == (0, f"{files[0]}: 1 API\n")
        assert place.read_text("utf-8") == before.removesuffix("# 我的\n")
    else:
        assert again.code == 1
        assert f"Replace {files[0]}? [y/N]:" in again.err
        assert place.read_text("utf-8") == before


@pytest.mark.parametrize(
    ("key", "is_key"),
    [
        ("a", True), ("客户", True), ("a-b_2", True), ("2", True), ("a" * 64, True),
        ("a" * 65, False), ("a.b", False), ("a b", False), ("a/b", False), ("a\n", False),
    ],
)  # fmt: skip
def test_a_key_is_letters_digits_and_dashes(
    folder: Path, bs: Command, key: str, *, is_key: bool
) -> None:
    done = bs("import", "openapi", document(folder, "shop.json", "/a"), "--key", key)

    assert done.code == (0 if is_key else 2)
    assert (folder / "scenarios").exists() == is_key
    if not is_key:
        told = "expected a key such as crm_system: letters, digits, _"
        assert done.err == f"--key {key}: {told}\n"


@pytest.mark.parametrize(
    ("key", "prefix"),
    [("shop", "SHOP"), ("a-b", "A_B"), ("客户", "API"), ("客户_crm", "CRM"), ("-x-", "X")],
)
def test_an_instance_reads_what_the_document_asks_for(
    folder: Path, bs: Command, key: str, prefix: str
) -> None:
    schemes = {"k": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    name = document(
        folder, "d.json", "/a", components={"securitySchemes": schemes}, security=[{"k": []}]
    )
    told = json.loads(bs("import", "openapi", name, "--key", key, "--json").out)
    (folder / "scenarios/instances.yaml").unlink()
    bare = bs("import", "openapi", name, "--key", key, "--url", f"{SHOP}/v2", "--yes")

    assert told == {
        "version": 1, "platform": key,
        "files": [f"scenarios/platforms/{key}.yaml", "scenarios/instances.yaml"],
        "apis": ["get_a"], "credentials": ["key"], "notes": [],
    }  # fmt: skip
    assert bare.err.splitlines()[-1] == f"to record it, set {prefix}_KEY"
    assert read_yaml((folder / "scenarios/instances.yaml").read_text("utf-8")).to_plain() == [
        {"platform": key, "instance_key": "default", "default": True,
         "credentials": {"key": {"env": f"{prefix}_KEY"}}}
    ]  # fmt: skip
    assert f"base_url: {SHOP}/v2\n" in (folder / told["files"][0]).read_text("utf-8")


def test_apis_are_counted_and_the_first_is_shown(folder: Path, bs: Command) -> None:
    done = bs("import", "openapi", document(folder, "shop.json", "/orders", "/stock", "/a"))

    assert done.out.splitlines()[0] == "scenarios/platforms/shop.yaml: 3 APIs"
    assert "scripts call it as $proxy('shop').get_orders(…)" in done.err.splitlines()


def test_what_is_there_already_is_unchanged_and_nobody_is_asked(folder: Path, bs: Command) -> None:
    name = document(folder, "shop.json", "/a")
    bs("import", "openapi", name)

    again, data = bs("import", "openapi", name), bs("import", "openapi", name, "--json")

    assert again.out == "scenarios/platforms/shop.yaml: 1 API, unchanged\n"
    assert "[y/N]" not in again.err + data.err
    assert json.loads(data.out)["files"] == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://{host}.example.test", "https://{host}.example.test"),
        ("https://a:geheim@crm.example.test", "https://crm.example.test"),
        ("https://crm.example.test?token=geheim", "https://crm.example.test"),
        ("crm", "crm"),
    ],
)
def test_an_address_that_is_none_is_told_without_its_secrets(
    folder: Path, bs: Command, url: str, shown: str
) -> None:
    done = bs("import", "openapi", document(folder, "shop.json", "/a"), "--url", url)

    expected = "expected an address such as https://crm.example.com, without ? # and user"
    assert (done.code, done.err) == (2, f"--url {shown}: {expected}\n")
    assert not (folder / "scenarios").exists()


def test_notes_of_one_kind_are_counted_and_responses_come_if_asked_for(
    folder: Path, bs: Command
) -> None:
    name = document(folder, "shop.json", "/a", "/b")
    whole = json.loads((folder / name).read_text("utf-8"))
    for path in ("/a", "/b"):
        operation = whole["paths"][path]["get"]
        operation["callbacks"] = {"x": {}}
        schema = {"type": "object", "properties": {"库存": {"type": "integer"}}}
        operation["responses"]["200"]["content"] = {"application/json": {"schema": schema}}
    (folder / name).write_text(json.dumps(whole), "utf-8")
    place = folder / "scenarios/platforms/shop.yaml"

    data = json.loads(bs("import", "openapi", name, "--json").out)
    plain = place.read_text("utf-8")
    bs("import", "openapi", name, "--answers", "--yes")

    places = [f'paths["/{name}"].get.callbacks' for name in "ab"]
    told = [(one["path"], one["count"], one["paths"]) for one in data["notes"]]
    assert told == [(places[0], 2, places)]
    assert ("库存" in plain, "库存" in place.read_text("utf-8")) == (False, True)


def test_one_file_with_something_in_it_is_enough(folder: Path, bs: Command) -> None:
    archive(folder / "空.har")
    archive(folder / "a.har", called("a"))
    (folder / "cassettes").mkdir()

    done, none = bs("import", "空.har", "a.har"), bs("import", "空.har")

    assert (done.code, none.code) == (0, 5)
    told = "cassettes/空.yaml: nothing could be carried over"
    assert (done.out.splitlines()[0], none.out) == (told, f"{told}\n")
    assert not (folder / "cassettes/空.yaml").exists()
    before = (folder / "cassettes/a.yaml").read_bytes()
    empty = bs("import", "空.har", "--to", "cassettes/a.yaml")
    assert (empty.code, "[y/N]" in empty.err) == (5, False)
    assert (folder / "cassettes/a.yaml").read_bytes() == before


def called(name: str) -> dict[str, Any]:
    return entry("GET", f"{SHOP}/{name}", {"a": 1})


@pytest.mark.parametrize(
    ("files", "to", "cassettes"),
    [
        (["甲.har"], [], {"cassettes/甲.yaml": 1}),
        (["a.b.har", "x/c.har"], [], {"cassettes/a.yaml": 1, "cassettes/c.yaml": 1}),
        ([".har"], [], {"cassettes/imported.yaml": 1}),
        (["a.har", "x/a.har", "b.har"], [], {"cassettes/a.yaml": 2, "cassettes/b.yaml": 1}),
        (["cassettes/x/a.har"], [], {"cassettes/a.yaml": 1}),
        (["cassettes/x/a.yaml"], [], {"cassettes/x/a.yaml": 1}),
        (["old/a.yaml"], [], {"cassettes/a.yaml": 1}),
        (["cassettes/x/a.yaml", "b.har"], ["--to", "neu"], {"neu/a.yaml": 1, "neu/b.yaml": 1}),
        (["a.har", "b.har", "c.har"], ["--to", "neu/one.yaml"], {"neu/one.yaml": 3}),
        (["a.har"], ["--to", "neu.yml"], {"neu.yml/a.yaml": 1}),
    ],
)
def test_each_file_goes_to_its_cassette(
    folder: Path, bs: Command, files: list[str], to: list[str], cassettes: dict[str, int]
) -> None:
    for number, name in enumerate(files):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        archive(folder / name, called(f"{number}"))

    done = bs("import", *files, *to, "--yes")

    assert done.code == 0
    assert [line.partition(", ")[0] for line in done.out.splitlines()] == [
        f"{path}: {number} exchange{'' if number == 1 else 's'}"
        for path, number in cassettes.items()
    ]
    assert {path: len(Cassette.load(path)) for path in cassettes} == cassettes


@pytest.mark.parametrize(
    ("files", "named"),
    [
        (["a.har", "没有"], ["没有"]),
        (["无", "a.har", "没有"], ["无", "没有"]),
        (["opnapi", "crm"], ["opnapi", "crm", "of an OpenAPI document"]),
        (["crm", "opnapi"], ["crm", "opnapi"]),
    ],
)  # fmt: skip
def test_every_file_that_is_not_there_is_named(
    folder: Path, bs: Command, files: list[str], named: list[str]
) -> None:
    archive(folder / "a.har", called("a"))

    done = bs("import", *files)

    told = {
        "of an OpenAPI document": ", `bpmax-sim import openapi FILE` makes a platform"
    }  # fmt: skip
    lacking = ": file or folder not found; see what `ls` shows"
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [f"{one}{told.get(one, lacking)}" for one in named]
    assert not (folder / "cassettes").exists()


def test_what_was_imported_is_told_whole_in_json(folder: Path, bs: Command) -> None:
    (folder / "scenarios/platforms").mkdir(parents=True)
    (folder / "scenarios/platforms/shop.yaml").write_text(
        f"platform_key: shop\nbase_url: {SHOP}\napis: {{find: {{path: /a}}}}\n", "utf-8"
    )
    socket = {**called("ws"), "_webSocketMessages": [{}]}
    archive(folder / "a.har", called("a"), called("b"), socket)
    archive(folder / "b.har", called("a"))
    words = ("import", "a.har", "b.har", "--to", "c.yaml", "--for", "采购", "--json", "--yes")

    told, again = json.loads(bs(*words).out), json.loads(bs(*words).out)

    lost = "exchange 3: it is a WebSocket, which is not supported"
    assert told == {
        "version": 1,
        "cassettes": [{
            "file": "c.yaml", "for": "采购", "exchanges": 3, "declared": 2, "changed": True,
            "sources": [
                {"file": "a.har", "format": "har", "exchanges": 2, "notes": [lost]},
                {"file": "b.har", "format": "har", "exchanges": 1, "notes": []},
            ],
        }],
    }  # fmt: skip
    assert again["cassettes"][0]["changed"] is False
    assert ROOT.is_dir()


class Redactor:
    """Hides a token wherever it stands, from where it has seen it on, and tells where it did."""

    def __init__(self) -> None:
        self.known = ""
        self.passes = 0

    def __call__(self, file: ForeignExchanges) -> ForeignExchanges:
        self.passes += 1
        (text,) = (str(one.request.url) for one in file.exchanges)
        self.known = self.known or text.partition("token=")[2]
        notes = [*file.notes, *(["a token"] if self.known and self.known in text else [])]
        return ForeignExchanges(file.exchanges, (*notes, f"pass {self.passes}"))


@pytest.mark.parametrize(
    ("urls", "notes"),
    [
        (["/a?token=7f"], [("甲", "a token", "pass 1")]),
        (["/a"], [("甲", "pass 1")]),
        # what a later file tells is hidden in an earlier one, too, and each note is told once
        (["/a/7f", "/b?token=7f"],
         [("甲", "pass 1", "a token", "pass 3"), ("乙", "a token", "pass 2", "pass 4")]),
        (["/a", "/b", "/c?token=7f"],
         [("甲", "pass 1", "pass 4"), ("乙", "pass 2", "pass 5"),
          ("丙", "a token", "pass 3", "pass 6")]),
        ([], []),
    ],
)  # fmt: skip
def test_several_files_are_looked_through_twice_and_one_once(
    urls: Sequence[str], notes: Sequence[tuple[str, ...]]
) -> None:
    files = [
        ForeignExchanges(
            (detail(1, request=replace(detail(1).request, url=f"{SHOP}{url}")),), (name,)
        )
        for url, name in zip(urls, "甲乙丙", strict=False)
    ]

    done = imports._redact_twice(files, Redactor())

    assert [one.exchanges for one in done] == [one.exchanges for one in files]
    assert [one.notes for one in done] == list(notes)
