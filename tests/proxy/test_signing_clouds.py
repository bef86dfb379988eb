from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import quote, urlsplit

from alibabacloud_openapi_util.client import Client as Aliyun
from hypothesis import given, settings
from hypothesis import strategies as st
from tencentcloud.common.abstract_client import AbstractClient
from tencentcloud.common.sign import Sign as Tencent

from bpmax_sim.messages import Request
from tests.examples import drawn
from tests.proxy.signing_inputs import (
    address,
    bodies,
    encoded,
    header,
    instants,
    paths,
    preset,
    queries,
    requests,
    secrets,
    words,
)

ACCESS = "AKIDEXAMPLE"
media_types = st.sampled_from(["", "application/json", "application/x-www-form-urlencoded"])
typed = media_types.map(lambda media: (("Content-Type", media),) if media else ())


@given(
    path=paths,
    query=st.dictionaries(st.text("abAB019-._~", min_size=1, max_size=5), words, max_size=5),
    request_=requests(hosts=("ecs.cn-hangzhou.aliyuncs.com",), headers=typed),
    now=instants,
    secret=secrets,
    token=st.sampled_from(["", "CAISexample"]),
)
@settings(max_examples=drawn(100))
def test_acs3_signs_as_the_library_of_aliyun(
    path: str, query: dict[str, str], request_: Request, now: int, secret: str, token: str
) -> None:
    url = address("ecs.cn-hangzhou.aliyuncs.com", path, tuple(query.items()))
    request = Request(
        method=request_.method,
        url=url,
        headers=(*request_.headers, ("X-Trace", "not signed")),
        body=request_.body,
    )
    ours = preset(
        "acs3",
        access_key_id=ACCESS,
        access_key_secret=secret,
        security_token=token,
        action="DescribeInstances",
        version="2014-05-26",
    )

    signed = ours.sign(request, now=now)

    payload = hashlib.sha256(request.body or b"").hexdigest()
    headers = {name.lower(): value for name, value in signed.headers}
    del headers["x-trace"], headers["authorization"]
    theirs = SimpleNamespace(
        method=request.method,
        pathname=path,
        query=query,
        headers={**headers, "host": "ecs.cn-hangzhou.aliyuncs.com"},
    )
    assert header(signed, "Authorization") == Aliyun.get_authorization(
        theirs, "ACS3-HMAC-SHA256", payload, ACCESS, secret
    )
    assert header(signed, "x-acs-content-sha256") == payload
    assert header(signed, "x-acs-security-token") == (token or None)


def test_acs3_leaves_action_and_version_to_the_api_where_no_parameter_gives_them() -> None:
    ours = preset("acs3", access_key_id=ACCESS, access_key_secret="秘密")
    request = Request(
        method="POST",
        url="https://ecs.cn-hangzhou.aliyuncs.com/",
        headers=(("x-acs-action", "DescribeRegions"), ("x-acs-version", "2014-05-26")),
    )

    signed = ours.sign(request, now=1772413200)

    assert signed.headers[:2] == request.headers
    assert "header.x-acs-action" not in signed.injected
    assert "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date" in str(
        header(signed, "Authorization")
    )


@given(
    query=queries,
    body=bodies,
    media=media_types,
    now=instants,
    secret=secrets,
    service=st.sampled_from(["cvm", "cdb", "sms"]),
)
@settings(max_examples=drawn(100))
def test_tc3_signs_as_the_library_of_tencent(
    query: tuple[tuple[str, str], ...], body: bytes | None, media: str, now: int, secret: str,
    service: str,
) -> None:  # fmt: skip
    host = f"{service}.tencentcloudapi.com"
    method = "GET" if query else "POST"
    request = Request(
        method=method,
        url=address(host, "/", query),
        headers=(("Content-Type", media),) if media else (),
        body=None if query else body,
    )
    ours = preset("tc3", service=service, secret_id=ACCESS, secret_key=secret, action="X")

    signed = ours.sign(request, now=now)

    date = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
    theirs = SimpleNamespace(
        uri="/",
        method=method,
        data=encoded(query) if query else body or b"",
        header={
            "Content-Type": header(signed, "Content-Type"),
            "Host": host,
            "X-TC-Timestamp": header(signed, "X-TC-Timestamp"),
        },
    )
    signature = AbstractClient._get_tc3_signature(None, {}, theirs, date, service, secret)
    assert header(signed, "Authorization") == (
        f"TC3-HMAC-SHA256 Credential={ACCESS}/{date}/{service}/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signature}"
    )
    assert header(signed, "X-TC-Timestamp") == str(now)


