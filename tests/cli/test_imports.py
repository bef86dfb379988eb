from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.starter.demo import Crm
from bpmax_sim.traffic.formats import list_readable_formats
from tests.cli.project import NAME, ROOT, Command, Project
from tests.leaks import folder, leaks
from tests.snapshots import snapshot
from tests.systems import needs_links

SAMPLES = ROOT / "tests/data/foreign"
ADDRESS = "https://crm.example.test"
HERE = "cassettes/crm/customer.yaml"
UNSET = (
    "the credentials of crm_system.default are not set here, so they are known by their places "
    "only\n"
)
TOKEN = "minted-token-0123456789"
SECRET = "client-secret-0123456789"


def entry(
    method: str, url: str, answer: Any, *, body: str = "", type_: str = "", **headers: str
) -> dict[str, Any]:
    posted = {"postData": {"mimeType": type_, "text": body}} if body else {}
    return {
        "startedDateTime": "2026-03-02T01:00:00Z",
        "time": 12,
        "request": {
            "method": method,
            "url": url,
            "headers": [
                *([{"name": "content-type", "value": type_}] if type_ else []),
                *({"name": name, "value": value} for name, value in headers.items()),
            ],
            **posted,
        },
        "response": {
            "status": 200,
            "statusText": "OK",
            "headers": [{"name": "content-type", "value": "application/json; charset=utf-8"}],
            "content": {"text": json.dumps(answer, ensure_ascii=False)},
        },
    }


