"""vcrpy with our redactor: for SDKs that use any HTTP client, where no builder speaks.

Requests are redacted before they are written and before they are matched; a cassette that still
holds a secret is not written, and one that is, is written whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from vcr import VCR
from vcr.persisters.filesystem import FilesystemPersister
from vcr.request import Request as VcrRequest
from vcr.serialize import serialize

from bpmax_sim.cassette import files
from bpmax_sim.cassette.foreign.imported import grouped_pairs
from bpmax_sim.cassette.leaks import Scan
from bpmax_sim.cassette.render import grouped
from bpmax_sim.errors import LeakError
from bpmax_sim.messages import Request, Response

MATCH_ON: Final = ("method", "scheme", "host", "port", "path", "query", "body")
"""Unlike vcrpy's own default, the body counts."""


def safe_vcr(
    redact_request: Callable[[Request], Request],
    redact_response: Callable[[Response], Response],
    scan: Scan,
    **options: Any,
) -> VCR:
    """Return a `vcr.VCR` whose cassettes are redacted; *options* are vcrpy's own.

    Args:
        redact_request: returns a request as it may be written down.
        redact_response: returns an answer as it may be written down.
        scan: tells the secrets that are left in some bytes.
        options: of `vcr.VCR`.
    """

    def of_request(asked: Any) -> Any:
        body = asked.body_bytes
        whole = Request(
            method=asked.method,
            url=asked.uri,
            headers=grouped_pairs(asked.headers),
            body=body if body is None or isinstance(body, bytes) else bytes(body),
        )
        shown = redact_request(whole)
        headers = {name: values[0] for name, values in grouped(shown.headers)}
        return VcrRequest(shown.method, shown.url, shown.body, headers)

    def of_response(came: Mapping[str, Any]) -> dict[str, Any]:
        answer = Response(
            status=came["status"]["code"],
            headers=grouped_pairs(came["headers"]),
            body=came["body"]["string"] or b"",
        )
        shown = redact_response(answer)
        headers = {name: list(values) for name, values in grouped(shown.headers)}
        return {**came, "headers": headers, "body": {"string": shown.body}}

    known = {"match_on": MATCH_ON, "decode_compressed_response": True, **options}
    made = VCR(before_record_request=of_request, before_record_response=of_response, **known)
    made.register_persister(_Persister(scan))
    return made


class _Persister(FilesystemPersister):  # type: ignore[misc]
    """Writes a cassette whole, or refuses it."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan

    def save_cassette(self, cassette_path: str, cassette_dict: Any, serializer: Any) -> None:
        """Write the cassette, unless a secret is in it."""
        path, data = Path(cassette_path), serialize(cassette_dict, serializer).encode()
        bodies = [answer["body"]["string"] for answer in cassette_dict["responses"]]
        whole = [data, *(b if isinstance(b, bytes) else str(b).encode() for b in bodies)]
        found = self._scan(b"\n".join(whole))
        if found:
            raise LeakError(f"{path}: not written, a secret was found in it ({found[0]})")
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.locked(path.parent):
            files.replace_whole(path, data)
