"""What is printed while secrets are hidden, and the stream that it goes to."""

from __future__ import annotations

import base64
import contextlib
import io
import sys
from typing import TextIO

import pytest

from bpmax_sim.i18n import translate
from bpmax_sim.secret.outgoing_text import MARKER, redact_output
from bpmax_sim.secret.vault import Vault


def test_a_stream_that_somebody_keeps_ends_quietly_after_its_target() -> None:
    """Python 3.13 tells an error in the end of a stream, which was passed over before."""
    written, kept = io.BytesIO(), list[TextIO]()
    target = io.TextIOWrapper(written, "utf-8")
    with (
        contextlib.redirect_stdout(target),
        redact_output(lambda text: text.replace("张三", "***")),
    ):
        print("客户：张三")  # noqa: T201
        kept.append(sys.stdout)
    assert written.getvalue().decode() == "客户：***\n"

    target.close()
    kept[0].close()

    assert kept[0].closed


@pytest.mark.parametrize(
    ("closes", "shown"),
    [("", "客户：***\n订单 ***"), ("stream", "客户：***\n订单 ***"), ("target", "客户：***\n")],
)
def test_a_script_may_close_what_it_prints_to(closes: str, shown: str) -> None:
    class Kept(io.StringIO):
        last = ""

        def close(self) -> None:
            self.last = self.getvalue()
            super().close()

    out, err = Kept(), Kept()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        redact_output(lambda text: text.replace("张三", "***")),
    ):
        print("客户：张三", flush=True)  # noqa: T201
        print("订单 张三", end="")  # noqa: T201
        print("单号 张三", end="", file=sys.stderr)  # noqa: T201
        if closes:
            (sys.stdout if closes == "stream" else out).close()
            assert sys.stdout.closed == (closes == "stream")

    assert (out.last if out.closed else out.getvalue()) == shown
    assert err.getvalue() == "单号 ***"


@pytest.mark.parametrize(
    "pieces",
    [
        ["客户：张三\n"],
        ["客户：张", "三\n"],
        [*"客户：张三\n"],
        ["\n客户：张", "三"],
        ["客户：张三"],
    ],
)
def test_a_secret_that_is_written_in_pieces_is_hidden(pieces: list[str]) -> None:
    written = io.StringIO()
    with (
        contextlib.redirect_stdout(written),
        redact_output(lambda text: text.replace("张三", "***")),
    ):
        for piece in pieces:
            print(piece, end="", flush=True)  # noqa: T201

    assert written.getvalue() == "".join(pieces).replace("张三", "***")


def test_whole_lines_are_shown_at_once() -> None:
    written, shown = io.StringIO(), list[str]()
    with contextlib.redirect_stdout(written), redact_output(str):
        for piece in ("a\nb", "c", "\nd\n"):
            print(piece, end="", flush=True)  # noqa: T201
            shown.append(written.getvalue())

    assert shown == ["a\n", "a\n", "a\nbc\nd\n"]


OF_LINES = "第一行口令甲乙丙丁\nabcdefgh\n  缩进的口令有八字 \r\nabcdefg\n\n"


@pytest.mark.parametrize(
    ("standin", "twin"),
    [
        ("redacted.crm.test.key.1", "redacted.crm.test.key.1"),
        ("-----替身-----", "[redacted: a line of a secret]"),
    ],
)
@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("E   第一行口令甲乙丙丁", "E   *"), ("E   abcdefgh", "E   *"), ("abcdefghi", "*i"),
        ("> 缩进的口令有八字", "> *"), ("E   abcdefg", "E   abcdefg"), ("\n\n", "\n\n"),
        ("+ 第一行口令甲乙丙丁\n+ abcdefgh\n+ abcdefg", "+ *\n+ *\n+ abcdefg"),
        ("第一行口令甲乙丙", "第一行口令甲乙丙"),
    ],
)  # fmt: skip
def test_a_line_of_eight_characters_of_a_secret_is_hidden_alone(
    standin: str, twin: str, printed: str, shown: str
) -> None:
    vault = Vault()
    vault.add(OF_LINES, standin, name="crm.test.key")

    assert vault.redact_for_output(printed) == shown.replace("*", twin)
    assert vault.redact_for_output(OF_LINES) == standin
    assert vault.redact_text(printed) == printed  # in files it stays, as it may be anything


@pytest.mark.parametrize(
    ("name", "marker"),
    [
        ("crm.test.pw", "[redacted: crm.test.pw (raw) inside base32]"),
        ("crm.test.p4ssw0rd-1234", MARKER),  # which would tell it
    ],
)
def test_an_encoded_secret_is_named_unless_its_name_tells_it(name: str, marker: str) -> None:
    vault = Vault()
    vault.add("p4ssw0rd-1234", "redacted.crm.test.pw.1", name=name)
    encoded = base64.b32encode(b"p4ssw0rd-1234").decode()

    assert translate(vault.redact_for_output(f"x {encoded} y")) == f"x {marker} y"
