"""What ``--json`` prints, command by command: one object, in which every key is always there.

A key more is no new version; a key less, or another type, is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bpmax_sim.i18n import joined

TEXT: Final = "string"
NUMBER: Final = "number"
WHOLE: Final = "integer"
FLAG: Final = "boolean"
VERSION: Final = 1

Shape = Mapping[str, Any]
"""Key -> type, a shape, a list of one of these, or several that may stand there."""

_PLACE: Shape = {"file": TEXT, "line": WHOLE, "column": WHOLE}
_PROBLEM: Shape = {**_PLACE, "path": TEXT, "message": TEXT}
PROBLEMS: Shape = {"exit_code": WHOLE, "problems": [_PROBLEM]}
"""What every command prints instead where it could not do its work."""

_CONSOLE: Shape = {"text": TEXT, "level": TEXT, **_PLACE, "ms": NUMBER}
_CHECK: Shape = {"path": TEXT, "ok": FLAG, "expected": TEXT, "actual": TEXT}
_RUN: Shape = {
    "summary": {
        **dict.fromkeys(("passed", "failed", "xfailed", "skipped", "calls"), WHOLE),
        "exit_code": WHOLE,
    },
    "items": [
        {
            "name": TEXT,
            "row": TEXT,
            **_PLACE,
            "tags": [TEXT],
            "cassette": TEXT,
            "outcome": TEXT,
            "reason": TEXT,
            "exit_code": WHOLE,
            "ms": NUMBER,
            "digest": TEXT,
            "calls": [
                {
                    **dict.fromkeys(("call", "instance", "method", "url"), TEXT),
                    "status": (WHOLE, None),
                    "error": TEXT,
                    "source": TEXT,
                    "ms": NUMBER,
                    "differs": [dict.fromkeys(("path", "recorded", "sent"), TEXT)],
                    **_PLACE,
                }
            ],
            "console": [_CONSOLE],
            "failures": [
                {
                    "kind": TEXT,
                    "headline": TEXT,
                    **_PLACE,
                    **dict.fromkeys(("script", "rerun"), TEXT),
                    "checks": [_CHECK],
                    "text": TEXT,
                }
            ],
            "notes": [TEXT],
            "problems": [TEXT],
        }
    ],
    "problems": [_PROBLEM],
}
_FILES: Shape = {"files": [TEXT]}

SHAPES: Mapping[str, Shape] = {
    "demo": {"folder": TEXT, "lines": [TEXT]},
    "init": {"folder": TEXT, **_FILES},
    "run": _RUN,
    "record": _RUN,
    "review": {
        "action": TEXT,
        "files": [{"file": TEXT, "exchanges": WHOLE, "changes": [TEXT]}],
    },
    "list": {
        "items": [
            {
                **dict.fromkeys(("name", "row", "file"), TEXT),
                "line": WHOLE,
                "tags": [TEXT],
                "cassette": TEXT,
                "steps": WHOLE,
                "skip": (FLAG, TEXT),
                "xfail": (FLAG, TEXT),
            }
        ]
    },
    "inspect": {
        "file": TEXT,
        "exchanges": [
            {
                "line": WHOLE,
                **dict.fromkeys(("call", "instance", "for", "at"), TEXT),
                "ms": WHOLE,
                **dict.fromkeys(("method", "url", "status"), TEXT),
                "bytes": WHOLE,
            }
        ],
    },
    "show": {
        "failures": [
            {
                **dict.fromkeys(("name", "file"), TEXT),
                "line": WHOLE,
                "headline": TEXT,
                "texts": [TEXT],
                "console": [_CONSOLE],
                "rerun": TEXT,
            }
        ]
    },
    "report": {
        "file": TEXT,
        **dict.fromkeys(("passed", "failed", "xfailed", "skipped", "ended_early"), WHOLE),
    },
    "lint": _RUN,
    "fmt": {"check": FLAG, **_FILES},
    "import": {
        "cassettes": [
            {
                **dict.fromkeys(("file", "for"), TEXT),
                **dict.fromkeys(("exchanges", "declared"), WHOLE),
                "changed": FLAG,
                "sources": [
                    {"file": TEXT, "format": TEXT, "exchanges": WHOLE, "notes": [TEXT]},
                ],
            }
        ]
    },
    "import openapi": {
        "platform": TEXT,
        **_FILES,
        "apis": [TEXT],
        "credentials": [TEXT],
        "notes": [{"path": TEXT, "message": TEXT}],
    },
    "export": {
        **dict.fromkeys(("format", "file", "content"), TEXT),
        "exchanges": WHOLE,
        "notes": [TEXT],
    },
    "diff": {
        **dict.fromkeys(("old", "new"), TEXT),
        "summary": dict.fromkeys(("same", "changed", "removed", "added"), WHOLE),
        "exchanges": [
            {
                **dict.fromkeys(("kind", "call", "for"), TEXT),
                **{side: {"order": WHOLE, "line": WHOLE} for side in ("old", "new")},
                "differences": [dict.fromkeys(("side", "path", "old", "new"), TEXT)],
            }
        ],
    },
    "verify": {
        "summary": {
            **dict.fromkeys(("error", "warning", "info", "sent", "exit_code"), WHOLE),
            "not_sent": [{"reason": TEXT, "calls": WHOLE}],
        },
        "drifts": [
            {**_PLACE, **dict.fromkeys(("call", "for", "tier", "kind", "path", "message"), TEXT)}
        ],
    },
    "seal": {"file": TEXT, "sealed": FLAG, "edited": [TEXT], "changes": [TEXT]},
    "recover": {**_FILES, "review": [TEXT]},
    "prune": {
        "deleted": FLAG,
        "files": [{"file": TEXT, "exchanges": WHOLE, "total": WHOLE, "calls": [TEXT]}],
    },
    "coverage": {
        "percent": NUMBER,
        "scenarios": WHOLE,
        "kinds": [{"kind": TEXT, "total": WHOLE, "touched": [TEXT], "missing": [TEXT]}],
    },
    "fuzz": {
        **dict.fromkeys(("platform", "against"), TEXT),
        "summary": {**dict.fromkeys(("examples", "broken", "exit_code"), WHOLE), "seconds": NUMBER},
        "laws": [{**dict.fromkeys(("call", "law"), TEXT), "examples": WHOLE, "broken": FLAG}],
        "findings": [
            {
                **dict.fromkeys(("call", "law", "message"), TEXT),
                "javascript": [TEXT],
                **{kind: dict.fromkeys(("file", "text"), TEXT) for kind in ("scenario", "test")},
            }
        ],
    },
    "serve": {"url": TEXT, "exchanges": WHOLE, "addresses": [TEXT]},
    "simulate": {
        "url": TEXT,
        "platform": TEXT,
        "instances": [
            {"instance": TEXT, "credentials": [{"name": TEXT, "value": (TEXT, WHOLE)}]},
        ],
    },
    "schema": _FILES,
    "doctor": {"ok": FLAG, "checks": [{"ok": FLAG, "name": TEXT, "value": TEXT}]},
}


def as_schema(shape: Shape) -> dict[str, Any]:
    """Return the JSON Schema of what a command prints."""
    return _object({"version": WHOLE, **shape})


def _object(shape: Shape) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(shape),
        "properties": {name: _schema(kind) for name, kind in shape.items()},
    }


def _schema(kind: Any) -> dict[str, Any]:
    if isinstance(kind, Mapping):
        return _object(kind)
    if isinstance(kind, list):
        return {"type": "array", "items": _schema(kind[0])}
    if isinstance(kind, tuple):
        return {"anyOf": [_schema(part) for part in kind]}
    return {"type": "null" if kind is None else kind}


def keys(shape: Shape) -> Iterator[str]:
    """Yield the keys of the object, those of what it lists behind their own."""
    for name, kind in shape.items():
        inner = kind[0] if isinstance(kind, list) else kind
        mark = f"{name}[]" if isinstance(kind, list) else name
        yield f"{mark} ({joined(', ', keys(inner))})" if isinstance(inner, Mapping) else mark
