"""The JSON objects that ``--json`` prints, by command; every key is always present.

An added key keeps the version; a removed key or a changed type makes a new version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bpmax_sim.i18n import join_messages

TEXT: Final = "string"
NUMBER: Final = "number"
WHOLE: Final = "integer"
FLAG: Final = "boolean"
VERSION: Final = 1

Shape = Mapping[str, Any]
"""Key -> type, a shape, a list of one of these, or several that may stand there."""


def _make_text_fields(*names: str) -> Shape:
    return dict.fromkeys(names, TEXT)


def _make_integer_fields(*names: str) -> Shape:
    return dict.fromkeys(names, WHOLE)


_PLACE: Shape = {"file": TEXT, **_make_integer_fields("line", "column")}
_PROBLEM: Shape = {**_PLACE, **_make_text_fields("path", "message")}
PROBLEMS: Shape = {"exit_code": WHOLE, "problems": [_PROBLEM]}
"""What every command prints instead where it could not do its work."""

_FILES: Shape = {"files": [TEXT]}
_CONSOLE: Shape = {**_make_text_fields("text", "level"), **_PLACE, "ms": NUMBER}
_CHECK: Shape = {"path": TEXT, "ok": FLAG, **_make_text_fields("expected", "actual")}
_CALL: Shape = {
    **_make_text_fields("call", "instance", "method", "url"),
    "status": (WHOLE, None),
    **_make_text_fields("error", "source"),
    "ms": NUMBER,
    "differs": [_make_text_fields("path", "recorded", "sent")],
    **_PLACE,
}
_FAILURE: Shape = {
    **_make_text_fields("kind", "headline"),
    **_PLACE,
    **_make_text_fields("script", "rerun"),
    "checks": [_CHECK],
    "text": TEXT,
}
_ITEM: Shape = {
    **_make_text_fields("name", "row"),
    **_PLACE,
    "tags": [TEXT],
    **_make_text_fields("cassette", "outcome", "reason"),
    "exit_code": WHOLE,
    "ms": NUMBER,
    "digest": TEXT,
    "engine": TEXT,
    "calls": [_CALL],
    "console": [_CONSOLE],
    "failures": [_FAILURE],
    "notes": [TEXT],
    "problems": [TEXT],
}
_RUN: Shape = {
    "summary": _make_integer_fields("passed", "failed", "xfailed", "skipped", "calls", "exit_code"),
    "items": [_ITEM],
    "problems": [_PROBLEM],
}
_SCENARIO: Shape = {
    **_make_text_fields("name", "row", "file"),
    "line": WHOLE,
    "was": [TEXT],
    "tags": [TEXT],
    "cassette": TEXT,
    "steps": WHOLE,
    "skip": (FLAG, TEXT),
    "xfail": (FLAG, TEXT),
    "keys": [{**_make_text_fields("key", "value"), **_PLACE}],
}
_EXCHANGE: Shape = {
    "file": TEXT,
    "line": WHOLE,
    **_make_text_fields("call", "instance", "for", "at"),
    "ms": WHOLE,
    **_make_text_fields("method", "url", "status"),
    "bytes": WHOLE,
}
_REMEMBERED: Shape = {
    **_make_text_fields("name", "file"),
    "line": WHOLE,
    "headline": TEXT,
    "texts": [TEXT],
    "console": [_CONSOLE],
    **_make_text_fields("rerun", "commit"),
}
_IMPORTED: Shape = {
    **_make_text_fields("file", "for"),
    **_make_integer_fields("exchanges", "declared"),
    "changed": FLAG,
    "sources": [{**_make_text_fields("file", "format"), "exchanges": WHOLE, "notes": [TEXT]}],
}
_DIFFERENCE: Shape = {
    **_make_text_fields("kind", "call", "for"),
    **dict.fromkeys(("old", "new"), _make_integer_fields("order", "line")),
    "differences": [_make_text_fields("side", "path", "old", "new")],
}
_FINDING: Shape = {
    **_make_text_fields("call", "law", "message"),
    "javascript": [TEXT],
    **dict.fromkeys(("scenario", "test"), _make_text_fields("file", "text")),
}
_WEAKNESS: Shape = {
    **_PLACE,
    **_make_text_fields("verdict", "kind", "message", "old", "new", "scenario"),
    "scenario_line": WHOLE,
    **_make_text_fields("step", "place", "before", "after", "expect"),
    "columns": {},
    "kills": WHOLE,
    "same_as": TEXT,
    "suspicious": FLAG,
}
_TENANT: Shape = {"instance": TEXT, "credentials": [{"name": TEXT, "value": (TEXT, WHOLE)}]}

_USE: Shape = {"role": TEXT, **_PLACE, "detail": TEXT, "learned": FLAG, "through": [TEXT]}
SHAPES: Mapping[str, Shape] = {
    "run": _RUN,
    "record": _RUN,
    "review": {"action": TEXT, "files": [{"file": TEXT, "exchanges": WHOLE, "changes": [TEXT]}]},
    "list": {"items": [_SCENARIO]},
    "types": {**_FILES},
    "uses": {"places": [{**_make_text_fields("kind", "name"), "uses": [_USE]}]},
    "cassette inspect": {"file": TEXT, "exchanges": [_EXCHANGE]},
    "show": {"failures": [_REMEMBERED]},
    "report": {
        "file": TEXT,
        **_make_integer_fields(
            "passed", "failed", "xfailed", "skipped", "ended_early", "unreadable"
        ),
        "flow": (
            {
                "picture": TEXT,
                "runs": WHOLE,
                "nodes": [{"node": TEXT, "walked": WHOLE}],
                "ways": [{**_make_text_fields("from", "action", "when", "to"), "walked": WHOLE}],
            },
            None,
        ),
    },
    "lint": {
        **_RUN,
        "warnings": [_PROBLEM],
        "explained": [{**_PROBLEM, "rule": TEXT, "cure": TEXT, "red": TEXT}],
    },
    "cassette fmt": {"check": FLAG, **_FILES},
    "migrate": {
        "causes": [{"cause": TEXT, "exchanges": WHOLE, "accepted": FLAG}],
        **_FILES,
        "red": [TEXT],
    },
    "import": {"cassettes": [_IMPORTED]},
    "import openapi": {
        "platform": TEXT,
        **_FILES,
        "apis": [TEXT],
        "credentials": [TEXT],
        "notes": [{**_make_text_fields("path", "message"), "count": WHOLE, "paths": [TEXT]}],
    },
    "cassette export": {
        **_make_text_fields("format", "file", "content"),
        "exchanges": WHOLE,
        "notes": [TEXT],
    },
    "cassette diff": {
        **_make_text_fields("old", "new"),
        "summary": _make_integer_fields("same", "changed", "removed", "added"),
        "exchanges": [_DIFFERENCE],
    },
    "verify": {
        "summary": {
            **_make_integer_fields("error", "warning", "info", "sent", "exit_code"),
            "not_sent": [{"reason": TEXT, "calls": WHOLE}],
        },
        "drifts": [
            {**_PLACE, **_make_text_fields("call", "for", "tier", "kind", "path", "message")}
        ],
    },
    "cassette recover": {**_FILES, "review": [TEXT]},
    "merge": {**_FILES, "review": [TEXT]},
    "cassette prune": {
        "deleted": FLAG,
        "files": [{"file": TEXT, **_make_integer_fields("exchanges", "total"), "calls": [TEXT]}],
    },
    "coverage": {
        "percent": NUMBER,
        "scenarios": WHOLE,
        "kinds": [{"kind": TEXT, "total": WHOLE, "touched": [TEXT], "missing": [TEXT]}],
        "scripts": [
            {
                "file": TEXT,
                "percent": NUMBER,
                "lines": {**_make_integer_fields("covered", "total"), "missing": [WHOLE]},
                "branches": {
                    **_make_integer_fields("covered", "total"),
                    "missing": [
                        {
                            **_make_integer_fields("line", "column"),
                            **_make_text_fields("arm", "message", "reach"),
                        }
                    ],
                },
                "lost": WHOLE,
            }
        ],
        "uncounted": [TEXT],
    },
    "challenge": {
        "summary": {
            **_make_integer_fields(
                "killed", "differs", "unreached", "unchanged", "limit", "ignored"
            ),
            "killed_by": _make_integer_fields("expectation", "error", "miss", "unplayed", "check"),
            "score": NUMBER,
            "exit_code": WHOLE,
        },
        "findings": [_WEAKNESS],
        "mutants": [{**_PLACE, **_make_text_fields("kind", "old", "new", "verdict", "cause")}],
    },
    "explore": {
        **_make_integer_fields("tried", "possible", "exit_code"),
        "findings": [
            {
                **_make_text_fields("verdict", "file", "call", "why", "scenario"),
                "line": WHOLE,
                "red": FLAG,
                "failures": [TEXT],
                "items": [TEXT],
            }
        ],
        "refused": [_make_text_fields("item", "why")],
    },
    "fuzz": {
        **_make_text_fields("platform", "against"),
        "summary": {**_make_integer_fields("examples", "broken", "exit_code"), "seconds": NUMBER},
        "laws": [
            {
                **_make_text_fields("call", "law", "why"),
                "examples": WHOLE,
                "broken": (FLAG, None),
            }
        ],
        "findings": [_FINDING],
    },
    "serve": {"url": TEXT, "exchanges": WHOLE, "addresses": [TEXT]},
    "simulate": {**_make_text_fields("url", "platform"), "instances": [_TENANT]},
    "schema": _FILES,
}


def to_json_schema(shape: Shape) -> dict[str, Any]:
    """Return the JSON Schema of the ``--json`` output of a command.

    The key ``version`` is added to *shape*. A `Shape` is our short notation: key -> ``"string"``,
    nested shape, ``[shape]`` for a list, or a tuple of alternatives.
    """
    return _to_object_schema({"version": WHOLE, **shape})


def _to_object_schema(shape: Shape) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(shape),
        "properties": {name: _to_value_schema(kind) for name, kind in shape.items()},
    }


def _to_value_schema(value_shape: Any) -> dict[str, Any]:
    if isinstance(value_shape, Mapping):
        return _to_object_schema(value_shape)
    if isinstance(value_shape, list):
        return {"type": "array", "items": _to_value_schema(value_shape[0])}
    if isinstance(value_shape, tuple):
        return {"anyOf": [_to_value_schema(part) for part in value_shape]}
    return {"type": "null" if value_shape is None else value_shape}


def describe_keys(shape: Shape) -> Iterator[str]:
    """Yield the keys of *shape* for the help, nested ones as ``findings[] (file, line)``."""
    for name, kind in shape.items():
        inner = kind[0] if isinstance(kind, list) else kind
        mark = f"{name}[]" if isinstance(kind, list) else name
        yield (
            f"{mark} ({join_messages(', ', describe_keys(inner))})"
            if isinstance(inner, Mapping)
            else mark
        )
