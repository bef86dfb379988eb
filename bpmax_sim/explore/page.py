"""Findings and matrix as one HTML file: offline, without scripts, readable from ``file://``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from bpmax_sim.explore.judge import VERDICTS
from bpmax_sim.explore.search import Exploration
from bpmax_sim.explore.summary import (
    MARKS,
    describe_finding,
    describe_totals,
    find_causes,
    make_matrix,
)
from bpmax_sim.i18n import current_language, msg, translate

_STYLE = (
    "body{font:14px/1.5 system-ui,sans-serif;margin:1rem;color:#222;background:#fff}"
    ".wide{overflow-x:auto}table{border-collapse:collapse}"
    "th,td{border:1px solid #ccc;padding:.2rem .5rem;text-align:left;white-space:nowrap}"
    "td.c{text-align:center}.handled{color:#2e7d32}.unrecorded{color:#666}"
    ".silent,.duplicate,.differs,.stale,.invariant{background:#fdd;font-weight:bold}"
    ".crash,.partial{background:#fff3cd}pre{white-space:pre-wrap;overflow-wrap:anywhere}"
)


def make_page(explorations: Sequence[Exploration]) -> str:
    """Return the page of *explorations*."""
    return "\n".join(_page_lines([one for one in explorations if not one.refused]))


def _page_lines(explored: Sequence[Exploration]) -> Iterator[str]:
    title = _text(msg("What happens when a third party fails"))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    yield f'<!doctype html><html lang="{current_language()}"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
    yield f"<p>{_text(describe_totals(explored))}</p>"
    matrix = make_matrix(explored)
    heads = "".join(f"<th>{_text(column)}</th>" for column in matrix.columns)
    yield f'<div class="wide"><table><tr><th></th>{heads}</tr>'
    for (call, where), row in matrix.rows.items():
        cells = (
            f'<td class="c {row[column]}" title="{_text(VERDICTS[row[column]])}">'
            f"{MARKS[row[column]]}</td>"
            if column in row
            else "<td></td>"
            for column in matrix.columns
        )
        yield f"<tr><th>{_text(call)}<br><small>{_text(where)}</small></th>{''.join(cells)}</tr>"
    yield "</table></div>"
    for finding in find_causes(explored):
        lines = (_text(line) for line in describe_finding(finding))
        yield f"<pre>{'<br>'.join(lines)}</pre>"
    yield "</body></html>\n"


def _text(text: str) -> str:
    return escape(translate(text))
