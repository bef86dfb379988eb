from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import vcr
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer

from bpmax_sim.traffic.formats import detect_format
from tests import warm
from tests.cli.project import NAME, Command, Project
from tests.loopback import answer_json, loopback
from tests.snapshots import snapshot

HERE = "cassettes/crm/customer.yaml"
FORMATS = ("curl", "har", "vcrpy", "wiremock")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_cassette_is_written_in_the_detect_format_another_tool(
    recorded: Project, bs: Command, kind: str
) -> None:
    printed = bs("cassette", "export", HERE, "--as", kind)
    written = bs("cassette", "export", HERE, "--as", kind, "--to", f"out/x.{kind}")
    told = json.loads(bs("cassette", "export", HERE, "--as", kind, "--json").out)

    assert (printed.code, written.code) == (0, 0)
    assert (written.out, written.err) == ("", f"out/x.{kind}: 1 exchange\n")
    assert Path(f"out/x.{kind}").read_text(encoding="utf-8") == printed.out == told["content"]
    assert {**told, "content": ""} == {
        "version": 1,
        "format": kind,
        "file": "",
        "exchanges": 1,
        "notes": [],
        "content": "",
    }
    assert "redacted.crm_system.default.token.1" in printed.out or kind == "wiremock"
    if kind != "curl":
        assert detect_format(printed.out.encode()) == kind


def test_vcrpy_loads_what_is_written_for_it(recorded: Project, bs: Command) -> None:
    bs("cassette", "export", HERE, "--as", "vcrpy", "--to", "plain.yaml")
    requests, _ = FilesystemPersister.load_cassette("plain.yaml", yamlserializer)
    with vcr.use_cassette("plain.yaml", record_mode="none") as cassette:
        answer = cassette.responses_of(requests[0])[0]

    assert "张三" in answer["body"]["string"].decode()


def test_the_curl_commands_run(recorded: Project, bs: Command) -> None:
    script = bs("cassette", "export", HERE, "--as", "curl").out
    with loopback(lambda _: answer_json('{"ok":1}')) as server:
        script = script.replace("https://crm.example.test", server.url)
        done = subprocess.run(["sh"], input=script.encode(), capture_output=True, check=True)

    assert done.stdout == b'{"ok":1}'
    assert server.received[0].startswith(b"GET /api/customers/12345 HTTP/1.1\r\n")


def test_the_bytes_do_not_depend_on_the_console(recorded: Project) -> None:
    done = subprocess.run(
        [warm.python(), "-m", "bpmax_sim", "cassette", "export", HERE, "--as", "har"],
        env={"PYTHONIOENCODING": "gbk", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        check=True,
    )

    assert "张三" in done.stdout.decode("utf-8")


NOTE = "exchange 1: it did not complete, which vcrpy cannot express"


def imported(bs: Command, *responses: dict[str, Any]) -> None:
    request = {"method": "GET", "url": "https://a.test/"}
    entries = [{"request": request, "response": response} for response in responses]
    Path("x.har").write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    assert bs("import", "x.har", "--to", "cassettes/x.yaml").code == 0


def test_what_cannot_be_carried_is_told(project: Project, bs: Command) -> None:
    imported(bs, {"status": 0, "_error": "net::ERR_TIMED_OUT"}, {"status": 204})

    done = bs("cassette", "export", "cassettes/x.yaml", "--as", "vcrpy", "--json")

    assert json.loads(done.out)["notes"] == [NOTE]
    assert done.err == f"cassettes/x.yaml: {NOTE}\n"


def test_no_file_is_written_where_nothing_can_be_carried(project: Project, bs: Command) -> None:
    imported(bs, {"status": 0, "_error": "net::ERR_TIMED_OUT"})

    done = bs("cassette", "export", "cassettes/x.yaml", "--as", "vcrpy", "--to", "plain.yaml")

    assert done.code == 3
    assert done.err == f"cassettes/x.yaml: nothing can be written for vcrpy: {NOTE}\n"
    assert not Path("plain.yaml").exists()


def test_a_file_is_not_replaced_without_a_yes(recorded: Project, bs: Command) -> None:
    target = recorded.folder / "x.har"
    target.write_text("mine", encoding="utf-8")

    asked = bs("cassette", "export", HERE, "--as", "har", "--to", "x.har")
    kept = target.read_text(encoding="utf-8")
    done = bs("cassette", "export", HERE, "--as", "har", "--to", "x.har", "--yes")
    again = bs("cassette", "export", HERE, "--as", "har", "--to", "x.har")

    assert (asked.code, kept) == (1, "mine")
    assert asked.err.splitlines() == snapshot(
        [
            "x.har: replace this file? [y/N]:",
            "stopped; nothing was changed: there is no terminal to answer; add --yes",
        ]
    )
    assert (done.code, again.code) == (0, 0)


def test_only_one_owner_s_exchanges(recorded: Project, bs: Command) -> None:
    own = bs("cassette", "export", HERE, "--as", "curl", "--for", NAME)
    none = bs("cassette", "export", HERE, "--as", "curl", "--for", NAME[:-1])
    other = bs("cassette", "export", HERE, "--as", "curl", "--for", "x")

    assert own.code == 0
    assert (none.code, none.err) == (
        2,
        f"{HERE}: nothing was recorded for {NAME[:-1]!r}; did you mean {NAME!r}?\n",
    )
    assert other.err == f"{HERE}: nothing was recorded for 'x'; it holds {NAME!r}\n"


def test_a_file_that_cannot_be_written(recorded: Project, bs: Command) -> None:
    Path("file").write_text("", encoding="utf-8")

    done = bs("cassette", "export", HERE, "--as", "har", "--to", "file/x.har")

    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("file/x.har: not written (")
    assert done.err.endswith("); what was there is whole\n")


def test_an_absent_and_a_damaged_cassette(recorded: Project, bs: Command) -> None:
    absent = bs("cassette", "export", "cassettes/crm/costumer.yaml", "--as", "har")
    data = recorded.cassette.read_bytes()
    recorded.cassette.write_bytes(data.replace("张三".encode(), "张四".encode()))
    damaged = bs("cassette", "export", HERE, "--as", "har", "--to", "x.har")

    assert (absent.code, absent.err) == (
        2,
        f"cassettes/crm/costumer.yaml: file or folder not found; did you mean {HERE!r}?\n",
    )
    assert (damaged.code, Path("x.har").exists()) == (3, False)
    assert "is not what was recorded, its digest differs" in damaged.err