def archive(path: Path, *entries: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    return path


def browsed(path: Path, name: str = "张三") -> Path:
    """Write what a browser would have recorded of the demonstration: a login and a call."""
    login = entry(
        "POST",
        f"{ADDRESS}/oauth/token",
        {"access_token": TOKEN, "expires_in": 3600},
        body=f"grant_type=client_credentials&client_id=bpmax&client_secret={SECRET}",
        type_="application/x-www-form-urlencoded",
    )
    call = entry(
        "GET",
        f"{ADDRESS}/api/customers/12345",
        {"code": 200, "data": {"name": name, "phone": "13800138000"}, "echo": [SECRET, TOKEN]},
        Authorization=f"Bearer {TOKEN}",
    )
    return archive(path, login, call)


def test_what_a_browser_recorded_is_replayed_by_the_scenario(project: Project, bs: Command) -> None:
    browsed(project.folder / "traffic.har")

    done = bs("import", "traffic.har", "--to", HERE)

    assert (done.code, done.out) == (0, f"{HERE}: 1 exchange for {NAME}, 1 of declared APIs\n")
    assert done.err == (
        f"{UNSET}traffic.har: exchange 1: a login of crm_system, which replay synthesises\n"
    )
    assert bs("run").code == 0
    assert leaks(folder(project.folder / "cassettes"), {"t": TOKEN, "s": SECRET}) == []
    answer = next(Cassette.load(project.cassette).exchanges()).outcome
    assert b"redacted.crm_system.default.client_secret.1" in answer.body  # type: ignore[union-attr]
    assert b"redacted.crm_system.default.token.1" in answer.body  # type: ignore[union-attr]


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_each_kind_of_file_is_known_by_itself(project: Project, bs: Command, path: Path) -> None:
    done = bs("import", str(path), "--to", "cassettes/x.yaml", "--address", ADDRESS, "--json")
    told = json.loads(done.out)

    assert done.code == 0
    assert (told["version"], len(told["cassettes"])) == (1, 1)
    (cassette,) = told["cassettes"]
    (source,) = cassette["sources"]
    assert (cassette["file"], cassette["for"], cassette["changed"]) == (
        "cassettes/x.yaml",
        "",
        True,
    )
    assert source["format"] in list_readable_formats()
    assert source["file"] == str(path)
    assert cassette["exchanges"] == source["exchanges"] >= cassette["declared"]
    assert [f"{path}: {note}" for note in source["notes"]] == done.err.splitlines()[2:]
    assert len(Cassette.load("cassettes/x.yaml")) == cassette["exchanges"]


def test_without_a_target_each_file_has_its_own(project: Project, bs: Command) -> None:
    browsed(project.folder / "甲.har")
    browsed(project.folder / "乙.har")

    done = bs("import", "甲.har", "乙.har")
    told = [line.partition(":")[0] for line in done.out.splitlines()]
    again = bs("import", "甲.har", "乙.har", "--to", "elsewhere")

    assert told == ["cassettes/甲.yaml", "cassettes/乙.yaml"]
    hint = "no scenario plays cassettes/甲.yaml; a session without an owner does, or say --for NAME"
    assert hint in done.err.splitlines()
    assert [line.partition(":")[0] for line in again.out.splitlines()] == [
        "elsewhere/甲.yaml",
        "elsewhere/乙.yaml",
    ]


def test_several_files_in_one_cassette_share_what_is_secret(project: Project, bs: Command) -> None:
    archive(
        project.folder / "first.har",
        entry("GET", f"{ADDRESS}/api/customers/1", {"echo": TOKEN}),
    )
    browsed(project.folder / "second.har")

    done = bs("import", "first.har", "second.har", "--to", "cassettes/both.yaml", "--for", "两次")

    assert done.out == snapshot("cassettes/both.yaml: 2 exchanges for 两次, 2 of declared APIs\n")
    assert leaks(folder(project.folder / "cassettes"), {"t": TOKEN}) == []


def test_a_cassette_of_vcrpy_becomes_ours_in_its_place(project: Project, bs: Command) -> None:
    project.cassette.parent.mkdir(parents=True)
    project.cassette.write_bytes((SAMPLES / "vcrpy.yaml").read_bytes())
    missed = bs("run")
    command = missed.err[missed.err.index("`bpmax-sim") + 1 :].partition("`")[0]

    asked = bs(*command.split()[1:])
    assert asked.err.splitlines()[-2:] == [
        f"{HERE}: replace this recording of another tool by 3 exchanges? [y/N]:",
        "stopped; nothing was changed: there is no terminal to answer; add --yes",
    ]
    assert project.cassette.read_bytes() == (SAMPLES / "vcrpy.yaml").read_bytes()
    done = bs(*command.split()[1:], "--yes")

    assert (missed.code, done.code) == (3, 0)
    assert len(Cassette.load(project.cassette)) == 3


def test_nothing_is_replaced_without_a_yes(recorded: Project, bs: Command) -> None:
    browsed(recorded.folder / "traffic.har", name="李四")
    browsed(recorded.folder / "other.har")
    before = recorded.cassette.read_bytes()

    asked = bs("import", "other.har", "traffic.har", "--to", HERE)
    assert (asked.code, asked.err.splitlines()[-2:]) == (
        1,
        [
            f"{HERE}: replace 1 exchange of {NAME} by 2 exchanges? [y/N]:",
            "stopped; nothing was changed: there is no terminal to answer; add --yes",
        ],
    )
    assert recorded.cassette.read_bytes() == before
    done = bs("import", "traffic.har", "--to", HERE, "--yes")
    again = bs("import", "traffic.har", "--to", HERE, "--yes")

    assert done.out == f"{HERE}: 1 exchange for {NAME}, 1 of declared APIs\n"
    assert again.out == f"{HERE}: 1 exchange for {NAME}, 1 of declared APIs, unchanged\n"
    assert "李四" in recorded.cassette.read_text(encoding="utf-8")


def test_other_owners_of_the_cassette_stay(recorded: Project, bs: Command) -> None:
    browsed(recorded.folder / "traffic.har")

    assert bs("import", "traffic.har", "--to", HERE, "--for", "另一个").code == 0
    assert Cassette.load(recorded.cassette).owners == tuple(sorted([NAME, "另一个"]))


def test_what_the_instances_hold_is_hidden_wherever_it_stands(
    project: Project, bs: Command, monkeypatch: pytest.MonkeyPatch, crm: Crm
) -> None:
    monkeypatch.setenv("CRM_CLIENT_SECRET", "another-secret-9876543210")
    monkeypatch.setenv("ANOTHER", "given-by-name-9876543210")
    said = {"a": "another-secret-9876543210", "b": "given-by-name-9876543210"}
    archive(project.folder / "x.har", entry("GET", f"{crm.url}/api/customers/1", said))

    done = bs("import", "x.har", "--to", "cassettes/x.yaml", "--secret", "ANOTHER")

    assert (done.code, done.out) == (
        0,
        snapshot("cassettes/x.yaml: 1 exchange, 1 of declared APIs\n"),
    )
    assert leaks(folder(project.folder / "cassettes"), said) == []
    text = (project.folder / "cassettes/x.yaml").read_text(encoding="utf-8")
    assert "uri: https://crm.example.test/api/customers/1\n" in text


def test_personal_data_gets_pseudonyms(project: Project, bs: Command) -> None:
    browsed(project.folder / "traffic.har")

    bs("import", "traffic.har", "--to", HERE, "--redact", "body.data.phone")

    assert "13800138000" not in project.cassette.read_text(encoding="utf-8")


def test_a_cassette_of_several_scenarios_needs_a_name(project: Project, bs: Command) -> None:
    browsed(project.folder / "traffic.har")
    text = project.scenario.read_text(encoding="utf-8")
    other = project.scenario.with_name("other.scenario.yaml")
    other.write_text(text.replace(NAME, "另一个"), encoding="utf-8")
    project.scenario.with_name("broken.scenario.yaml").write_text("x: [", encoding="utf-8")

    done = bs("import", "traffic.har", "--to", HERE)

    assert (done.code, done.err) == (
        2,
        f"{UNSET}{HERE} is used by scenarios {NAME!r}, '另一个'; choose one with --for {NAME!r}\n",
    )


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (
            b"",
            3,
            "x.har: not a recording that can be imported; there are betamax, cassetter, har, ",
        ),
        ("张三".encode("gbk"), 3, "x.har: not a recording that can be imported; there are "),
        (b'{"log": {"entries": [', 3, "x.har: not a recording: its JSON ends in line 1 before "),
        (b'{"log": {"entries": [{"request": 1}]}}', 5, "x.har: exchange 1: not an exchange ("),
    ],
    ids=["empty", "GBK", "cut", "nothing in it"],
)
def test_what_cannot_be_imported_is_named(
    project: Project, bs: Command, content: bytes, code: int, message: str
) -> None:
    (project.folder / "x.har").write_bytes(content)

    done = bs("import", "x.har", "--to", "cassettes/x.yaml")

    assert done.code == code
    assert message in done.err
    assert not (project.folder / "cassettes/x.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("trafic.har",),
            "trafic.har: file or folder not found; did you mean 'traffic.har'?\n",
        ),
        (("traffic.har", "--format", "hra"), "format: there is no 'hra'; did you mean 'har'?\n"),
        (
            ("traffic.har", "--platforms", "none"),
            "none: file or folder not found; see what `ls` shows\n",
        ),
        (
            ("traffic.har", "--secret", "NOT_SET"),
            "--secret NOT_SET: the variable is not set; set it, or leave it out\n",
        ),
        (
            ("traffic.har", "--redact", "$.phone"),
            (
                "--redact $.phone: not a path; write query.<name>, header.<name> or body.<name>, "
                "such as body.items[*].phone\n"
            ),
        ),
        (
            ("traffic.har", "--redact", "body.phone", "--redact", "header"),
            (
                "--redact: 'header' names every header; name each one that holds personal data, "
                "such as header.X-Phone\n"
            ),
        ),
    ],
    ids=["file", "format", "platforms", "secret", "path", "every header"],
)
def test_a_wrong_import_says_what_is_wrong(
    project: Project, bs: Command, arguments: tuple[str, ...], message: str
) -> None:
    browsed(project.folder / "traffic.har")

    done = bs("import", *arguments)

    assert (done.code, done.out) == (2, "")
    assert done.err.endswith(message)


def test_a_damaged_cassette_is_not_written_over(recorded: Project, bs: Command) -> None:
    browsed(recorded.folder / "traffic.har")
    recorded.cassette.write_bytes(recorded.cassette.read_bytes()[:-20])
    before = recorded.cassette.read_bytes()

    done = bs("import", "traffic.har", "--to", HERE, "--yes")

    assert done.code == 3
    assert "without its `sealed:` line, it was cut short" in done.err
    assert recorded.cassette.read_bytes() == before


@needs_links
def test_a_link_beside_an_archive_is_not_followed(project: Project, bs: Command) -> None:
    outside = project.folder / "outside.txt"
    outside.write_text("不该读", encoding="utf-8")
    sub = project.folder / "har"
    sub.mkdir()
    (sub / "link.json").symlink_to(outside)
    for name in ("../outside.txt", "link.json", "/etc/hostname"):
        call = entry("GET", f"{ADDRESS}/api/customers/1", {})
        call["response"]["content"] = {"_file": name}
        archive(sub / "x.har", call)

        done = bs("import", "har/x.har", "--to", "cassettes/x.yaml")

        assert done.code == 5
        assert f"its body is in the file {name!r}, which is missing next to the archive" in done.err
