"""Options of curl with a value: what they make of the request, and which value is no address."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bpmax_sim.errors import CassetteError, ConfigError
from bpmax_sim.starter.traffic_sources import read_curl, read_sources

URL = "https://erp.example.test/orders"
CUSTOMER = "%E5%AE%A2%E6%88%B7=%E5%BC%A0%E4%B8%89"


@pytest.mark.parametrize(
    "options",
    [
        "--socks4 10.0.0.7:1080", "--socks5 10.0.0.7:1080", "--socks5-hostname=10.0.0.7",
        "-x http://proxy.test:3128", "-sx http://proxy.test:3128", "-xhttp://proxy.test:3128",
        "--preproxy socks5://10.0.0.7", "--proxy-header 'X-A: 1'", "--proxy-cacert ca.pem",
        "--unix-socket /run/x.sock", "--netrc-file 'my netrc'", "--crlfile a.crl",
        "--key-type PEM", "--pinnedpubkey sha256//x", "--doh-url https://dns.test/q",
        "--dns-servers 10.0.0.1", "--local-port 4000-4200", "-C -", "--continue-at 100",
        "-Y 10 -y 5", "--speed-limit 10 --speed-time 5", "--rate 2/s", "--expect100-timeout 2",
        "-o 'https://a.test/x'", "--resolve erp.example.test:443:10.0.0.7", "-w '%{url}'",
        "--proto '=https' --tlsv1.2 -sSf", "--proto-default https", "--tls13-ciphers X --curves Y",
        "--output-dir /tmp -O", "--hsts h.txt --alt-svc a.txt", "--etag-save e --etag-compare e",
        "-z 2026-03-02", "--request-target /x", "--libcurl a.c", "--proxy-cert a.pem --proxy-key b",
        "--max-time=3 -m3 -m 3", "-ksSfLio out.txt", "-c jar -D -", "--retry 3 --retry-delay 1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_first", [True, False])
def test_the_value_of_an_option_is_not_the_address(options: str, *, is_first: bool) -> None:
    words = [options, URL] if is_first else [URL, options]
    [exchange] = read_curl(f"curl {' '.join(words)}").exchanges

    sent = exchange.request
    assert (sent.method, sent.url, sent.headers, sent.body) == ("GET", URL, (), None)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("sign", ["\\", "^"])
def test_a_command_goes_on_in_the_next_line(sign: str, end: str) -> None:
    lines = ["curl", "-H 'X-A: 1'", URL, "-d a=1"]
    [exchange] = read_curl(f" {sign}{end}".join(lines) + end).exchanges

    sent = exchange.request
    assert (sent.method, sent.url, sent.body) == ("POST", URL, b"a=1")
    assert sent.headers[0] == ("X-A", "1")


@pytest.mark.parametrize(
    ("options", "headers"),
    [
        ("--oauth2-bearer t-1", (("Authorization", "Bearer t-1"),)),
        ("--oauth2-bearer t-1 -H 'authorization: Token x'", (("authorization", "Token x"),)),
        ("-u a:b --oauth2-bearer t-1", (("Authorization", "Bearer t-1"),)),
        ("-r 0-99", (("Range", "bytes=0-99"),)),
        ("--range=-500", (("Range", "bytes=-500"),)),
        ("-sr0-1 -H Range:", ()),
    ],
)
def test_an_option_that_makes_a_header_is_that_header(
    options: str, headers: tuple[tuple[str, str], ...]
) -> None:
    [exchange] = read_curl(f"curl {options} {URL}").exchanges

    assert (exchange.request.method, exchange.request.headers) == ("GET", headers)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            "-T 订单.json",
            "--upload-file takes its value from the file '订单.json'; write the value",
        ),
        ("--upload-file=a.csv", "--upload-file takes its value from the file 'a.csv'; write the"),
        ("-sTa.csv", "--upload-file takes its value from the file 'a.csv'; write the value out"),
        ("--form-string a=1", "a body of several parts (-F) cannot be drafted; take it out"),
        ("-K ~/.curlrc", "--config takes its value from the file '~/.curlrc'; write the value"),
        ("-sKx", "--config takes its value from the file 'x'; write the value out"),
        ("--url-query @f", "--url-query takes its value from the file 'f'; write the value out"),
        ("-H @头.txt", "--header takes its value from the file '头.txt'; write the value out"),
        ("-sH@h", "--header takes its value from the file 'h'; write the value out"),
    ],
)
@pytest.mark.parametrize("before", [0, 2])
def test_a_body_that_is_no_text_of_the_command_is_refused(
    options: str, told: str, before: int
) -> None:
    with pytest.raises(ConfigError) as refused:
        read_curl(f"curl {URL}\n" * before + f"curl {URL} {options}\ncurl {URL}")

    assert str(refused.value).startswith(f"curl command {before + 1}: {told}")


@pytest.mark.parametrize(
    ("command", "line", "body"),
    [
        (f"curl {URL} https://other.test/x", f"GET {URL}", None),
        (f"curl https://other.test/x --url {URL}", f"GET {URL}", None),
        (f"curl '{URL}?a=1#top?b=2'", f"GET {URL}?a=1", None),
        (f"curl {URL}#top", f"GET {URL}", None),
        (f"curl {URL} --data-urlencode mail=zs@corp.cn", f"POST {URL}", b"mail=zs%40corp.cn"),
        (f"curl {URL} --data-urlencode '=zs@corp.cn'", f"POST {URL}", b"zs%40corp.cn"),
        (f"curl {URL} --data-urlencode 'a=b=c'", f"POST {URL}", b"a=b%3Dc"),
        (f"curl {URL} --url-query 客户=张三", f"GET {URL}?{CUSTOMER}", None),
        (
            f"curl '{URL}?a=1#top' --url-query b=2 --url-query +c=%20",
            f"GET {URL}?a=1&b=2&c=%20",
            None,
        ),
        (f"curl '{URL}?' --url-query =x", f"GET {URL}?x", None),
        (f"curl {URL} --url-query a=1 -d b=2", f"POST {URL}?a=1", b"b=2"),
        (f"curl -G {URL} --url-query a=1 -d b=2 -d c=3", f"GET {URL}?a=1&b=2&c=3", None),
        (f"curl -G '{URL}?x=1&' -d b=2", f"GET {URL}?x=1&b=2", None),
        (f"curl -G {URL} -d ''", f"GET {URL}", None),
    ],
)
def test_one_address_and_its_data_are_read(command: str, line: str, body: bytes | None) -> None:
    [exchange] = read_curl(command).exchanges

    assert (f"{exchange.request.method} {exchange.request.url}", exchange.request.body) == (
        line, body,
    )  # fmt: skip


A, B = "https://erp.example.test/a", "https://erp.example.test/b"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"curl {A}; echo 完成", [f"GET {A}"]),
        (f"curl {A} | jq .data", [f"GET {A}"]),
        (f"curl {A}|jq .data > {B}", [f"GET {A}"]),
        (f"curl -X PUT {A} && curl -X DELETE {B}", [f"PUT {A}", f"DELETE {B}"]),
        (f"curl {A}; curl.exe {B} || echo 不行", [f"GET {A}", f"GET {B}"]),
        (f"curl {A} & curl {B} &", [f"GET {A}", f"GET {B}"]),
        (f"curl -d a=1 {A} --next -X PUT {B}", [f"POST {A} a=1", f"PUT {B}"]),
        (f"curl {A} -: {B} -d b=2 -: {A}", [f"GET {A}", f"POST {B} b=2", f"GET {A}"]),
        (f"curl '{A}?x=1;y=2|3' -d ';|' -H 'X-A;'", [f"POST {A}?x=1;y=2|3 ;|"]),
        (f"curl {A} -d 'a && b'", [f"POST {A} a && b"]),
        (f"curl {A}?x=1&y=2", [f"GET {A}?x=1&y=2"]),
        (f"curl {A}\n$ curl {B}; curl {A}\n", [f"GET {A}", f"GET {B}", f"GET {A}"]),
        (f"docker exec app \\\n  curl {A}\n", []),
        (f"docker exec app \\\n  curl {A}\ncurl {B}\n", [f"GET {B}"]),
    ],
)
def test_a_shell_and_curl_end_a_request_where_another_begins(text: str, lines: list[str]) -> None:
    exchanges = read_curl(text).exchanges

    assert [one.order for one in exchanges] == [*range(1, len(lines) + 1)]
    assert [
        f"{one.request.method} {one.request.url} {(one.request.body or b'').decode()}".strip()
        for one in exchanges
    ] == lines


def test_the_number_of_a_command_is_that_of_its_request() -> None:
    with pytest.raises(ConfigError, match="curl command 3: --data takes its value from the file"):
        read_curl(f"curl {A}; curl {B} --next {A} -d @x\ncurl {A}")
    with pytest.raises(ConfigError, match="curl command 4: its quotes do not match"):
        read_curl(f"curl {A}; curl {B} --next {A}\ncurl '{A}\n")


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("https://erp.example.test:65535/x", True), ("http://[::1]:80/x", True),
        ("HTTPS://erp.example.test", True), ("https://erp.example.test:65536/x", False),
        ("https://erp.example.test:八/x", False), ("http://[::1/x", False), ("https:///x", False),
        ("https://:80/x", False), ("erp.example.test/x", False), ("ftp://erp.example.test", False),
        ("", False), ("httpss://erp.example.test", False), ("https:erp.example.test", False),
    ],
)  # fmt: skip
def test_an_address_has_a_host_and_a_port_that_there_is(address: str, *, is_one: bool) -> None:
    if is_one:
        assert len(read_curl(f"curl '{address}'").exchanges) == 1
        return
    with pytest.raises(ConfigError) as refused:
        read_curl(f"curl '{address}'")
    assert str(refused.value) == "curl command 1: it has no http:// or https:// address"


def test_a_file_in_which_curl_only_goes_on_a_line_is_of_no_known_kind(tmp_path: Path) -> None:
    path = tmp_path / "命令.txt"
    path.write_text(f"docker exec app \\\n  curl {A}\n", "utf-8")

    with pytest.raises(CassetteError, match=r"命令\.txt"):
        read_sources([path])


def test_commands_are_a_second_apart_and_answered_with_an_empty_object() -> None:
    read = read_curl(f"curl {URL}\n\n$ curl -X PUT {URL};\ncurl.exe {URL} &\n")

    assert [(one.order, one.at) for one in read.exchanges] == [
        (1, 1767196801.0), (2, 1767196802.0), (3, 1767196803.0),
    ]  # fmt: skip
    assert {one.outcome.body for one in read.exchanges} == {b"{}"}  # type: ignore[union-attr]
    assert [str(note) for note in read.notes] == [
        "3 curl commands say nothing of their responses: they are answered with {}"
    ]


def test_a_script_may_have_sixteen_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "合同.js"
    path.write_text("form.备注 = '加急';\n", "utf-8")
    os.truncate(path, 1 << 24)

    script = read_sources([path]).script
    assert script.startswith("form.备注 = '加急';\n")
