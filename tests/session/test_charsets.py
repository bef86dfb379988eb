"""Pages in GBK and GB18030: read as they say, readable in the file, and replayed byte for byte."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
import vcr

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import reseal
from bpmax_sim.cli.app import run_command_line
from bpmax_sim.errors import LostCharactersWarning
from bpmax_sim.messages import Response
from bpmax_sim.server import ReplayServer, run_server
from bpmax_sim.session.session import Session
from bpmax_sim.text_codec import DecodedText, decode_text, find_codec, list_probable_codecs
from bpmax_sim.transport.adapters import httpx_transport
from tests.loopback import Loopback, loopback

NAMES = "王喆、李堃、㐀㐁"
PAGE = f'<html><head><meta charset="gb18030"></head><body>{NAMES}</body></html>'
XML = f'<?xml version="1.0" encoding="GB18030"?><r><name>{NAMES}</name></r>'
PICTURE = "像图".encode("gbk")  # as if: no byte of a picture is read as text
BODIES = {
    "header": ("text/html; charset=GB18030", f"<p>{NAMES}</p>".encode("gb18030")),
    "meta": ("text/html", PAGE.encode("gb18030")),
    "lying": ("text/html; charset=utf-8", PAGE.encode("gb18030")),
    "xml": ("application/xml", XML.encode("gb18030")),
    "json": ("application/json; charset=gb2312", f'{{"名":"{NAMES}"}}'.encode("gb18030")),
    "bom": ("text/plain", b"\xef\xbb\xbf" + NAMES.encode()),
    "undeclared": ("text/plain", "王喆".encode("gbk")),
    "picture": ("image/gif", PICTURE),
    "escaped": (
        "application/json",
        rb'{"name":"\u738b\u5586\ud842\udfb7","icon":"\ud83d\ude00"}',
    ),
}
PLATFORM = """\
platform_key: hr
base_url: {url}
apis:
  header: {{path: /header}}
  meta: {{path: /meta}}
  lying: {{path: /lying}}
  xml: {{path: /xml}}
  json: {{path: /json}}
  bom: {{path: /bom}}
  undeclared: {{path: /undeclared}}
  declared: {{path: /undeclared, charset: gbk}}
  raw: {{path: /meta, result: bytes}}
  unread: {{path: /undeclared, result: bytes}}
