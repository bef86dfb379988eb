from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.secret.credentials import Credential, Credentials
from bpmax_sim.secret.source import read_env, read_file, read_keyring


def test_a_variable_is_read() -> None:
    assert read_env("QYWX_SECRET", {"QYWX_SECRET": "s"}) == "s"


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


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "binary").write_bytes(b"\xff")
    for name, why in [
        ("absent", "cannot be read: No such file or directory"),
        ("binary", "cannot be read: it is not UTF-8 text"),
        ("empty", "is empty"),
    ]:
        with pytest.raises(ConfigError) as caught:
            read_file(name, tmp_path)

        assert str(caught.value) == f"credential file {tmp_path / name} {why}"


def test_the_keyring_needs_its_extra() -> None:
    with pytest.raises(ConfigError) as caught:
        read_keyring("crm/password")

    assert str(caught.value) in {
        "keyring entry crm/password needs the extra: pip install 'bpmax-sim[keyring]'",
        "the keyring has no entry crm/password; add it with: keyring set crm password",
    }


def test_credentials_show_no_value() -> None:
    secret = Credential(name="corpsecret", secret=True, real="s3cr3t", standin="redacted")
    kept = Credentials(secret, live="http://127.0.0.1:1", declared="https://crm.example.test")

    assert kept.real == {"corpsecret": "s3cr3t"}
    assert kept.standins == {"corpsecret": "redacted"}
    assert kept["corpsecret"] is secret
    assert repr(kept) == "<Credentials corpsecret>"
    assert "s3cr3t" not in repr(secret)
