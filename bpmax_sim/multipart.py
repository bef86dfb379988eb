"""Bodies of type ``multipart/form-data`` (RFC 7578), part by part.

`split_sections` keeps every byte, so that a section can be changed and the others left as they are.
"""

from __future__ import annotations

import re
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Final, NamedTuple

MULTIPART: Final = "multipart/form-data"
_BREAK: Final = b"\r\n"
_FOLDED: Final = re.compile(r"\r\n(?=[ \t])")


class PartHead(NamedTuple):
    """What stands before the content of a part.

    Attributes:
        name: of the field; "" if it has none.
        parameters: of ``Content-Disposition``, such as ``filename``, and its own value with "".
        headers: name in lower case -> value, without ``Content-Disposition``.
    """

    name: str
    parameters: dict[str, str]
    headers: dict[str, str]


def find_delimiter(content_type: str) -> bytes:
    """Return what begins each part, ``--`` included; b"" if *content_type* has no ``boundary``."""
    boundary = _parse_header_parameters("content-type", content_type).get("boundary", "")
    return b"--" + boundary.encode() if boundary else b""


def guess_delimiter(data: bytes) -> bytes:
    """Return the first line of *data* if it may begin a part, else b""."""
    first = data.partition(_BREAK)[0]
    return first if first.startswith(b"--") else b""


def split_sections(data: bytes, delimiter: bytes) -> list[bytes]:
    r"""Return what *delimiter* parts in *data*: a preamble, the parts, and what is behind them.

    `join_sections` makes *data* of them again. A part is ``\r\n``, its headers, and its content.
    """
    return (_BREAK + data).split(_BREAK + delimiter)


def join_sections(sections: list[bytes], delimiter: bytes) -> bytes:
    """Return the body that `split_sections` parts into *sections*."""
    return (_BREAK + delimiter).join(sections).removeprefix(_BREAK)


def parse_part_head(head: str) -> PartHead:
    """Return what the lines *head* say; a folded line belongs to the one before it.

    A name may be a token, quoted, or spelled by RFC 2231 (``name*=UTF-8''%E5%90%8D``).
    """
    lines = [line.partition(":") for line in _FOLDED.sub("", head).split("\r\n") if line.strip()]
    headers = {name.strip().lower(): rest.strip() for name, _, rest in lines}
    disposition = headers.pop("content-disposition", "")
    parameters = _parse_header_parameters("content-disposition", disposition)
    return PartHead(parameters.pop("name", ""), parameters, headers)


def _parse_header_parameters(name: str, value: str) -> dict[str, str]:
    """Return the parameters of the header *name*, their names in lower case.

    The value before them comes as a parameter without a value: ``form-data`` -> "".
    """
    message = Message()
    message[name] = value
    # A parameter that is spelled as RFC 2231 allows comes as charset, language and text.
    return {
        key.lower(): collapse_rfc2231_value(text)
        for key, text in message.get_params([], header=name)
    }