"""


def answer(raw: bytes) -> bytes:
    kind, body = BODIES[raw.split(b" ")[1].decode().strip("/")]
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


@pytest.fixture(name="server")
def running() -> Iterator[Loopback]:
    with loopback(answer) as server:
        yield server


def opened(root: Path, mode: Literal["record", "replay"]) -> Session:
    path = root / "cassettes/gbk.yaml"
    return Session.open(root / "platforms", cassette=path, owner="人事", mode=mode, environ={})


def ask(session: Session, *names: str) -> list[Any]:
    hr = session.proxy("hr")
    with warnings.catch_warnings():
        warnings.simplefilter("error", LostCharactersWarning)
        return [hr.direct(name) for name in names]


ALL = ("header", "meta", "lying", "xml", "json", "bom", "declared", "raw", "unread")


def test_pages_are_read_as_they_say_recorded_as_text_and_replayed_as_bytes(
    tmp_path: Path, server: Loopback
) -> None:
    (tmp_path / "platforms").mkdir()
    platform = PLATFORM.format(url=server.url)
    (tmp_path / "platforms/hr.yaml").write_text(platform, encoding="utf-8")
    with opened(tmp_path, "record") as session:
        live = ask(session, *ALL)
    with opened(tmp_path, "replay") as session:
        replayed = ask(session, *ALL)

    assert replayed == live
    assert [NAMES in str(value) for value in live[:6]] == [True] * 6
    assert live[6:] == ["王喆", PAGE.encode("gb18030"), "王喆".encode("gbk")]
    path = tmp_path / "cassettes/gbk.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(NAMES) == 7
    assert "王喆\n" in text  # what says nothing of its encoding, but is declared to have one
    assert text.count("!!binary") == 1  # its bytes are asked for, and nothing says what they are
    assert text.count("charset=utf-8") == 8  # once as what the server said
    cassette = Cassette.load(path)
    outcomes = [cassette.outcome(number) for number in range(len(cassette))]
    assert [o.body for o in outcomes if isinstance(o, Response)] == [
        BODIES[name][1]
        for name in (
            "header",
            "meta",
            "lying",
            "xml",
            "json",
            "bom",
            "undeclared",
            "meta",
            "undeclared",
        )
    ]
    assert outcomes[0].header("content-type") == "text/html; charset=GB18030"  # type: ignore[union-attr]


def test_vcrpy_hands_out_the_right_text(tmp_path: Path, server: Loopback) -> None:
    path = tmp_path / "cassettes/page.yaml"
    with (
        Session.open(None, cassette=path, owner="人事", mode="record") as session,
        httpx.Client(transport=httpx_transport(session)) as client,
    ):
        client.get(f"{server.url}/header")
    with vcr.VCR(record_mode="none").use_cassette(str(path)):
        assert NAMES in httpx.get(f"{server.url}/header").text


def test_lost_characters_are_never_silent(tmp_path: Path, server: Loopback) -> None:
    (tmp_path / "platforms").mkdir()
    platform = PLATFORM.format(url=server.url)
    (tmp_path / "platforms/hr.yaml").write_text(platform, encoding="utf-8")
    with (
        opened(tmp_path, "record") as session,
        pytest.warns(LostCharactersWarning, match="hr.undeclared: byte 1 is not utf-8"),
    ):
        session.proxy("hr").direct("undeclared")

    assert any("`charset:`" in note for call in session.calls for note in call.notes)


PAGES = """\
platform_key: erp
base_url: {url}
charset: gbk
apis:
  stock: {{path: /undeclared}}
  submit: {{method: POST, path: /undeclared, encoding: xml}}
  picture: {{path: /picture}}
