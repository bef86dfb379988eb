"""``python -m tests.campaigns.logins``: logins on servers of Debian, recorded and replayed.

PHP's sessions behind a form whose CSRF token stands in a script of a GBK page; HTTP Digest of
lighttpd (SHA-256 and MD5) and of Apache (MD5). Each is recorded, replayed without the server and
without a variable, and refused with a wrong password. It needs ``php-cli``, ``lighttpd``,
``apache2-bin`` and ``apache2-utils``.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bpmax_sim.errors import AuthError
from bpmax_sim.session.session import Session

DATA = Path(__file__).parents[1] / "data/logins"
USER, REALM = "liuyang", "contract archive"
_PATIENCE = 20

_INSTANCE = """\
- platform: oa
  instance_key: default
  base_url: {env: OA_URL}
  credentials: {username: {env: OA_USER}, password: {env: OA_PASSWORD}}
"""
_FORM = """\
platform_key: oa
base_url: https://oa.example.test
auth:
  preset: form_session
  page: /login.php
  csrf_path: "regex:token = '(\\\\w+)'"
  form: {user: "{{ username }}", pass: "{{ password }}", csrf_token: "{{ csrf }}"}
apis: {get: {path: /api.php}}
"""
# The same login with its redirect followed, which proves that the session is one.
_FOLLOWED = """\
platform_key: oa
base_url: https://oa.example.test
credentials: {username: {}, password: {secret: true}}
auth:
  acquire:
    steps:
      - request: {method: GET, path: /login.php}
        extract: {csrf: {path: "regex:token = '(\\\\w+)'", secret: true}}
      - request:
          path: /login.php
          form: {user: "{{ username }}", pass: "{{ password }}", csrf_token: "{{ csrf }}"}
        follow: true
        ok: {status: [200], all: [{path: $.code, in: [200]}]}
        extract: {sid: {path: "cookie:PHPSESSID", secret: true}}
  apply: [{in: cookie, name: PHPSESSID, value: "{{ sid }}"}]
apis: {get: {path: /api.php}}
"""
_DIGEST = """\
platform_key: oa
base_url: https://oa.example.test
auth: {preset: digest, challenge_path: /contracts.json}
apis: {get: {path: /contracts.json}}
"""
_LIGHTTPD = """\
server.document-root = "{folder}"
server.port = {port}
server.bind = "127.0.0.1"
server.modules = ("mod_auth", "mod_authn_file")
mimetype.assign = (".json" => "application/json")
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "{folder}/users"
auth.require = ("/" => ("method" => "digest", "realm" => "{realm}", "require" => "valid-user",
  "algorithm" => "{algorithm}"))
"""
_APACHE = """\
ServerRoot "{folder}"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile "{folder}/pid"
ErrorLog "{folder}/errors"
DocumentRoot "{folder}"
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authn_file_module {modules}/mod_authn_file.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule auth_digest_module {modules}/mod_auth_digest.so
LoadModule mime_module {modules}/mod_mime.so
TypesConfig /dev/null
AddType application/json .json
<Directory "{folder}">
  AuthType Digest
  AuthName "{realm}"
  AuthDigestProvider file
  AuthUserFile "{folder}/users"
  Require valid-user
</Directory>
"""


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def _running(command: Sequence[str], port: int, **environ: str) -> Iterator[str]:
    """Run a server until the block ends, and yield its address."""
    with subprocess.Popen(command, env={**os.environ, **environ}, stderr=subprocess.DEVNULL) as one:
        try:
            deadline = time.monotonic() + _PATIENCE
            while one.poll() is None:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if time.monotonic() > deadline:
                    break
                time.sleep(0.05)
            assert one.poll() is None, f"{command[0]} ended with {one.returncode}"
            yield f"http://127.0.0.1:{port}"
        finally:
            one.send_signal(signal.SIGTERM)


@contextmanager
def php(folder: Path, password: str) -> Iterator[str]:
    """Run the form behind PHP's own server, with sessions in *folder*."""
    port = _free_port()
    command = ["php", "-d", f"session.save_path={folder}", "-S", f"127.0.0.1:{port}"]
    script = str(DATA / "login.php")
    with _running([*command, script], port, EXTERNAL_USER=USER, EXTERNAL_PASSWORD=password) as url:
        yield url


