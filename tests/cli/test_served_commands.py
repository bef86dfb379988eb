"""What `serve`, `serve --record` and `simulate` announce, and what they refuse to begin with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cli.project import find_cassettes_to_serve
from bpmax_sim.messages import Request, Response
from bpmax_sim.session.session import Session
from bpmax_sim.session.settings import is_login_recording
from tests.cassette.exchanges import BASE, detail, order
from tests.cli.project import Command
from tests.cli.test_cassette_commands import write

pytest.importorskip("uvicorn", reason="the extra 'server' is not installed")


class Served:
    """What a server was started with; it announces its address and stops at once."""

    def __init__(self) -> None:
        self.handle: Callable[[Request], Response] | None = None
        self.where: tuple[str, int] | None = None

    def serve(
        self,
        handle: Callable[[Request], Response] | None = None,
        *,
        ready: Callable[[str], None],
        host: str,
        port: int,
        **_more: Any,
    ) -> None:
        self.handle, self.where = handle, (host, port)
        ready("http://127.0.0.1:8700")


@pytest.fixture(name="served", autouse=True)
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    served = Served()
    (tmp_path / "scenarios/platforms").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for module in ("bpmax_sim.server", "bpmax_sim.cli.record_proxy"):
        monkeypatch.setattr(f"{module}.serve", served.serve)
    return served


@pytest.fixture(name="recordings")
def recorded(tmp_path: Path) -> Path:
    write(tmp_path / "cassettes/采购/付款.yaml", [("甲", [detail(1)]), ("乙", [order(b"1")])])
    write(tmp_path / "cassettes/采购/退款.yaml", [("甲", [detail(2)])])
    write(tmp_path / "cassettes/采购/auth/登录页.yaml", [("甲", [detail(4)])])
    write(tmp_path / "cassettes/auth/旧/crm.yaml", [("甲", [detail(5)])])
    write(tmp_path / "cassettes/auth/crm.yaml", [("甲", [detail(3)])])
    return tmp_path / "cassettes"


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ([], ["cassettes/采购/auth/登录页", "cassettes/采购/付款", "cassettes/采购/退款"]),
        (["cassettes"],
         ["cassettes/采购/auth/登录页", "cassettes/采购/付款", "cassettes/采购/退款"]),
        (["cassettes/采购/退款.yaml", "cassettes/采购"],
         ["cassettes/采购/退款", "cassettes/采购/auth/登录页", "cassettes/采购/付款"]),
        (["cassettes/auth"], []),
        (["cassettes/auth/crm.yaml", "cassettes/采购/付款.yaml"], ["cassettes/采购/付款"]),
        (["auth/项目/cassettes"], ["auth/项目/cassettes/报价"]),
        (["录制"], ["录制/客户"]),
    ],
)  # fmt: skip
def test_recordings_of_logins_are_not_served_by_themselves(
    recordings: Path, paths: list[str], found: list[str]
) -> None:
    root = recordings.parent
    for name in ("auth/项目/cassettes/报价", "录制/客户", "录制/auth/crm"):
        write(root / f"{name}.yaml", [("甲", [detail(1)])])
    assert is_login_recording(root / "录制/auth/crm.yaml", root / "录制")
    assert not is_login_recording(root / "录制/采购/auth/crm.yaml", root / "录制")

    files = find_cassettes_to_serve([root / path for path in paths])
    assert files == [root / f"{name}.yaml" for name in found]


@pytest.mark.parametrize(
    ("arguments", "counted"),
    [
        ((), "4 exchanges"),
        (("cassettes",), "4 exchanges"),
        (("cassettes/采购/退款.yaml",), "1 exchange"),
        (("cassettes/采购/退款.yaml", "cassettes/采购/付款.yaml"), "3 exchanges"),
    ],
)
@pytest.mark.usefixtures("recordings")
def test_recordings_are_served_without_those_of_logins(
    served: Served, bs: Command, arguments: tuple[str, ...], counted: str
) -> None:
    done = bs("serve", *arguments, "--port", "8701")

    assert (done.code, done.out) == (0, "http://127.0.0.1:8700\n")
    assert done.err.splitlines() == [
        f"{counted} of {BASE} (crm_system)",
        "Ctrl-C ends it",
        "stopped",
    ]
    assert served.where == ("127.0.0.1", 8701)
    told = json.loads(bs("serve", *arguments, "--json").out)
    assert told == {
        "version": 1,
        "url": "http://127.0.0.1:8700",
        "exchanges": int(counted[0]),
        "addresses": [f"{BASE} (crm_system)"],
    }
    assert served.where == ("127.0.0.1", 0)


@pytest.mark.parametrize(
    ("host", "is_open"),
    [
        ("127.0.0.1", False), ("::1", False), ("localhost", False), ("0.0.0.0", True),
        ("crm.test", True), ("127.0.0.2", True),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("recordings")
def test_who_can_be_reached_from_elsewhere_is_told(bs: Command, host: str, is_open: bool) -> None:
    lines = bs("serve", "--host", host).err.splitlines()

    told = f"whoever reaches {host} can use this; it has no password"
    assert (told in lines) is is_open
    assert len(lines) == 3 + is_open


def test_an_echo_answers_with_what_it_gets(served: Served, bs: Command, tmp_path: Path) -> None:
    done = bs("serve", "echo")
    assert done.err.splitlines() == [
        "answers with what it gets; /status/404 and /delay/2 do as they say",
        "Ctrl-C ends it",
        "stopped",
    ]
    assert served.handle is not None
    request = Request(
        method="GET", url="http://127.0.0.1:8700/status/404", base="http://127.0.0.1:8700"
    )
    assert served.handle(request).status == 404
    told = json.loads(bs("serve", "echo", "--json").out)
    assert (told["exchanges"], told["addresses"]) == (0, [])
    (tmp_path / "echo").mkdir()
    assert bs("serve", "echo").err == (
        "there is no cassette here; record one, or name a file or a folder\n"
    )


ITSELF = "that is this proxy itself; name the third party's own address"
RECORD = (
    "to record, say both --record and --upstream URL, and no cassette: it is "
    "cassettes/<platform or host>.yaml\n"
)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--record",), RECORD), (("--upstream", "http://a.test"), RECORD),
        (("--fallback",), RECORD), (("--platform", "crm"), RECORD),
        (("--record", "--upstream", "http://a.test", "cassettes"), RECORD),
        (("--record", "--upstream", "a.test"),
         "--upstream a.test: expected http://… or https://…\n"),
        (("--record", "--upstream", "http://127.0.0.1:8700", "--port", "8700"),
         f"--upstream http://127.0.0.1:8700: {ITSELF}\n"),
        ((), "there is no cassette here; record one, or name a file or a folder\n"),
    ],
)  # fmt: skip
def test_what_cannot_be_served_or_recorded_is_told(
    served: Served, bs: Command, arguments: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    (tmp_path / "cassettes").mkdir()
    done = bs("serve", *arguments)

    assert (done.code, done.out, done.err) == (2, "", told)
    assert served.where is None


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_proxy_that_others_reach_has_a_secret_path(bs: Command, host: str) -> None:
    done = bs("serve", "--record", "--upstream", "http://crm.test:81/api", "--host", host)

    address = done.out.rstrip("\n")
    lines = done.err.splitlines()
    secret = "whoever knows the address can use it: keep its path to yourself"
    assert lines == [
        "records http://crm.test:81/api into cassettes/crm.test-81.yaml",
        *([secret] if host == "0.0.0.0" else []),
        "Ctrl-C ends it and seals the cassette",
        "stopped; nothing was recorded",
    ]
    path = address.removeprefix("http://127.0.0.1:8700")
    assert (path == "") is (host == "127.0.0.1")
    assert len(path) in {0, 25}


def test_a_platform_is_simulated_with_credentials_of_each_instance(
    served: Served, bs: Command
) -> None:
    told = json.loads(bs("simulate", "qywx", "--port", "8701", "--json").out)
    done = bs("simulate", "qywx")

    assert (told["url"], told["platform"]) == ("http://127.0.0.1:8700", "qywx")
    (tenant,) = told["instances"]
    assert tenant["instance"] == "default"
    pairs = " ".join(f"{one['name']}={one['value']}" for one in tenant["credentials"])
    assert done.out == "http://127.0.0.1:8700\n"
    assert done.err.splitlines() == [
        f"qywx, instance default: {pairs}",
        "Ctrl-C ends it",
        "stopped",
    ]
    assert served.where == ("127.0.0.1", 0)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [((), "name a platform; there are "), (("qywz",), "there is no platform 'qywz'")],
)
def test_a_platform_that_is_not_there_is_told(
    served: Served, bs: Command, arguments: tuple[str, ...], told: str
) -> None:
    done = bs("simulate", *arguments)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(told)
    assert "qywx" in done.err
    assert served.where is None


@pytest.mark.parametrize(
    ("words", "cassette", "given"),
    [
        ((), "crm.test-81", {"declared": "", "is_fallback": False}),
        (("--platform", "crm"), "crm", {"declared": "https://crm.example.test"}),
        (("--platform", "crm", "--fallback"), "crm", {"is_fallback": True}),
        (("--platform", "oms", "--fallback"), "oms", {"declared": "", "is_fallback": True}),
        (
            ("--platform", "crm", "--platforms", "平台"),
            "crm",
            {"declared": "https://other.example.test", "own": ["crm"]},
        ),
    ],
)
@pytest.mark.parametrize("recorded_count", [0, 2])
def test_a_proxy_records_into_its_cassette_as_it_was_asked_to(
    bs: Command,
    words: tuple[str, ...],
    cassette: str,
    given: dict[str, Any],
    recorded_count: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    got: dict[str, Any] = {}

    class Proxy:
        forward_or_replay = cancel_exchanges = staticmethod(lambda *_: None)

        def __init__(
            self, session: Session, upstream: Any, *, declared: str, fallback: bool, **_more: Any
        ) -> None:
            settings = session.settings
            got.update(declared=declared, is_fallback=fallback, upstream=upstream.url)
            got.update(own=sorted(session.platforms.own))
            got.update(mode=settings.mode, record=settings.record, owner=settings.owner)

        def close_upstream_connections(self) -> None:
            got["is_closed"] = True

    monkeypatch.setattr("bpmax_sim.cli.record_proxy.RecordingProxy", Proxy)
    monkeypatch.setenv("CI", "1")  # who says --record means it
    base = "base_url: https://{}/api\napis: {{find: {{path: /f}}}}\n"
    for key, host in (("crm", "crm.example.test"), ("oms", "{tenant}.example.test")):
        Path(f"scenarios/platforms/{key}.yaml").write_text(
            f"platform_key: {key}\n{base.format(host)}", "utf-8"
        )
    Path("平台").mkdir()
    Path("平台/crm.yaml").write_text(
        f"platform_key: crm\n{base.format('other.example.test')}", "utf-8"
    )
    file = Path(f"cassettes/{cassette}.yaml")
    if recorded_count:
        write(file, [(cassette, [detail(number) for number in range(recorded_count)])])

    done = bs("serve", "--record", "--upstream", "http://crm.test:81", "--json", *words)

    usual = {
        "upstream": "http://crm.test:81", "mode": "record", "record": "new", "owner": cassette,
        "is_closed": True,
    }  # fmt: skip
    assert {name: got[name] for name in (*usual, *given)} == {**usual, **given}
    told = json.loads(done.out)
    assert (told["exchanges"], told["addresses"]) == (recorded_count, ["http://crm.test:81"])
    end = f"{file} holds {recorded_count} exchanges" if recorded_count else "nothing was recorded"
    assert (done.code, done.err.splitlines()[-1]) == (0, f"stopped; {end}")


@pytest.mark.parametrize(("words", "seed"), [((), 0), (("--seed", "7"), 7)])
def test_a_platform_is_simulated_with_the_seed_and_the_folders_of_the_command(
    bs: Command, words: tuple[str, ...], seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Any] = []

    class Server:
        tenants = ()
        handle = None

        def __init__(self, platforms: Any, key: str, *, seed: int) -> None:
            begun.append((sorted(platforms.own), key, seed))

    monkeypatch.setattr("bpmax_sim.server.SimulatorServer", Server)
    text = "platform_key: crm\nbase_url: https://a.test\napis: {find: {path: /f}}\n"
    (tmp_path / "平台").mkdir()
    (tmp_path / "平台/crm.yaml").write_text(text, "utf-8")

    assert bs("simulate", "crm", "--platforms", "平台", *words).code == 0
    assert begun == [(["crm"], "crm", seed)]
