"""Which headers of a response are set afresh each time, and which say something by themselves."""

from __future__ import annotations

from bpmax_sim.cassette.alignment import RecordingComparison
from tests.cassette.test_boundaries import recorded

FRESH = (
    "Age", "Date", "ETag", "Last-Modified", "Request-Id", "Server-Timing", "traceparent",
    "X-Correlation-Id", "X-Request-Id", "X-Runtime", "X-Trace-Id", "X-Tt-Logid",
)  # fmt: skip
MEANT = (
    "Content-Disposition", "Content-Digest", "Content-MD5", "Digest", "Link", "Location",
    "Repr-Digest", "Retry-After", "Set-Cookie", "Signature", "Signature-Input",
    "WWW-Authenticate", "X-Crm-Signature",
)  # fmt: skip
OTHER = ("X-Cache", "Server", "X-Request", "Trace-Id")


def test_a_header_is_set_afresh_or_says_something_or_is_incidental() -> None:
    checked, unchecked = (RecordingComparison(is_checked=flag) for flag in (True, False))
    noise = {}
    for name in (*FRESH, *MEANT, *OTHER):
        old, new = (recorded(headers=[(name, text)]) for text in ("one 1", "one 2"))
        noise[name] = checked.is_same(old, new, ""), unchecked.is_same(old, new, "")

    assert noise == {
        **dict.fromkeys(FRESH, (True, True)),
        **dict.fromkeys(MEANT, (False, False)),
        **dict.fromkeys(OTHER, (True, False)),
    }
