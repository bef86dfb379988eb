"""Proxies that others wrote (proxy.py), each a process of its own, and certificates for a test."""

from __future__ import annotations

import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA of the test's own.

    Attributes:
        file: its certificate, as PEM.
    """

    ca: trustme.CA
    file: Path

    def server(self, *, asks_clients: bool = False) -> ssl.SSLContext:
        """Return the TLS settings of a server on loopback."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        if asks_clients:
            context.verify_mode = ssl.CERT_REQUIRED
            self.ca.configure_trust(context)
        return context

    def files(self, name: str, folder: Path) -> tuple[Path, Path]:
        """Return the files of a new certificate and of its key."""
        issued = self.ca.issue_cert(name)
        cert, key = folder / f"{name}.crt", folder / f"{name}.key"
        cert.write_bytes(b"".join(one.bytes() for one in issued.cert_chain_pems))
        key.write_bytes(issued.private_key_pem.bytes())
        return cert, key


def authority(folder: Path) -> Authority:
    """Return a new CA, whose certificate lies in *folder*."""
    ca = trustme.CA()
    file = folder / "ca.pem"
    ca.cert_pem.write_to_path(file)
    return Authority(ca, file)


@contextmanager
def running_proxy(folder: Path, *options: str) -> Iterator[str]:
    """Run proxy.py on a free port of loopback, and yield its host and port."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "port"
    command = [
        *(sys.executable, "-m", "proxy", "--hostname", "127.0.0.1", "--port", "0"),
        *("--port-file", str(place), "--data-dir", str(folder), "--log-level", "ERROR"),
        *("--num-workers", "1", "--num-acceptors", "1", *options),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + 30
            while not (place.exists() and place.read_text().strip()):
                assert process.poll() is None, "proxy.py ended"
                assert time.monotonic() < until, "proxy.py does not start"
                time.sleep(0.01)
            yield f"127.0.0.1:{place.read_text().strip()}"
        finally:
            process.terminate()
