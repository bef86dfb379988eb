from __future__ import annotations

from datetime import UTC, datetime

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.messages import Request
from tests.examples import drawn
from tests.proxy.signing_inputs import Preset, header, instants, preset, requests, secrets

ACCESS, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def aws(
    service: str, *, region: str = "cn-north-1", secret: str = SECRET, token: str = ""
) -> Preset:
    return preset(
        "aws_sigv4",
        region=region,
        service=service,
        access_key_id=ACCESS,
        secret_access_key=secret,
        session_token=token,
    )


def signed_by_botocore(auth: SigV4Auth, request: Request, now: int) -> AWSRequest:
    """Sign as its ``add_auth`` does, but at a given instant."""
    theirs = AWSRequest(request.method, request.url, data=request.body)
    for name, value in request.headers:
        theirs.headers[name] = value
    theirs.context["timestamp"] = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    auth._modify_request_before_signing(theirs)
    text = auth.string_to_sign(theirs, auth.canonical_request(theirs))
    auth._inject_signature_to_request(theirs, auth.signature(text, theirs))
    return theirs


@pytest.mark.parametrize("service", ["execute-api", "sqs", "dynamodb", "s3"])
@given(
    request_=requests(),
    now=instants,
    token=st.sampled_from(["", "IQoJb3JpZ2luX2VjE"]),
    secret=secrets,
)
@settings(max_examples=drawn(80))
def test_a_request_is_signed_as_botocore_signs_it(
    service: str, request_: Request, now: int, token: str, secret: str
) -> None:
    signed = aws(service, secret=secret, token=token).sign(request_, now=now)

    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    auth = signer(Credentials(ACCESS, secret, token or None), service, "cn-north-1")
    theirs = signed_by_botocore(auth, request_, now)
    for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-SHA256"):
        assert header(signed, name) == theirs.headers.get(name)
    assert signed.url == request_.url
    assert signed.body == request_.body


def test_get_vanilla_has_its_published_signature() -> None:
    request = Request(method="GET", url="https://example.amazonaws.com/")

    signed = aws("service", region="us-east-1").sign(request, now=1440938160)

    assert header(signed, "Authorization") == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )
    assert signed.injected == ("header.x-amz-date", "header.authorization")


def test_a_query_is_sorted_by_name_and_then_by_value_and_not_by_the_joined_text() -> None:
    first = Request(method="GET", url="https://iam.amazonaws.com.cn/?a-b=1&a=1&a=0")
    second = Request(method="GET", url="https://iam.amazonaws.com.cn/?a=0&a-b=1&a=1")

    signature = header(aws("iam").sign(first, now=1440938160), "Authorization")

    assert signature == header(aws("iam").sign(second, now=1440938160), "Authorization")
    auth = SigV4Auth(Credentials(ACCESS, SECRET), "iam", "cn-north-1")
    assert signature == signed_by_botocore(auth, first, 1440938160).headers["Authorization"]


def test_a_digest_that_the_script_set_is_the_one_that_is_signed() -> None:
    request = Request(
        method="PUT",
        url="https://crm.example.com/%E5%90%88%E5%90%8C",
        headers=(("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD"),),
        body="张三".encode(),
    )

    signed = aws("execute-api").sign(request, now=1440938160)

    auth = SigV4Auth(Credentials(ACCESS, SECRET), "execute-api", "cn-north-1")
    theirs = signed_by_botocore(auth, request, 1440938160)
    assert header(signed, "Authorization") == theirs.headers["Authorization"]


def test_signing_again_replaces_what_was_signed_before() -> None:
    request = Request(method="POST", url="https://sqs.amazonaws.com.cn/", body="客户".encode())
    ours = aws("sqs", token="IQoJb3JpZ2luX2VjE")

    again = ours.sign(ours.sign(request, now=1440938160), now=1440938161)

    assert again == ours.sign(request, now=1440938161)
