"""Secrets that no member's name tells are recorded as stand-ins, and the recording is replayed."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries
from bpmax_sim.errors import NoMatchError
from bpmax_sim.i18n import translate
from bpmax_sim.messages import Request, Response
from bpmax_sim.session.session import Session
from bpmax_sim.transport.adapters import httpx_transport
from tests.leaks import folder, leaks

HOST = "https://open.feishu.example.test"
KEY = "0f8c1a2b-3d4e-5f60-7182-93a4b5c6d7e8"
PASSWORD = "Zh0ng-9uo_77"
SESSION = "8F2A1C0D9E7B6A5F"
INNER = json.dumps({"姓名": "王五", "password": "%s"})
XML = "<用户><password>%s</password><姓名>王五</姓名></用户>"
ESCAPED = XML.replace("<", "&lt;").replace(">", "&gt;")

SECRETS = {"key": KEY, "password": PASSWORD, "session": SESSION}
PATHS = [
    f"/open-apis/bot/v2/hook/{KEY}", f"/cgi-bin/webhook/send?key={KEY}&n=1",
    f"/单据;jsessionid={SESSION}/7?a=1", f"/a;sid={SESSION};v=1",
]  # fmt: skip
BODIES = {
    "webhook in JSON": ("application/json", f'{{"机器人":["{HOST}/open-apis/bot/v2/hook/{KEY}"]}}'),
    "webhook in a text": ("text/plain", f"请调用 {HOST}/open-apis/bot/v2/hook/{KEY} 。"),
    "webhook in a page": ("text/html", f"<p>请<b>调用</b> {HOST}/open-apis/bot/v2/hook/{KEY}</p>"),
    "webhook in a script": (
        "text/html", f'<script>send("{HOST}/open-apis/bot/v2/hook/{KEY}")</script>'
    ),
    "address alone": ("text/plain", f"{HOST}/cgi-bin/webhook/send?key={KEY}"),
    "address with a query": ("text/plain", f"{HOST}/open-apis/bot/v2/hook/{KEY}?n=1"),
    "session in an address": ("text/plain", f"{HOST}/a;jsessionid={SESSION}?a=1"),
    "data source alone": ("text/plain", f"mysql://crm:{PASSWORD}@db/crm?charset=utf8"),
    "data source": ("application/json", f'{{"数据源":"mysql://crm:{PASSWORD}@db/crm"}}'),
    "Basic in a member": (
        "application/json",
        json.dumps({"头": "Basic " + base64.b64encode(f"zs:{PASSWORD}".encode()).decode()}),
    ),
    "link": ("text/html", f'<a href="/单据;jsessionid={SESSION}?a=1">单据</a>'),
    "letter": ("text/plain", f"账号：zhangsan，密码：{PASSWORD}，请尽快修改"),
    "letter in JSON": ("application/json", f'{{"内容":"账号：zhangsan\\n密码：{PASSWORD}"}}'),
    "table": ("text/csv", f"姓名,密码,部门\n张三,{PASSWORD},财务\n"),
    "XML in XML": ("text/xml", f"<r>{ESCAPED % PASSWORD}</r>"),
    "XML in CDATA": ("text/xml", f"<r><d><![CDATA[{XML % PASSWORD}]]></d></r>"),
    "XML in JSON": ("application/json", json.dumps({"d": XML % PASSWORD}, ensure_ascii=False)),
    "base64 of JSON": (
        "application/json",
        json.dumps({"d": base64.b64encode((INNER % PASSWORD).encode()).decode()}),
    ),
    "base64 alone": ("text/plain", base64.b64encode((INNER % PASSWORD).encode()).decode()),
    "base64 of XML": (
        "application/json",
        json.dumps({"d": base64.b64encode(f"<?xml?>{XML % PASSWORD}".encode()).decode()}),
    ),
}  # fmt: skip

_BASE64 = r"[A-Za-z0-9+/]{20,}={0,2}"


def opened(root: Path, mode: Literal["record", "replay"]) -> Session:
    def serve(request: Request) -> Response:
        kind = dict(request.headers).get("content-type", "text/plain")
        return Response(status=200, headers=(("content-type", kind),), body=request.body or b"")

    cassette = root / "cassettes/a.yaml"
    options: dict[str, Any] = {"transport": serve} if mode == "record" else {}
    return Session.open(None, cassette=cassette, owner="测试", mode=mode, allow_ci=True, **options)


def send(session: Session, path: str, body: str = "", kind: str = "text/plain") -> str:
    return send_bytes(session, body.encode(), kind, path).decode()


def send_bytes(session: Session, body: bytes, kind: str, path: str = "/a") -> bytes:
    with httpx.Client(transport=httpx_transport(session)) as client:
        return client.post(f"{HOST}{path}", content=body, headers={"content-type": kind}).content


def other(text: str) -> str:
    """Return *text* with the secrets of whoever replays, also in base64."""
    for secret in SECRETS.values():
        text = text.replace(secret, f"{secret[:-2]}x1")

    def encode(run: re.Match[str]) -> str:
        plain = decode_inner(run[0])
        return base64.b64encode(other(plain).encode()).decode() if plain != run[0] else run[0]

    return re.sub(_BASE64, encode, text)


def find_secret(text: str) -> str:
    return next(secret for secret in SECRETS.values() if secret in text)


def decode_inner(text: str) -> str:
    """Return *text* with what is in base64 decoded."""

    def decode(run: re.Match[str]) -> str:
        try:
            return base64.b64decode(run[0], validate=True).decode()
        except ValueError:
            return run[0]

    return re.sub(_BASE64, decode, text)


def test_an_address_is_recorded_without_its_secrets(tmp_path: Path) -> None:
    second = KEY.replace("0", "b")
    with opened(tmp_path, "record") as session:
        for path in PATHS:
            send(session, path)
        send(session, PATHS[0].replace(KEY, second), "第二个")
    notes = [translate(note).partition(": hidden")[0] for note in session.standin_notes]
    with opened(tmp_path, "replay") as replay:
        for path in PATHS:
            send(replay, other(path))
        assert send(replay, PATHS[0].replace(KEY, "c" * 35 + "1"), "第二个") == "第二个"
    with pytest.raises(NoMatchError), opened(tmp_path, "replay") as replay:
        send(replay, PATHS[3].replace("v=1", "v=2"))

    assert leaks(folder(tmp_path), {**SECRETS, "second": second}) == []
    text = (tmp_path / "cassettes/a.yaml").read_text(encoding="utf-8")
    assert "/hook/redacted.http.any.sent-webhook_token.1" in text
    assert "/hook/redacted.http.any.sent-webhook_token.2" in text
    assert notes == [f"POST {HOST}/open-apis/bot/v2/hook/* path",
                     f"POST {HOST}/%E5%8D%95%E6%8D%AE;jsessionid=*/7 path"]  # fmt: skip


@pytest.mark.parametrize(("kind", "body"), BODIES.values(), ids=BODIES)
def test_a_text_is_recorded_without_its_secrets(tmp_path: Path, kind: str, body: str) -> None:
    with opened(tmp_path, "record") as session:
        send(session, "/a", body, kind)
    with opened(tmp_path, "replay") as replay:
        shown = send(replay, "/a", other(body), kind)

    assert leaks(folder(tmp_path), SECRETS) == []
    standins = re.compile(r"redacted\.http\.any\.[\w-]+\.1")
    assert len(standins.findall(decode_inner(shown))) == 1
    length = len(standins.sub("", decode_inner(shown)))
    assert length == len(decode_inner(body)) - len(find_secret(decode_inner(body)))


WORDS = {
    "sentence": ("text/plain", "初始密码：{}。备注 884213".encode()),
    "sentence, escaped": ("application/json", json.dumps({"n": "密码：{}。备注 884213"}).encode()),
    "sentence in GBK": ("text/plain; charset=gbk", "密码：{}。备注 884213".encode("gbk")),
    "sentence in UTF-16": ("text/plain; charset=utf-16le", "密码：{}。884213".encode("utf-16-le")),
    "table in GBK": ("text/csv", "用户,密码,备注\r\n张三,{},884213\r\n".encode("gbk")),
    "table in JSON": (
        "application/json", json.dumps({"表": "用户,密码\n张三,{}\n884213,"}).encode()
    ),
    "settings in JSON": (
        "application/json", json.dumps({"n": "[db]\nuser = 884213\npassword = {}\n"}).encode()
    ),
    "data source": ("application/json", b'["mysql:\\/\\/root:{}@h\\/d", "884213"]'),
    "data source in a form": ("application/x-www-form-urlencoded",
                              b"dsn=mysql%3A%2F%2Froot%3A{}%40h%2Fd&b=884213"),
    "JDBC": ("text/xml", b"<r><a>jdbc:sqlserver://h;user=884213;password={};a=b</a></r>"),
    "file": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\na,password\r\n1,{}\r\n--x--\r\n',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "template"), WORDS.values(), ids=WORDS)
def test_a_number_is_hidden_in_its_place_only(tmp_path: Path, kind: str, template: bytes) -> None:
    codec = "utf-16-le" if "utf-16" in kind else "ascii"
    place, number, another = (text.encode(codec) for text in ("{}", "884213", "990157"))
    with opened(tmp_path, "record") as session:
        send_bytes(session, template.replace(place, number), kind)
    with opened(tmp_path, "replay") as replay:
        shown = send_bytes(replay, template.replace(place, another), kind)

    before, after = template.split(place)
    assert shown.startswith(before)
    assert shown.endswith(after)
    standin = shown[len(before) : -len(after)].replace(b"\0", b"").decode()
    assert re.fullmatch(r"redacted\.http\.any\.[\w-]+\.1", standin)


@pytest.mark.parametrize("word", ["changeme", "884213"])
def test_a_word_of_a_table_is_replayed_in_the_next_request(tmp_path: Path, word: str) -> None:
    modes: tuple[Literal["record"], Literal["replay"]] = ("record", "replay")
    for mode in modes:
        with opened(tmp_path, mode) as session:
            table = send(session, "/a", f"用户,password\n张三,{word}\n", "text/csv")
            cell = table.split("\n")[1].split(",")[1]
            send(session, "/b", json.dumps({"password": cell}), "application/json")

    assert leaks(folder(tmp_path), {"word": word}) == []


def test_an_address_that_is_declared_to_be_no_secret_is_recorded_as_in_older_recordings(
    tmp_path: Path,
) -> None:
    path, project = tmp_path / "cassettes/a.yaml", tmp_path / "pyproject.toml"
    place = f"POST {HOST}/open-apis/bot/v2/hook/* path"
    project.write_text(f"[tool.bpmax_sim]\nnot_secret = {json.dumps([place])}\n")
    with opened(tmp_path, "record") as session:
        send(session, PATHS[0])
    with opened(tmp_path, "replay") as replay:
        send(replay, PATHS[0])
    with pytest.raises(NoMatchError), opened(tmp_path, "replay") as replay:
        send(replay, other(PATHS[0]))
    project.unlink()
    with pytest.raises(NoMatchError), opened(tmp_path, "replay") as replay:
        send(replay, PATHS[0])
    cassette = Cassette.load(path)
    old = [cassette.get_entry_with_head_defaults(n).with_line(net=2) for n in range(len(cassette))]
    path.write_bytes(dump_entries(old))

    with opened(tmp_path, "replay") as replay:
        send(replay, PATHS[0])

    assert KEY in path.read_text(encoding="utf-8")