@contextmanager
def lighttpd(folder: Path, password: str, algorithm: str = "SHA-256") -> Iterator[str]:
    """Run lighttpd with one file behind HTTP Digest."""
    digest = hashlib.new(algorithm.replace("-", "").lower(), _account(password)).hexdigest()
    _fill(folder, digest)
    port, file = _free_port(), folder / "lighttpd.conf"
    given = {"folder": folder, "port": port, "realm": REALM, "algorithm": algorithm}
    file.write_text(_LIGHTTPD.format(**given), encoding="utf-8")
    with _running(["lighttpd", "-D", "-f", str(file)], port) as url:
        yield url


@contextmanager
def apache(folder: Path, password: str) -> Iterator[str]:
    """Run Apache with one file behind HTTP Digest."""
    _fill(folder, hashlib.md5(_account(password)).hexdigest())
    folder.chmod(0o755)
    port, file = _free_port(), folder / "apache.conf"
    given = {"folder": folder, "port": port, "realm": REALM, "modules": "/usr/lib/apache2/modules"}
    file.write_text(_APACHE.format(**given), encoding="utf-8")
    with _running(["apache2", "-X", "-f", str(file)], port) as url:
        yield url


def _account(password: str) -> bytes:
    return f"{USER}:{REALM}:{password}".encode()


def _fill(folder: Path, digest: str) -> None:
    (folder / "users").write_text(f"{USER}:{REALM}:{digest}\n", encoding="utf-8")
    (folder / "contracts.json").write_text('{"合同编号": "HT-2026-0007"}', encoding="utf-8")


def _call(project: Path, mode: Any, environ: Mapping[str, str], times: int = 1) -> list[Any]:
    with Session.open(
        mode=mode,
        platforms=project / "platforms",
        cassette=project / "cassettes/oa.yaml",
        logins=project / "cassettes/auth",
        environ=environ,
    ) as session:
        return [session.proxy("oa").get() for _ in range(times)]


def prove(name: str, server: Any, platform: str, **options: Any) -> None:
    """Record against *server*, replay without it, and be refused with a wrong password."""
    password = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        project = Path(one)
        (project / "platforms").mkdir()
        (project / "platforms/oa.yaml").write_text(platform, encoding="utf-8")
        (project / "instances.yaml").write_text(_INSTANCE, encoding="utf-8")
        with server(Path(two), password, **options) as url:
            environ = {"OA_URL": url, "OA_USER": USER, "OA_PASSWORD": password}
            first = _call(project, "record", environ, times=3)
            try:
                _call(project, "live", environ | {"OA_PASSWORD": "wrong-password"})
            except AuthError as error:
                refusal = str(error)
            else:
                raise AssertionError(f"{name}: a wrong password was let in")
        assert _call(project, "replay", {}, times=3) == first, name
        written = [path.read_text("utf-8") for path in (project / "cassettes").rglob("*.yaml")]
        assert written
        assert not any(password in text or url in text for text in written), name
        sys.stdout.write(f"{name}: {first[0]}\n  {refusal}\n")


def main() -> int:
    """Prove all, and name what is not installed."""
    missing = [name for name in ("php", "lighttpd", "apache2") if shutil.which(name) is None]
    if missing:
        sys.stderr.write(f"not installed: {', '.join(missing)}\n")
        return 2
    prove("PHP session", php, _FORM)
    prove("PHP session, followed", php, _FOLLOWED)
    prove("lighttpd, SHA-256", lighttpd, _DIGEST)
    prove("lighttpd, MD5", lighttpd, _DIGEST, algorithm="MD5")
    prove("Apache, MD5", apache, _DIGEST)
    return 0


if __name__ == "__main__":
    sys.exit(main())
