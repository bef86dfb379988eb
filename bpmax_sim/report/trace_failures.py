"""Read the failures of a trace in the form that a run has, with files relative to the root."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from bpmax_sim.errors import Place
from bpmax_sim.i18n import change_english_text, message_from_json
from bpmax_sim.report.trace_files import Trace
from bpmax_sim.scenario.events import to_canonical_json
from bpmax_sim.scenario.expect import Comparison
from bpmax_sim.scenario.source import ExcerptLine, Failure

_UPWARD = r"(?<![\w./])(?:\.\./)+[^\s:'\"()]+"


class PathsFromRoot(msgspec.Struct, frozen=True):
    """Converts file names in a trace, which are relative to its scenario, to names below the root.

    Attributes:
        folder: folder of the scenario, relative to the root, with slashes; "" for the root.
        files: the scenario's own file and others that the trace holds, as named in it.
    """

    folder: str
    files: tuple[str, ...] = ()

    @classmethod
    def of_trace(cls, trace: Trace) -> PathsFromRoot:
        """Return the conversion for the file names in *trace*."""
        own = str(trace.events[0].get("place") or "").partition(":")[0]
        return cls(trace.folder, tuple(filter(None, dict.fromkeys((own, *trace.sources)))))

    def to_root_place(self, place: str | None) -> str:
        """Return ``file:line:column`` relative to the root; "" for None."""
        if not place or posixpath.isabs(place):
            return place or ""
        return posixpath.normpath(posixpath.join(self.folder, place))

    def to_root_text(self, text: str) -> str:
        """Return *text* with the paths in it made relative to the project's root.

        These are names of its *files* and paths that begin with ``../``.
        """
        paths = _compile_paths(self.files if self.folder else ())
        return paths.sub(lambda match: self.to_root_place(match[0]), text)


@lru_cache(maxsize=64)
def _compile_paths(files: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds *files*, and paths that begin with ``../``, in a text."""
    # The longest first: `a/b.js` holds `b.js`.
    names = sorted(map(re.escape, files), key=len, reverse=True)
    return re.compile("|".join([_UPWARD, *(rf"(?<![\w./-]){name}" for name in names)]))


_SIDES = ("expected", "actual")


def encode_failure_cause(failure: Failure) -> str:
    """Return *failure* as text for another process, to group failures by cause there.

    Only kind, message, first failed check and script place are kept.
    """
    wrong = [check for check in failure.checks if not check.ok][:1]
    told = {"kind": failure.kind, "essence": failure.essence, "checks": wrong}
    return to_canonical_json({**told, "script": str(failure.script or "")}).decode()


def decode_failure_cause(text: str) -> Failure:
    """Return a failure with the same cause as the one given to `encode_failure_cause`."""
    (failure,) = read_failures({"failures": [json.loads(text)]}, PathsFromRoot(""))
    return failure


_PLACED = re.compile(r"(.*?)(?::(\d+))?(?::(\d+))?", re.DOTALL)


def read_place(text: str) -> Place | None:
    """Return the place that *text* gives as ``file:line:column``; line and column may be missing.

    None for "".
    """
    found = _PLACED.fullmatch(text)
    if not text or found is None:
        return None
    file, line, column = found.groups()
    return Place(file, int(line or 0), int(column or 0))


def read_failures(end_event: Mapping[str, Any], paths: PathsFromRoot) -> Iterator[Failure]:
    """Yield the failures in *end_event*, the last of a trace, with paths relative to the root."""

    def read(text: Any) -> str:
        return change_english_text(message_from_json(text), paths.to_root_text)

    for event in end_event.get("failures", ()):
        yield Failure(
            kind=str(event.get("kind", "")),
            essence=read(event["essence"]),
            scenario=str(event.get("scenario", "")),
            step=event.get("step", 0),
            total=event.get("total", 0),
            title=message_from_json(event.get("title") or event.get("scenario")),
            place=read_place(paths.to_root_place(event.get("place"))),
            excerpt=tuple(
                ExcerptLine(one["number"], one["text"], bool(one.get("marked")))
                for one in event.get("excerpt", ())
            ),
            checks=tuple(
                Comparison(
                    tuple(check["path"]), bool(check["ok"]), *(read(check[side]) for side in _SIDES)
                )
                for check in event.get("checks", ())
            ),
            detail=tuple(map(read, event.get("detail", ()))),
            script=read_place(paths.to_root_place(event.get("script"))),
            script_text=str(event.get("script_text", "")),
        )
