"""Whatever a run leaves besides its cassette holds no secret, in any encoding and in no part."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.secret.vault import Vault
from tests import artefacts, warm
from tests.apart import PLUGINS
from tests.artefacts import ENCODINGS, MINTED, SECRETS
from tests.leaks import folder, leaks, parts
from tests.loopback import Loopback, loopback
from tests.probe import ROOT

Capture = pytest.CaptureFixture[str]
COMMANDS = (
    ["run", "--mode", "live", "--trace=on", "--json"],
    ["record", "--trace=on"],
    ["show"],
    ["report"],
    ["run"],
)
SOURCES = {
    "test_of_a_user.py",
    "test_own_session.py",
    "仓库.yaml",
    "instances.yaml",
    "泄漏.js",
    "泄漏.scenario.yaml",
    "通过.scenario.yaml",
}


@pytest.fixture(name="server", scope="module")
def server_of() -> Iterator[Loopback]:
    with loopback(artefacts.answer) as server:
        yield server


def left(root: Path, server: Loopback, *command: str) -> dict[str, bytes]:
    """Run *command* in *root*, and return all that it says and leaves."""
    given = artefacts.environ(server.url)
    done = subprocess.run(
        [warm.python(), "-m", *command],
        cwd=root,
        env={**os.environ, **PLUGINS, **given, "PYTHONPATH": str(ROOT), "CI": ""},
        capture_output=True,
        check=False,
    )
    files = {name: data for name, data in folder(root).items() if name not in SOURCES}
    return {"out": done.stdout, "err": done.stderr, **files}


def found(told: dict[str, bytes]) -> list[str]:
    known = SECRETS | MINTED
    return leaks(told, known) + parts(told, known)


@pytest.mark.parametrize(
    "options",
    [
        ("--bpmax-mode=live", "-p", "tests.warm.workers", "-n", "2"),
        ("--bpmax-mode=record", "--log-cli-level=INFO", "--log-file=log.txt", "-kprints or 泄漏"),
        ("--bpmax-mode=live", "-vv", "-k", "通过 or compares or lines or raises"),
    ],
    ids=["workers", "recording", "whole"],
)
def test_pytest_leaves_no_secret(
    tmp_path: Path, server: Loopback, options: tuple[str, ...]
) -> None:
    artefacts.write(tmp_path)
    told = left(
        tmp_path, server,
        "pytest", "-p", "no:cacheprovider", "-rA", "-l", "--tb=long", "--junitxml=junit.xml",
        "--bpmax-trace=on", "--bpmax-tb", "--bpmax-report", *options,
    )  # fmt: skip

    assert b"[redacted: " in told["junit.xml"]
    assert b" passed" in told["out"] or b" failed" in told["out"]
    assert found(told) == []
    for name in ("泄漏[抛出].ndjson", "report.html"):
        assert "-n" not in options or b"[redacted: " in told[name]
    if "--log-file=log.txt" in options:
        assert b"[redacted: " in told["log.txt"]


@pytest.mark.parametrize(
    "end", ["pytest.exit(SECRETS[0])", "raise KeyboardInterrupt(SECRETS[0])", "pass"]
)
def test_a_run_that_ends_early_leaves_no_secret(tmp_path: Path, server: Loopback, end: str) -> None:
    artefacts.write(tmp_path)
    (tmp_path / "conftest.py").write_text(artefacts.PLUGIN if end == "pass" else "")
    (tmp_path / "test_ending.py").write_text(artefacts.ENDING.format(names=list(SECRETS), end=end))
    told = left(
        tmp_path, server, "pytest", "-p", "no:cacheprovider", "--bpmax-mode=live", "test_ending.py"
    )

    assert (b"INTERNALERROR" in told["out"]) == (end == "pass")
    assert b"redacted." in told["out"]
    assert found(told) == []


def test_a_secret_in_the_name_of_a_test_is_warned_of(tmp_path: Path, server: Loopback) -> None:
    """pytest shows it before a session knows the secret; what is written afterwards is clean."""
    artefacts.write(tmp_path)
    (tmp_path / "test_named.py").write_text(
        "import os\nimport pytest\n\n\n"
        "@pytest.mark.parametrize('密钥', [os.environ['W_plain']])\n"
        "def test_named(bpmax_proxy, 密钥):\n"
        "    bpmax_proxy('仓库').api('repeat').body({'客户': 密钥}).call()\n"
    )
    told = left(
        tmp_path, server, "pytest", "-p", "no:cacheprovider", "--bpmax-mode=live",
        "--junitxml=junit.xml", "--bpmax-trace=on", "test_named.py",
    )  # fmt: skip

    assert "the name of this test holds a secret" in told["out"].decode()
    assert b"[redacted." in told["junit.xml"]
    assert found({name: data for name, data in told.items() if name != "out"}) == []


def test_the_command_line_leaves_no_secret(
    tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    artefacts.write(tmp_path)
    for path in tmp_path.glob("test_*.py"):
        path.unlink()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    for name, value in artefacts.environ(server.url).items():
        monkeypatch.setenv(name, value)
    told = {}
    for number, command in enumerate(COMMANDS):
        run_command_line(command)
        said = capfd.readouterr()
        told[f"{number}: {command[0]}"] = (said.out + said.err).encode()
    told |= {name: data for name, data in folder(tmp_path).items() if name not in SOURCES}

    assert b"[redacted: " in told["0: run"]
    assert b"redacted." in told["2: show"]
    assert b"a secret was found" in told["1: record"]
    assert b"[redacted: " in told["report.html"]
    assert found(told) == []


def test_what_a_cassette_is_refused_for_is_told_in_no_form() -> None:
    """Each encoding alone, in a text of each shape: it is found, and nothing of it is left."""
    for name, secret in SECRETS.items():
        vault = Vault()
        vault.add(secret, f"redacted.p.i.{name}.1", name=f"p.i.{name}")
        for label, make in ENCODINGS.items():
            for text in (
                make(secret),
                f"前 <{make(secret)}> 后",
                f'{{"a":"{make(secret)}","b":1}}',
            ):
                shown = vault.redact_for_output(text)

                assert found({label: shown.encode()}) == []
                assert vault.redact_for_output(shown) == shown
                assert vault.scan(shown.encode()) == ()


def test_a_text_without_a_secret_is_shown_as_it_is() -> None:
    vault = Vault()
    for name, secret in SECRETS.items():
        vault.add(secret, f"redacted.p.i.{name}.1", name=f"p.i.{name}")
    for make in ENCODINGS.values():
        text = f"前 {make('客户 张三 13800138000')} 后"
        assert vault.redact_for_output(text) == text
