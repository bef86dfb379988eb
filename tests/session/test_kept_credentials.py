"""Refresh tokens that rotate: the newest outlives its process, and nobody else sees it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordSetError

import bpmax_sim as bs
from bpmax_sim.file_system import find_user
from bpmax_sim.session.session import Session
from tests.loopback import Loopback, answer_json, loopback
from tests.systems import needs_links, needs_rights

FIRST = "1//0gRefresh-4c1f8b7a62d9e350"
PLATFORM = """\
platform_key: crm
base_url: https://crm.example.test
auth: {preset: oauth2_refresh_token}
apis: {list: {method: GET, path: /contracts}}
"""
INSTANCES = """\
- platform: crm
  instance_key: 华东
  base_url: {env: CRM_URL}
  credentials: {client_id: bpm, client_secret: {env: CRM_SECRET}, refresh_token: {%s}}
"""


class Rotating:
    """An OAuth 2.0 server whose refresh tokens hold once; a used one revokes all that follow.

    Attributes:
        at_call: what is done when an API is called.
    """

    def __init__(self) -> None:
        self.current, self.count, self.spent = FIRST, 0, set[str]()
        self.at_call: Callable[[], object] = lambda: None
        self._lock = threading.Lock()

    def __call__(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        if not head.startswith(b"POST /oauth/token"):
            self.at_call()
            token = head.decode().lower().partition("authorization: bearer access-")[2]
            ok = token.partition("\r\n")[0] == f"{self.count}"
            return answer_json('{"list": []}', status="200 OK" if ok else "401 Unauthorized")
        sent = parse_qs(body.decode())["refresh_token"][0]
        with self._lock:
            if sent != self.current:
                self.current = "" if sent in self.spent else self.current
                return answer_json('{"error": "invalid_grant"}', status="400 Bad Request")
            self.spent.add(sent)
            self.count += 1
            self.current = f"1//0gRefresh-{self.count}-8e2d47a90b3c"
            granted = {"access_token": f"access-{self.count}", "refresh_token": self.current}
        return answer_json(json.dumps({**granted, "expires_in": 3600}))


class Project:
    """A project whose platform is served on loopback."""

    def __init__(self, folder: Path, server: Loopback, party: Rotating) -> None:
        self.folder, self.server, self.party = folder, server, party
        self.environ = {"CRM_URL": server.url, "CRM_SECRET": "Zhejiang#2026-crm", "CRM_RT": FIRST}
        (folder / "scenarios/platforms").mkdir(parents=True)
        (folder / "scenarios/platforms/crm.yaml").write_text(PLATFORM, encoding="utf-8")
        self.declare("env: CRM_RT")

    @property
    def kept(self) -> Path:
        return self.folder / ".bpmax/kept/crm.华东.json"

    def declare(self, refresh_token: str) -> None:
        path = self.folder / "scenarios/instances.yaml"
        path.write_text(INSTANCES % refresh_token, encoding="utf-8")

    def open(self, mode: str, name: str = "合同", **options: Any) -> Session:
        environ = self.environ if mode != "replay" else {}
        options = {"environ": environ, "allow_ci": True, **options}
        if mode == "record":
            options["record"] = "rewrite"
        cassette = self.folder / f"cassettes/{name}.yaml"
        folder = self.folder / "scenarios/platforms"
        return Session.open(folder, mode=mode, cassette=cassette, **options)  # type: ignore[arg-type]

    def call(self, mode: str, **options: Any) -> tuple[str, ...]:
        with self.open(mode, **options) as session:
            session.proxy("crm").list()
            return session.standin_notes


@pytest.fixture(name="project")
def rotating_project(tmp_path: Path) -> Iterator[Project]:
    party = Rotating()
    with loopback(party) as server:
        yield Project(tmp_path, server, party)


def test_every_process_goes_on_with_the_newest_and_no_cassette_holds_one(project: Project) -> None:
    notes = [project.call(mode) for mode in ("record", "record", "live")]

    assert project.party.count == 3
    (line,) = json.loads(project.kept.read_text(encoding="utf-8"))["lines"].values()
    assert line["values"] == {"refresh_token": project.party.current}
    assert project.kept.stat().st_mode & 0o777 == 0o600
    assert (project.folder / ".bpmax/.gitignore").read_text(encoding="utf-8").endswith("*\n")
    assert "refresh_token of crm.华东: the newest" in " ".join(notes[0])
    tokens = [FIRST, *project.party.spent, project.party.current]
    for path in project.folder.rglob("*"):
        if path.is_file() and path != project.kept:
            assert not [token for token in tokens if token in path.read_text(encoding="utf-8")]
    assert not [note for note in notes for token in tokens if token in " ".join(note)]


@pytest.mark.parametrize(
    ("issued", "kept"),
    [
        ("0", None),
        ("1", 1),
        ("11", 1),
        ("10", 1),
        ("123", 3),
        ("121", 2),
        ("12312", 3),
    ],
)
def test_a_token_that_was_spent_never_replaces_the_newest(
    tmp_path: Path, issued: str, kept: int | None
) -> None:
    """A response that another process has got already may bring an old one; 0 is the first."""
    tokens = [FIRST, *(f"1//0gRefresh-{number}-8e2d47a90b3c" for number in (1, 2, 3))]
    left = [tokens[int(number)] for number in issued]

    def party(request: bytes) -> bytes:
        if not request.startswith(b"POST /oauth/token"):
            return answer_json("{}")
        granted = {"access_token": f"access-{len(left)}", "refresh_token": left.pop(0)}
        return answer_json(json.dumps({**granted, "expires_in": 3600}))

    with loopback(party) as server:
        project = Project(tmp_path, server, Rotating())
        for _ in issued:
            project.call("live")

    stored = json.loads(project.kept.read_text(encoding="utf-8")) if project.kept.exists() else {}
    found = [line["values"]["refresh_token"] for line in stored.get("lines", {}).values()]
    assert found == ([] if kept is None else [tokens[kept]])


@pytest.mark.parametrize("earlier", [0, 6, 7, 8, 9])
def test_of_what_was_declared_the_last_eight_are_kept(project: Project, earlier: int) -> None:
    lines = {f"{n:032x}": {"values": {"refresh_token": f"old-{n}"}} for n in range(earlier)}
    project.kept.parent.mkdir(parents=True)
    project.kept.write_text(json.dumps({"version": 1, "lines": lines}), encoding="utf-8")
    project.kept.chmod(0o600)

    project.call("live")

    *left, newest = json.loads(project.kept.read_text(encoding="utf-8"))["lines"].values()
    assert newest["values"] == {"refresh_token": project.party.current}
    assert left == [*lines.values()][-7:]


def test_replay_reads_none_of_it(project: Project) -> None:
    project.call("record")
    project.kept.chmod(0o644)
    project.kept.write_text("{", encoding="utf-8")
    project.call("replay")

    assert project.party.count == 1


def test_the_newest_is_on_the_disk_before_it_is_used(project: Project) -> None:
    seen: list[str] = []
    project.party.at_call = lambda: seen.append(project.kept.read_text(encoding="utf-8"))
    project.call("record")

    assert [project.party.current in text for text in seen] == [True]


def test_two_at_once_send_each_token_once(project: Project) -> None:
    errors: list[BaseException] = []

    def run(name: str) -> None:
        try:
            with project.open("live", name) as session:
                session.proxy("crm").list()
        except bs.CallError as error:  # its access token was renewed by the other one meanwhile
            errors.append(error)

    threads = [threading.Thread(target=run, args=(str(number),)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert project.party.current in project.kept.read_text(encoding="utf-8")


def test_who_logged_in_before_goes_on_with_the_newest_of_another(project: Project) -> None:
    with project.open("live", "一") as first, project.open("live", "二") as second:
        for session in (first, second, first, second):  # each call ends the other's access token
            session.proxy("crm").list()

    assert project.party.count == 4


def test_a_run_that_shares_its_logins_rotates_once(project: Project) -> None:
    shared = bs.SharedLogins()
    for name in ("一", "二", "三"):
        project.call("record", name=name, shared_logins=shared)
    assert project.party.count == 1
    for name in ("一", "二", "三"):
        project.call("replay", name=name)
    project.call("record")
    assert project.party.count == 2


def open_to_all(kept: Path) -> None:
    kept.chmod(0o644)


def half(kept: Path) -> None:
    kept.write_text(kept.read_text(encoding="utf-8")[:40], encoding="utf-8")


def linked(kept: Path) -> None:
    kept.rename(kept.with_suffix(".other"))
    kept.symlink_to(kept.with_suffix(".other"))


def of_tomorrow(kept: Path) -> None:
    text = kept.read_text(encoding="utf-8")
    kept.write_text(text.replace('"version": 1', '"version": 2'), encoding="utf-8")


def of_yesterday(kept: Path) -> None:
    text = kept.read_text(encoding="utf-8")
    kept.write_text(text.replace('"version": 1', '"version": 0'), encoding="utf-8")


def a_folder(kept: Path) -> None:
    kept.unlink()
    kept.mkdir(mode=0o700)


def of_another(kept: Path) -> None:
    os.chown(kept, 65534, -1)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(
            open_to_all,
            "others can read the credentials that are kept here; chmod 600",
            marks=needs_rights,
        ),
        (half, "and it cannot be understood; remove it, and declare a new one"),
        pytest.param(
            linked,
            "and it cannot be read (Too many levels of symbolic links)",
            marks=needs_links,
        ),
        (of_tomorrow, "and it is of another version of bpmax-sim"),
        (of_yesterday, "and it is of another version of bpmax-sim"),
        pytest.param(a_folder, "and it is no file", marks=needs_rights),
        pytest.param(
            of_another,
            "and it belongs to another user",
            marks=pytest.mark.skipif(find_user() != 0, reason="only root gives a file away"),
        ),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_before_anything_is_sent(
    project: Project, spoil: Callable[[Path], None], said: str
) -> None:
    project.call("record")
    sent = len(project.server.received)
    spoil(project.kept)
    with pytest.raises(bs.ConfigError, match=r"\.bpmax/kept/crm\.华东\.json") as refused:
        project.call("record")

    assert said in str(refused.value)
    assert project.party.current not in str(refused.value)
    assert len(project.server.received) == sent


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_sent(
    project: Project,
) -> None:
    (project.folder / ".bpmax").write_text("", encoding="utf-8")
    with pytest.raises(bs.ConfigError, match=r"replaces refresh_token of crm\.华东"):
        project.call("record")

    assert project.server.received == []


def test_a_newly_declared_one_wins(project: Project) -> None:
    project.call("record")
    project.party.current = project.environ["CRM_RT"] = "1//0gRefresh-new-71c0ffee5a"
    project.call("record")
    project.call("record")

    assert project.party.count == 3


def test_a_refused_one_is_told_with_where_it_came_from(project: Project) -> None:
    project.call("record")
    project.party.current = "somebody else has it"
    with pytest.raises(bs.AuthError) as refused:
        project.call("record")

    assert "of which the newest came from" in str(refused.value)
    assert "crm.华东.json: get a new one and declare it" in str(refused.value)


class Memory(KeyringBackend):
    """A keyring of its own, so that the machine's is left alone."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries = {("crm", "refresh"): FIRST}
        self.is_locked = False

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.is_locked:
            raise PasswordSetError
        self.entries[service, username] = password


@pytest.fixture(name="ring")
def memory_ring() -> Iterator[Memory]:
    before, ring = keyring.get_keyring(), Memory()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


def test_a_keyring_gets_the_newest_and_no_file(project: Project, ring: Memory) -> None:
    project.declare("keyring: crm/refresh")
    notes = [project.call("record") for _ in range(3)]

    assert project.party.count == 3
    assert ring.entries == {("crm", "refresh"): project.party.current}
    assert project.party.current not in project.kept.read_text(encoding="utf-8")
    assert "kept in the keyring, crm/refresh" in " ".join(notes[0])


def test_a_token_that_cannot_be_kept_ends_the_run(project: Project, ring: Memory) -> None:
    project.declare("keyring: crm/refresh")
    ring.is_locked = True
    with pytest.raises(bs.ConfigError, match="crm/refresh cannot be written: PasswordSetError"):
        project.call("record")

    assert [line.split(b" ")[0] for line in project.server.received] == [b"POST"]
