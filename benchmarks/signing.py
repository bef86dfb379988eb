"""What signing a request costs: the declared SigV4 preset against botocore's own signer."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import yaml
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import bpmax_sim.platform
from bpmax_sim.messages import Request
from bpmax_sim.platform.model import Sign
from bpmax_sim.proxy.signing import sign

_ROUNDS, _CALLS = 41, 200
_URL = "https://execute-api.cn-north-1.amazonaws.com.cn/crm/customers/12345?fields=name&page=1"
_HEADERS = (("Content-Type", "application/json"), ("X-Trace", "合同".encode().hex()))
_BODY = '{"name":"张三","contract":"合同"}'.encode()
_NOW = 1772413200


def ours() -> Callable[[], object]:
    path = Path(bpmax_sim.platform.__file__).parent / "presets" / "aws_sigv4.yaml"
    rule = msgspec.convert(yaml.safe_load(path.read_text("utf-8"))["auth"]["sign"], Sign)
    request = Request(method="POST", url=_URL, headers=_HEADERS, body=_BODY)
    names = {
        "access_key_id": "AKIDEXAMPLE",
        "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "session_token": "",
        "region": "cn-north-1",
        "service": "execute-api",
        "now": _NOW,
        "nonce": "0",
        "call_id": "0",
    }
    return lambda: sign(request, rule, names)


def botocore() -> Callable[[], object]:
    credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    auth = SigV4Auth(credentials, "execute-api", "cn-north-1")

    def signed() -> object:
        request = AWSRequest("POST", _URL, data=_BODY, headers=dict(_HEADERS))
        auth.add_auth(request)
        return request

    return signed


def seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    for _ in range(_CALLS):
        work()
    return (time.process_time() - begun) / _CALLS


def measure() -> dict[str, float]:
    """Return the medians in microseconds and how many times botocore's ours is."""
    contenders = {"ours": ours(), "botocore": botocore()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(_ROUNDS):
        for name, work in contenders.items():
            times[name].append(seconds(work))
    medians = {name: statistics.median(taken) * 1e6 for name, taken in times.items()}
    return {**medians, "a SigV4 signature, times botocore": medians["ours"] / medians["botocore"]}


if __name__ == "__main__":
    for what, value in measure().items():
        print(f"{what:10} {value:8.2f}")
