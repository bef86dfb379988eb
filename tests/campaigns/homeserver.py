"""``python -m tests.campaigns.homeserver``: Synapse, a Matrix homeserver that nobody here wrote.

Its paths are full of ``!@:#``, it limits rates, and its SDK, matrix-nio, has a client and a login
of its own. A scenario of four rows and a program with the SDK are recorded, replayed without the
server and without a variable, and the SDK talks to ``bpmax-sim serve``. Both come from PyPI, into
the folders that ``SYNAPSE`` and ``NIO`` name, or into temporary ones.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree

import httpx
import yaml

DATA = Path(__file__).parents[1] / "data/homeserver"
_SETTINGS = {
    "trusted_key_servers": [],
    "suppress_key_server_warning": True,
    "rc_message": {"per_second": 1, "burst_count": 2},
    "rc_login": {"address": {"per_second": 0.5, "burst_count": 3}},
}
_PATIENCE = 60


def _installed(package: str, variable: str, folder: Path) -> Path:
    """Return where *package* is importable from, apart from what the project needs."""
    if given := os.environ.get(variable):
        return Path(given)
    target = folder / package
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), package]
    subprocess.run(command, check=True)
    return target


def _environ(**more: str) -> dict[str, str]:
    here = {k: v for k, v in os.environ.items() if k != "CI" and not k.startswith("MATRIX_")}
    return {**here, "PYTHONUTF8": "1", **more}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def homeserver(packages: Path, folder: Path, users: Mapping[str, str]) -> Iterator[str]:
    """Run Synapse on SQLite with *users* and their passwords, and yield its address."""
    port, environ = _free_port(), _environ(PYTHONPATH=str(packages))
    file = folder / "homeserver.yaml"
    server = [sys.executable, "-m", "synapse.app.homeserver", "--config-path", str(file)]
    making = ["--server-name", "localhost", "--generate-config", "--report-stats=no"]
    subprocess.run([*server, *making], cwd=folder, env=environ, check=True, capture_output=True)
    settings = yaml.safe_load(file.read_text()) | _SETTINGS
    settings["listeners"][0] |= {"port": port, "bind_addresses": ["127.0.0.1"]}
    file.write_text(yaml.safe_dump(settings))
    url = f"http://127.0.0.1:{port}"
    with (
        (folder / "output.txt").open("wb") as sink,
        subprocess.Popen(server, cwd=folder, env=environ, stdout=sink, stderr=sink) as child,
    ):
        try:
            _await(f"{url}/_matrix/client/versions")
            for name, password in users.items():
                script = [sys.executable, "-m", "synapse._scripts.register_new_matrix_user"]
                account = ["-u", name, "-p", password, "--no-admin", "-c", str(file), url]
                subprocess.run([*script, *account], env=environ, check=True, capture_output=True)
            yield url
        finally:
            child.terminate()


def _await(url: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


class Trial:
    """Commands in the project's folder; what fails is printed."""

    def __init__(self, folder: Path, nio: Path) -> None:
        """Run in *folder*, where *nio* can be imported."""
        self.folder, self.nio, self.failed = folder, nio, 0

    def run(self, what: str, *command: str, **environ: str) -> None:
        """Run a Python module or file, and count it where it fails."""
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env=_environ(PYTHONPATH=str(self.nio), **environ),
            capture_output=True,
            text=True,
            check=False,
        )
        verdict = "red" if done.returncode else "green"
        print(f"{what:<44} {verdict}  {time.monotonic() - started:5.1f} s", flush=True)  # noqa: T201
        if done.returncode:
            self.failed += 1
            print(done.stdout[-4000:], done.stderr[-4000:])  # noqa: T201

    def serve(self) -> None:
        """Let the SDK talk to what was recorded of it."""
        port = _free_port()
        command = ["-m", "bpmax_sim", "serve", "cassettes/sdk_check", "--port", str(port)]
        with subprocess.Popen(
            [sys.executable, *command],
            cwd=self.folder,
            env=_environ(),
            stdout=subprocess.DEVNULL,
        ) as server:
            try:
                url = f"http://127.0.0.1:{port}"
                _await(url)
                self.run("the SDK talks to what was recorded", "sdk.py", MATRIX_URL=url)
            finally:
                server.send_signal(signal.SIGINT)


def main() -> int:
    """Return 1 if anything is red, or a password stands in a file."""
    users = {name: secrets.token_urlsafe(18) for name in ("zhangsan", "lisi")}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        synapse = _installed("matrix-synapse", "SYNAPSE", folder)
        trial = Trial(folder / "project", _installed("matrix-nio", "NIO", folder))
        copytree(DATA, trial.folder)
        known = {name: {"MATRIX_USER": name, "MATRIX_PASSWORD": pw} for name, pw in users.items()}
        pytest = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "sdk_check.py")
        (folder / "server").mkdir()
        with homeserver(synapse, folder / "server", users) as url:
            scenario = {"MATRIX_URL": url, **known["zhangsan"]}
            trial.run(
                "a scenario of four rows is recorded", "-m", "bpmax_sim", "record", **scenario
            )
            sdk = {"MATRIX_URL": url, **known["lisi"]}
            trial.run("a program with the SDK is recorded", *pytest, "--bpmax-mode=record", **sdk)
        trial.run("the scenario replays without anything", "-m", "bpmax_sim", "run")
        trial.run("the program replays without anything", *pytest)
        trial.run("nothing is wrong with the recordings", "-m", "bpmax_sim", "lint")
        trial.serve()
        files = [one for one in trial.folder.rglob("*") if one.is_file()]
        leaks = [
            one for one in files if any(p.encode() in one.read_bytes() for p in users.values())
        ]
        print(f"{len(files)} files, {len(leaks)} with a password")  # noqa: T201
    return 1 if trial.failed or leaks else 0


if __name__ == "__main__":
    sys.exit(main())
