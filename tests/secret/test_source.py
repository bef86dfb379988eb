from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as Fail
from keyring.errors import PasswordDeleteError, PasswordSetError

from bpmax_sim import extensions
from bpmax_sim.errors import ConfigError
from bpmax_sim.secret.source import (
    SECRET_SOURCES,
    looks_random,
    read_env,
    read_file,
    read_from_registered_source,
    read_keyring,
)
from bpmax_sim.secret.vault import Credential, Credentials


def test_a_variable_is_read() -> None:
    assert read_env("QYWX_SECRET", {"QYWX_SECRET": "s"}) == "s"


VAULT = """
def read(where):
    return {"crm/口令": "甲-1", "空": "", "数": 7}.get(where)
"""


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the name of a source that an installed distribution registers."""
    (tmp_path / "corp_keys.py").write_text(VAULT, encoding="utf-8")
    folder = tmp_path / "corp_keys-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: corp-keys\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(f"[{SECRET_SOURCES.group}]\nkeys = corp_keys:read\n")
    monkeypatch.syspath_prepend(tmp_path)
    extensions._read_group.cache_clear()
    yield "keys"
    monkeypatch.undo()
    sys.modules.pop("corp_keys", None)
    extensions._read_group.cache_clear()


def test_a_registered_source_is_asked_for_the_key(vault: str) -> None:
    assert read_from_registered_source(vault, "crm/口令") == "甲-1"


@pytest.mark.parametrize(
    ("where", "got"), [("空", "an empty text"), ("数", "int"), ("没有", "NoneType")]
)
def test_a_registered_source_that_has_no_text_there_is_named(
    vault: str, where: str, got: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read_from_registered_source(vault, where)

    assert str(caught.value) == (
        f"bpmax_sim.secret_sources: 'keys' has nothing at {where}: expected a text, got {got}"
    )


@pytest.mark.parametrize("environ", [{}, {"QYWX_SECRET": ""}])
def test_a_missing_variable_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        read_env("QYWX_SECRET", environ)

    assert str(caught.value) == (
        "environment variable QYWX_SECRET is not set; set it, or run in replay mode"
    )


def test_a_file_is_read_without_its_last_line_end(tmp_path: Path) -> None:
    (tmp_path / "密钥").write_text("第一行\n第二行\n", encoding="utf-8")

    assert read_file("密钥", tmp_path) == "第一行\n第二行"


@pytest.mark.parametrize(
    ("data", "secret"),
    [
        (b"a", "a"),
        (b"a\n", "a"),
        (b"a\r\n", "a"),
        (b"a\r", "a"),
        (b"a\n\n", "a\n"),
        (b"a\r\nb\r\n", "a\nb"),
        (b" a \n", " a "),
        (b"\na\n", "\na"),
    ],
)
def test_one_line_end_of_any_system_is_no_part_of_the_secret(
    tmp_path: Path, data: bytes, secret: str
) -> None:
    (tmp_path / "key").write_bytes(data)

    assert read_file("key", tmp_path) == secret


def test_the_byte_order_mark_of_an_editor_is_no_part_of_the_secret(tmp_path: Path) -> None:
    (tmp_path / "密钥").write_bytes(b"\xef\xbb\xbfs3cr3t\r\n")

    assert read_file("密钥", tmp_path) == "s3cr3t"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "binary").write_bytes(b"\xff")
    for name, why in [
        ("absent", "cannot be read: No such file or directory"),
        ("binary", "cannot be read: it is not UTF-8 text"),
        ("empty", "is empty"),
        ("a\0b", "cannot be read: embedded null byte"),
    ]:
        with pytest.raises(ConfigError) as caught:
            read_file(name, tmp_path)

        assert str(caught.value) == f"credential file {tmp_path / name} {why}"


class Memory(KeyringBackend):
    """A keyring of its own, so that the machine's is left alone."""

    priority = 1.0

    def get_password(self, service: str, username: str) -> str | None:
        return "密码" if (service, username) == ("crm", "password") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise PasswordSetError(f"{service}/{username} is read only, {len(password)} characters")

    def delete_password(self, service: str, username: str) -> None:
        raise PasswordDeleteError(f"{service}/{username} is read only")


@pytest.fixture(name="_memory")
def memory() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(Memory())  # type: ignore[no-untyped-call]
    yield
    keyring.set_keyring(before)


@pytest.mark.usefixtures("_memory")
def test_the_keyring_is_read() -> None:
    assert read_keyring("crm/password") == "密码"


@pytest.mark.usefixtures("_memory")
def test_a_missing_entry_of_the_keyring_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        read_keyring("crm/other")

    assert str(caught.value) == (
        "the keyring has no entry crm/other; add it with: keyring set crm other"
    )


def test_a_machine_without_a_keyring_is_told() -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(Fail())  # type: ignore[no-untyped-call]
    try:
        with pytest.raises(ConfigError) as caught:
            read_keyring("crm/password")
    finally:
        keyring.set_keyring(before)

    assert str(caught.value) == (
        "keyring entry crm/password cannot be read: NoKeyringError; unlock the keyring, or use"
        " env: or file:"
    )


def test_the_keyring_needs_its_extra() -> None:
    code = (
        "import sys; sys.modules['keyring'] = None\n"
        "from bpmax_sim.secret.source import read_keyring\n"
        "read_keyring('crm/password')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.stderr.splitlines()[-1] == (
        "bpmax_sim.errors.ConfigError: keyring entry crm/password needs the extra: "
        'pip install "bpmax-sim[keyring]"'
    )


def test_credentials_show_no_value() -> None:
    secret = Credential(name="corpsecret", secret=True, real="s3cr3t", standin="redacted")
    kept = Credentials(secret, live="http://127.0.0.1:1", declared="https://crm.example.test")

    assert kept.real == {"corpsecret": "s3cr3t"}
    assert kept.standins == {"corpsecret": "redacted"}
    assert kept["corpsecret"] is secret
    assert repr(kept) == "<Credentials corpsecret>"
    assert "s3cr3t" not in repr(secret)


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (b"a\n", "a"),
        (b"a\n\n", "a\n"),
        (b"a\r\n", "a"),
        (b"a\r", "a"),
        (b" a ", " a "),
        (b"\na", "\na"),
    ],
)
def test_of_a_file_one_line_end_is_left_out(tmp_path: Path, data: bytes, read: str) -> None:
    (tmp_path / "key").write_bytes(data)

    assert read_file("key", tmp_path) == read


@pytest.mark.parametrize(
    ("text", "is_random"),
    [
        ("", False),
        ("a1b2c3d4e5f6a7b", False),
        ("a1b2c3d4e5f6a7b8", True),
        ("x-a1b2c3d4e5f6a7b8.z", True),
        ("abcdefghijklmnopq", False),
        ("1234567890123456", False),
        ("aaaaaaaaaaaaaaa1", False),
        ("abababab12121212", False),
        ("aabbccdd11223344", True),
        ("aabbccd111223344", False),
        ("a1b2c3d4-e5f6-a7b8-a1b2-c3d4e5f6a7b8", False),
        ("A1B2C3D4-E5F6-A7B8-A1B2-C3D4E5F6A7B8", False),
        ("a1b2c3d4-e5f6-a7b8-a1b2-c3d4e5f6a7b8 9z8y7x6w5v4u3t2s", True),
        ("aaaaaaaaaaaaaaaa1 bbbbbbbbbbbbbbbb1 a1b2c3d4e5f6a7b8", True),
    ],
)
def test_sixteen_letters_and_digits_without_a_pattern_look_random(
    text: str, *, is_random: bool
) -> None:
    assert looks_random(text) == is_random