"""
ORDER = f'<?xml version="1.0" encoding="GBK"?><订单><客户>{NAMES[:2]}</客户></订单>'


def test_a_declared_charset_is_readable_in_the_file_the_trace_and_inspect(
    tmp_path: Path, server: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "platforms").mkdir()
    text = PAGES.format(url=server.url)
    (tmp_path / "platforms/erp.yaml").write_text(text, encoding="utf-8")

    def talk(session: Session) -> list[Any]:
        erp = session.proxy("erp")
        order = ORDER.encode("gbk")
        erp.api("submit").header({"Content-Type": "text/xml"}).body(order).call()
        return [erp.stock(), erp.picture()]

    with opened(tmp_path, "record") as session:
        live = talk(session)
        shown = [call.request for call in session.calls]
    with opened(tmp_path, "replay") as session:
        replayed = talk(session)

    assert live == replayed == ["王喆", PICTURE]
    assert server.received[0].endswith(ORDER.encode("gbk"))
    path = tmp_path / "cassettes/gbk.yaml"
    recorded = path.read_text(encoding="utf-8")
    assert ORDER in recorded.replace('\\"', '"')
    assert recorded.count("!!binary") == 1  # the picture
    assert path.read_bytes() == reseal(path.read_bytes().decode())
    first = Cassette.load(path).exchange(0)
    assert first.request.body == ORDER.encode("gbk")
    assert run_command_line(["cassette", "inspect", f"{path}:5"]) == 0
    assert NAMES[:2] in capsys.readouterr().out
    assert ORDER in str(shown)


def test_escaped_letters_are_readable_in_inspect(
    tmp_path: Path, server: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cassettes/page.yaml"
    with (
        Session.open(None, cassette=path, owner="人事", mode="record", allow_ci=True) as session,
        httpx.Client(transport=httpx_transport(session)) as client,
    ):
        client.get(f"{server.url}/escaped")
    assert run_command_line(["cassette", "inspect", f"{path}:4"]) == 0
    assert r'{"name":"王喆𠮷","icon":"\ud83d\ude00"}' in capsys.readouterr().out


def test_serve_sends_a_page_byte_for_byte(tmp_path: Path, server: Loopback) -> None:
    (tmp_path / "platforms").mkdir()
    text = PAGES.format(url=server.url)
    (tmp_path / "platforms/erp.yaml").write_text(text, encoding="utf-8")
    with opened(tmp_path, "record") as session:
        session.proxy("erp").stock()
    played = ReplayServer([tmp_path / "cassettes/gbk.yaml"], platforms=tmp_path / "platforms")
    with run_server(played.handle) as url:
        got = httpx.get(f"{url}/undeclared")

    assert got.content == "王喆".encode("gbk")
    assert got.headers["content-type"] == "text/plain"
    assert got.headers["content-length"] == "4"


@pytest.mark.parametrize(
    ("data", "content_type", "declared", "text", "wrong_at"),
    [
        ("王".encode("gbk"), "text/html; charset=utf-8", "gbk", "王", -1),
        ("王".encode("utf-16"), "text/plain", "", "王", -1),
        (b"\xfe\xff" + "王".encode("utf-16-be"), "text/plain", "", "王", -1),
        (b"\xfe\xff" + "王".encode("utf-16-be"), "text/plain; charset=gbk", "", "王", -1),
        (b"\xff\xfe" + "王".encode("utf-16-le"), "application/json", "", "王", -1),
        ("王".encode("utf-8-sig"), "text/plain; charset=gbk", "", "王", -1),
        ("王".encode("gbk"), "text/plain; charset=nonsense", "", "\ufffd\ufffd", 0),
        (b"ok\xff", "application/octet-stream", "", "ok\ufffd", 2),
        ("王".encode("big5"), "text/plain; charset=Big5", "", "王", -1),
        (json.dumps("王").encode(), "", "", '"\\u738b"', -1),
        # what a page says of itself
        *(
            (f"<head>{head}王".encode("gbk"), media, "", f"<head>{head}王", -1)
            for head in (
                '<meta charset="gbk">',
                "<META CharSet=GBK>",
                '<meta http-equiv="Content-Type" content="text/html; charset=gb2312">',
                '<meta http-equiv="Content-Type" content="text/html;charset=gb2312">',
                "<meta content='charset=gb2312' http-equiv=content-type>",
            )
            for media in ("text/html", "")
        ),
        ('<meta charset="gbk">王'.encode("gbk"), "image/png", "",
         '<meta charset="gbk">\ufffd\ufffd', 20),
        ("<meta charset=x><p charset=gbk>王".encode("gbk"), "text/html", "",
         "<meta charset=x><p charset=gbk>\ufffd\ufffd", 31),
        ("<meta xcharset=gbk>王".encode("gbk"), "", "", "<meta xcharset=gbk>\ufffd\ufffd", 19),
        (f"{' ' * 1007}<meta charset=gbk>王".encode("gbk"), "", "",
         f"{' ' * 1007}<meta charset=gbk>王", -1),
        (f"{' ' * 1008}<meta charset=gbk>王".encode("gbk"), "", "",
         f"{' ' * 1008}<meta charset=gbk>\ufffd\ufffd", 1026),
        *(
            (f'<?xml version="1.0" encoding={name}?><名>王</名>'.encode("gbk"), media, "",
             f'<?xml version="1.0" encoding={name}?><名>王</名>', -1)
            for name in ('"GBK"', "'gb2312'")
            for media in ("application/xml", "application/soap+xml", "text/plain", "")
        ),
    ],
)  # fmt: skip
def test_the_first_encoding_that_fits_counts(
    data: bytes, content_type: str, declared: str, text: str, wrong_at: int
) -> None:
    decoded = decode_text(data, content_type, declared)

    assert (decoded.text, decoded.wrong_at) == (text, wrong_at)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("GB2312", "gb18030"), ("gbk", "gb18030"), ("x-gbk", ""), ("GB18030", "gb18030"),
        ("UTF8", "utf-8"), ("utf_16", "utf-16"), ("Big5", "big5"), ("big5-hkscs", "big5hkscs"),
        ("latin1", "iso8859-1"), ("windows-1252", "cp1252"), ("US-ASCII", "ascii"), ("hz", "hz"),
        ("Shift_JIS", "shift_jis"), ("euc-kr", "euc_kr"), ("KOI8-R", "koi8-r"), ("", ""),
        ("hex", ""), ("rot13", ""), ("base64", ""), ("idna", ""), ("nichts", ""), ("a\0b", ""),
    ],
)  # fmt: skip
def test_an_encoding_is_one_of_texts_or_unknown(name: str, codec: str) -> None:
    assert find_codec(name) == codec


GBK_PAGE = b'<meta charset="gbk">'
XML_PAGE = b'<?xml version="1.0" encoding="big5"?><meta charset=gbk>'


@pytest.mark.parametrize(
    ("data", "content_type", "declared", "codecs"),
    [
        (b"", "", "", ["utf-8"]), (b"\xef\xbb\xbfa", "", "", ["utf-8"]),
        (b"\xff\xfea", "text/html; charset=gbk", "big5", ["big5", "utf-16-le", "gb18030", "utf-8"]),
        (b"a", "text/plain; charset=utf-8", "gbk", ["gb18030", "utf-8"]),
        (b"a", "text/plain; charset=x", "y", ["utf-8"]),
        # names of parameters are the same in every case (RFC 9110, 5.6.6)
        *(
            (b"a", f"text/plain{parameter}", "", [codec, "utf-8"])
            for parameter, codec in (
                ("; Charset=GBK", "gb18030"), (";CHARSET=gb2312", "gb18030"),
                ('; boundary=x; cHARSET = "Big5"', "big5"), ("; charset='gbk'", "gb18030"),
            )
        ),
        (GBK_PAGE, "text/html; Charset=Big5", "", ["big5", "gb18030", "utf-8"]),
        (b"a", "text/plain; xcharset=gbk", "", ["utf-8"]),
        (b"a", "text/plain; charset=", "", ["utf-8"]),
        (GBK_PAGE, "text/html", "", ["gb18030", "utf-8"]),
        (XML_PAGE, "", "", ["big5", "gb18030", "utf-8"]),
        (b" " + XML_PAGE, "image/svg+xml", "", ["big5", "gb18030", "utf-8"]),
        (b"x" + XML_PAGE, "text/html", "", ["gb18030", "utf-8"]),
        (XML_PAGE, "application/json", "", ["utf-8"]),
    ],
)  # fmt: skip
def test_encodings_are_tried_in_the_order_of_who_says_so(
    data: bytes, content_type: str, declared: str, codecs: list[str]
) -> None:
    assert list_probable_codecs(data, content_type, declared) == codecs


@pytest.mark.parametrize(
    ("data", "content_type", "declared", "decoded"),
    [
        ("王".encode("gbk"), "text/html; charset=utf-8", "gbk", ("王", "gb18030", -1)),
        ("王".encode("gbk"), "text/html; charset=gbk", "", ("王", "gb18030", -1)),
        ("王".encode("gbk"), "text/plain; Charset=GBK", "", ("王", "gb18030", -1)),
        ("王".encode(), "text/html;CHARSET=Gbk", "", ("王", "utf-8", -1)),
        ("王".encode(), "text/html; charset=gbk", "", ("王", "utf-8", -1)),
        ("王".encode(), "text/html; charset=utf-8", "", ("王", "utf-8", -1)),
        ("\ufeff王".encode(), "text/html; charset=gbk", "utf-8", ("王", "utf-8", -1)),
        # nothing fits: what is most probable tells where it is wrong
        (b"a\xe7\x8e\x8b", "text/plain; charset=ascii", "", ("a王", "utf-8", -1)),
        (b"\xe7\x8e\x8b\xff", "text/plain", "ascii", ("\ufffd" * 4, "ascii", 0)),
        (b"abc\xff", "text/plain; charset=ascii", "", ("abc\ufffd", "ascii", 3)),
    ],
)  # fmt: skip
def test_a_text_tells_its_encoding_and_where_it_is_wrong(
    data: bytes, content_type: str, declared: str, decoded: tuple[str, str, int]
) -> None:
    assert decode_text(data, content_type, declared) == DecodedText(*decoded)
