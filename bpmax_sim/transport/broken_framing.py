"""What is wrong with a response that breaks the rules of HTTP/1.1, in words.

httpx passes on the texts of h11, which speak of its own states and quote bytes as Python writes
them. Those bytes may hold a cookie, so no message quotes more than the name of a header.
"""

from __future__ import annotations

import re
from ast import literal_eval
from typing import Final

from bpmax_sim.i18n import msg, template

_QUOTED: Final = r"bytearray\((?P<line>b(?:'.*'|\".*\"))\)"
_NAME: Final = re.compile(r"([!-9;-~\u0080-\U0010ffff]{1,40})[ \t]*[: ]")

# Text of h11 or httpcore -> message; the first that fits is taken.
_MESSAGES: Final = tuple(
    (re.compile(pattern, re.DOTALL), message)
    for pattern, message in (
        (r"conflicting Content-Length", template("it has two different Content-Length headers")),
        (r"bad Content-Length", template("its Content-Length is no number")),
        (
            r"received (?P<received>\d+) bytes, expected (?P<expected>\d+)",
            template("the connection was closed after {received} of {expected} bytes of its body"),
        ),
        (
            r"incomplete chunked read",
            template("the connection was closed before the last chunk of its body"),
        ),
        (r"illegal chunk header", template("the length of a chunk of its body cannot be read")),
        (
            r"malformed chunk footer",
            template("a chunk of its body is longer than the length before it says"),
        ),
        (
            r"Transfer-Encoding",
            template("its Transfer-Encoding is not chunked, which is all that was asked for"),
        ),
        (
            r"without sending a response",
            template("the connection was closed before its first lines were complete"),
        ),
        (
            r"illegal status line|illegal request line|no response line",
            template("its first line is not a status line, such as HTTP/1.1 200 OK"),
        ),
        (r"status_code should be", template("its status is not between 100 and 999")),
        (rf"illegal header line: {_QUOTED}", template("the header {name!r} cannot be read")),
        (r"illegal header line", template("a line of its headers cannot be read")),
        (r"Receive buffer too long", template("its first lines are too long")),
        (
            r"_SWITCH_",
            template("it changes to another protocol, which was not asked for"),
        ),
    )
)


def describe_broken_framing(error: Exception) -> str:
    """Return what is wrong with the response for which h11 raised *error*, and whose fault it is.

    A text that is not known is returned as it is.
    """
    text = str(error)
    for pattern, message in _MESSAGES:
        if found := pattern.search(text):
            values = found.groupdict()
            if "line" in values:
                name = _find_header_name(values.pop("line"))
                if not name:
                    continue
                values["name"] = name
            what = msg(message, **values)
            break
    else:
        what = text
    return msg(
        "{what}; the server, or a proxy or gateway before it, has to be corrected (curl -v shows "
        "what it sends)",
        what=what,
    )


def _find_header_name(line: str) -> str:
    """Return the name in a header line, which is quoted as a literal of Python; "" if unknown."""
    data: bytes = literal_eval(line)
    found = _NAME.match(data.decode("utf-8", "replace"))
    return found[1] if found else ""
