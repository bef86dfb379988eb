"""Instants as signing schemes write them, without locale and time zone of the machine."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from bpmax_sim.platform.octets import FilterError

_DIRECTIVE = re.compile(r"%(.)")
_DIRECTIVES: Final = {
    "Y": "{0.year:04}",
    "m": "{0.month:02}",
    "d": "{0.day:02}",
    "H": "{0.hour:02}",
    "M": "{0.minute:02}",
    "S": "{0.second:02}",
    "%": "%",
}
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def unix_ms(now: object) -> int:
    """Return an instant in whole POSIX milliseconds."""
    return round(_instant(now) * 1000)


def unix(now: object) -> int:
    """Return an instant in whole POSIX seconds."""
    return unix_ms(now) // 1000


def moment(now: object, pattern: str, offset: str = "+00:00") -> str:
    """Return an instant by a pattern of ``%Y %m %d %H %M %S``, in UTC or at *offset*.

    Raises:
        FilterError: if the pattern or the offset is another one.
    """
    return _moment(unix(now), pattern, offset)


def iso(now: object) -> str:
    """Return an instant as ``2026-03-02T01:00:00Z``."""
    return moment(now, "%Y-%m-%dT%H:%M:%SZ")


def http_date(now: object) -> str:
    """Return an instant as ``Mon, 02 Mar 2026 01:00:00 GMT`` (RFC 9110 section 5.6.7)."""
    when = datetime.fromtimestamp(unix(now), UTC)
    day = f"{_DAYS[when.weekday()]}, {when.day:02} {_MONTHS[when.month - 1]} {when.year:04}"
    return f"{day} {when:%H:%M:%S} GMT"


@lru_cache(maxsize=256)
def _moment(seconds: int, pattern: str, offset: str) -> str:
    when = datetime.fromtimestamp(seconds, UTC).astimezone(timezone(_offset(offset)))
    return _pattern(pattern).format(when)


def _instant(now: object) -> float:
    if isinstance(now, int | float):
        return now
    raise FilterError("a time filter needs a number of POSIX seconds, such as now")


def _pattern(pattern: str) -> str:
    def format_of(found: re.Match[str]) -> str:
        try:
            return _DIRECTIVES[found[1]]
        except KeyError:
            allowed = " ".join(f"%{letter}" for letter in _DIRECTIVES)
            raise FilterError(f"a time has no {found[0]!r}; there are {allowed}") from None

    return _DIRECTIVE.sub(format_of, pattern.replace("{", "{{").replace("}", "}}"))


def _offset(offset: str) -> timedelta:
    found = _OFFSET.fullmatch(offset)
    if found is None:
        raise FilterError(f"{offset!r} is not an offset such as '+08:00'")
    span = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return span if found[1] == "+" else -span