def test_the_documented_example_of_tc3_has_its_published_signature() -> None:
    secret = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
    ours = preset(
        "tc3",
        service="cvm",
        region="ap-guangzhou",
        action="DescribeInstances",
        version="2017-03-12",
        secret_id="AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
        secret_key=secret,
    )
    body = (
        rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    )
    request = Request(
        method="POST",
        url="https://cvm.tencentcloudapi.com",
        headers=(("Content-Type", "application/json; charset=utf-8"),),
        body=body,
    )

    signed = ours.sign(request, now=1551113065)

    published = "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    assert str(header(signed, "Authorization")).endswith(f"Signature={published}")
    canonical = (
        "POST\n/\n\ncontent-type:application/json; charset=utf-8\nhost:cvm.tencentcloudapi.com\n\n"
        f"content-type;host\n{hashlib.sha256(body).hexdigest()}"
    )
    text = (
        "TC3-HMAC-SHA256\n1551113065\n2019-02-25/cvm/tc3_request\n"
        f"{hashlib.sha256(canonical.encode()).hexdigest()}"
    )
    assert Tencent.sign_tc3(secret, "2019-02-25", "cvm", text) == published


def test_the_date_of_tc3_is_that_of_utc() -> None:
    ours = preset("tc3", service="cvm", secret_id=ACCESS, secret_key="秘密")
    request = Request(method="GET", url="https://cvm.tencentcloudapi.com/")

    # 2026-03-03 in Shanghai, still the day before in UTC.
    signed = ours.sign(request, now=1772467200 + 5 * 3600 - 1)

    assert f"Credential={ACCESS}/2026-03-02/cvm/tc3_request" in str(header(signed, "Authorization"))


@given(
    request_=requests(
        hosts=("iam.cn-north-4.myhuaweicloud.com",),
        headers=st.just((("Content-Type", " application/json "), ("X-Project-Id", "p1"))),
    ),
    now=instants,
    secret=secrets,
)
@settings(max_examples=drawn(80))
def test_huawei_signs_a_path_that_ends_with_a_slash(
    request_: Request, now: int, secret: str
) -> None:
    signed = preset("huawei_sdk", access_key=ACCESS, secret_key=secret).sign(request_, now=now)

    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(request_.url)
    pairs = sorted(pair.split("=") for pair in parts.query.split("&") if pair)
    canonical = [
        request_.method,
        parts.path if parts.path[-1] == "/" else parts.path + "/",
        "&".join(f"{name}={value}" for name, value in pairs),
        "content-type:application/json",
        "host:iam.cn-north-4.myhuaweicloud.com",
        "x-project-id:p1",
        f"x-sdk-date:{stamp}",
        "",
        "content-type;host;x-project-id;x-sdk-date",
        hashlib.sha256(request_.body or b"").hexdigest(),
    ]
    digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    text = f"SDK-HMAC-SHA256\n{stamp}\n{digest}".encode()
    assert header(signed, "Authorization") == (
        f"SDK-HMAC-SHA256 Access={ACCESS}, SignedHeaders=content-type;host;x-project-id;x-sdk-date,"
        f" Signature={hmac.new(secret.encode(), text, 'sha256').hexdigest()}"
    )
    assert signed.url == request_.url


def test_a_path_with_chinese_is_signed_as_it_is_sent() -> None:
    path = f"/v1/{quote('合同')}"
    request = Request(method="GET", url=f"https://iam.cn-north-4.myhuaweicloud.com{path}")

    signed = preset("huawei_sdk", access_key=ACCESS, secret_key="秘密").sign(request, now=1.5)

    assert signed.url == request.url
    assert header(signed, "X-Sdk-Date") == "19700101T000001Z"
