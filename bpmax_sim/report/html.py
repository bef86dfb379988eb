"""Write traces as one HTML page that needs no network and no other file.

Summary and failures are readable without JavaScript. With it, the page is a viewer: its data lies
in ``<script type="application/json">`` elements, one for each scenario, parsed when it is opened.
The content security policy allows only our own scripts and styles, by digest. The size of the page
is limited: beyond `LARGEST` bytes, the events of scenarios that did not fail are left out.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any, TypedDict, Unpack

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from bpmax_sim.errors import ConfigError, Place
from bpmax_sim.i18n import get_current_language, msg
from bpmax_sim.project import make_parent_folder
from bpmax_sim.report import terminal, trace_files
from bpmax_sim.report.failure_causes import describe_cause, group_by_cause
from bpmax_sim.report.page_data import (
    LONGEST_BODY,
    UNREADABLE,
    PageEntry,
    add_row_part_uses,
    build_entry,
    build_unreadable_entry,
    format_body_text,
    select_language_text,
    translate_to_all,
)
from bpmax_sim.report.script_coverage import CoveredScript
from bpmax_sim.report.sections import ReportSection, read_sections, to_section_data
from bpmax_sim.scenario.file_verdict import FileRuns
from bpmax_sim.yamlfile import to_display_path, translate_write_errors

__all__ = [
    "LARGEST",
    "LONGEST_BODY",
    "build_entry",
    "delete_page_on_error",
    "format_body_text",
    "render_page",
    "write_page",
]

LARGEST = 64 * 1024 * 1024
_OUTCOMES: tuple[Any, ...] = ("failed", "did not end", UNREADABLE, "passed", "xfailed", "skipped")
MARKS = {outcome: terminal.MARKS.get(outcome, "×") for outcome in _OUTCOMES}
"""Of each outcome, in the order in which they are counted."""
_FAILED = ("failed", "did not end", UNREADABLE)
_INDEXED = ("id", "name", "row", "place", "outcome", "calls", "tags", "apis")
_LIBRARIES = ("vendor/htm-3.1.1/standalone.umd.js", "vendor/dagre-3.1.3/dagre.min.js")
_APP = (
    *("model", "parts", "waterfall", "flow", "details", "covered", "sections", "tree", "print"),
    "app",
)


class PageOptions(TypedDict, total=False):
    """Optional content of a page.

    Attributes:
        language: initial language, by default the chosen one; the page has a switch.
        problems: problems that kept other files from being read, one line each with its place.
        covered: scripts with their coverage.
        sections: findings of other commands.
        editor: URL template that opens a file, see `make_editor_url_template`.
    """

    language: str
    problems: Sequence[str]
    covered: Sequence[CoveredScript]
    sections: Sequence[ReportSection]
    editor: str


def _make_entry_sort_key(story: PageEntry) -> tuple[bool, Place]:
    return story.outcome not in _FAILED, Place.parse(story.place)


def render_page(
    entries: Iterable[PageEntry],
    *,
    version: str,
    largest: int = LARGEST,
    **options: Unpack[PageOptions],
) -> str:
    """Return the report page as HTML, failed entries first.

    The viewer's script reads blocks of JSON in it: an index of all entries, each entry's steps
    within the size limit, and each source file once.

    Args:
        entries: one for each scenario or row of a table.
        version: version of this package, shown at the foot.
        largest: bytes after which entries that did not fail are reduced to their summary.
        options: see `PageOptions`.
    """
    language = options.get("language") or get_current_language()
    problems, covered = options.get("problems", ()), options.get("covered", ())
    sections = options.get("sections", ())
    ordered = sorted(entries, key=_make_entry_sort_key)
    numbers: dict[str, int] = {}
    blocks, size = {}, 0
    for number, story in enumerate(ordered):
        if size <= largest or story.outcome in _FAILED:
            blocks[f"story-{number}"] = text = _encode_json(_to_entry_data(story, numbers))
            size += len(text.encode("utf-8", "replace"))
    index = {
        "version": version,
        "language": language,
        "texts": load_page_texts(),
        "stories": [_to_entry_summary(s, f"story-{n}" in blocks) for n, s in enumerate(ordered)],
        "problems": problems,
        "causes": _group_by_cause(ordered),
        "editor": options.get("editor", ""),
        "parts": (parts := _summarise_part_uses(ordered)),
        "marks": MARKS,
        "covered": [
            {"file": c.file, "percent": c.counts.percentage, "counts": c.counts} for c in covered
        ],
        "sections": list(map(to_section_data, sections)),
    }
    hits = map(_to_coverage_data, covered)
    blocks |= {f"covered-{number}": _encode_json(one) for number, one in enumerate(hits)}
    blocks |= {f"file-{number}": _encode_json(text) for text, number in numbers.items()}
    return _load_page_template().render(
        stories=ordered,
        counts=Counter(story.outcome for story in ordered),
        calls=sum(story.calls for story in ordered),
        sources=Counter(source for story in ordered for source in story.answered),
        marks=MARKS,
        version=version,
        language=language,
        t={name: forms[language] for name, forms in load_page_texts().items()},
        say=partial(select_language_text, language=language),
        # Markup is what is shipped with the package, or JSON without a `<` in it.
        style=Markup(_read_asset("page.css")),  # noqa: S704
        scripts=[Markup(script) for script in _read_scripts()],  # noqa: S704
        policy=_make_content_policy(),
        problems=problems,
        parts=parts,
        sections=sections,
        index=Markup(_encode_json(index)),  # noqa: S704
        blocks=[(name, Markup(text)) for name, text in blocks.items()],  # noqa: S704
    )


def _group_by_cause(entries: Sequence[PageEntry]) -> list[dict[str, Any]]:
    """Return the causes of failures, most frequent first.

    Each has its ``text`` and, as ``stories``, the positions in *entries* of those that failed for
    it.
    """
    failed = ((number, story.first) for number, story in enumerate(entries) if story.first)
    groups = sorted(group_by_cause(failed).values(), key=lambda group: -len(group))
    return [
        {
            "text": translate_to_all(describe_cause([failure for _, failure in group])),
            "stories": [number for number, _ in group],
        }
        for group in groups
    ]


def _summarise_part_uses(entries: Sequence[PageEntry]) -> dict[str, Any]:
    """Return how many parts (handlers, stubs, conditions …) the files declare, and those unused.

    ``all`` and ``used`` are numbers; ``unused`` has kind, name and place of each unused part.
    """
    uses: dict[tuple[str, str, str], bool] = {}
    for story in entries:
        for key, is_used in story.parts.items():
            uses[key] = uses.get(key, False) or is_used
    unused = [
        dict(zip(("kind", "name", "place"), key, strict=True)) for key in uses if not uses[key]
    ]
    return {"all": len(uses), "used": len(uses) - len(unused), "unused": unused}


def _to_entry_data(entry: PageEntry, file_numbers: dict[str, int]) -> dict[str, Any]:
    """Return the data of *entry* that the page loads when a reader opens it.

    Source files are replaced by numbers, as many entries have the same ones; new files are added to
    *file_numbers* (text -> number).
    """
    plain = ("digest", "engine", "reason", "notes", "rerun", "record", "flow", "failures")
    return {
        **{name: getattr(entry, name) for name in plain},
        "events": list(_drop_repeated_forms(entry.events)),
        "sources": {
            file: file_numbers.setdefault(text, len(file_numbers))
            for file, text in entry.sources.items()
        },
    }


def _drop_repeated_forms(events: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield *events*, each start or end of a step without ``form`` where the form is unchanged.

    Unchanged means equal to that of the start or end before it. Most steps start with the form that
    the last one left, which is half of many pages. The viewer puts it back.
    """
    last = ""
    for event in events:
        if event["event"] not in ("StepStarted", "StepFinished"):
            yield event
            continue
        form = _encode_json(event.get("form"))  # as text, for 1 is not true
        yield {**event, "form": event.get("form")} if form != last else _drop_form(event)
        last = form


def _drop_form(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in event.items() if key != "form"}


def _to_coverage_data(script: CoveredScript) -> dict[str, Any]:
    """Return the source and the coverage of a script."""
    never = {branch: branch.describe(with_advice=False) for branch in script.untaken_branches}
    return {
        "text": script.source,
        "lines": script.lines,
        "lost": script.lost,
        "branches": [
            {
                "line": script.condition_or_own_place.line,
                "arm": script.arm,
                "why": translate_to_all(why),
                "reach": translate_to_all(script.reach),
            }
            for script, why in never.items()
        ],
    }


def _to_entry_summary(entry: PageEntry, has_steps: bool) -> dict[str, Any]:
    """Return the data of *entry* for the list on the page.

    *has_steps* tells the viewer whether the steps can be opened, too: they are left out of a page
    that would become too large.
    """
    return {
        **{name: getattr(entry, name) for name in _INDEXED},
        "ms": round(entry.duration * 1000, 3),
        "headline": entry.failures[0]["headline"] if entry.failures else "",
        "whole": has_steps,
    }


def _encode_json(value: Any) -> str:
    """Return *value* as JSON that cannot end a script element and parses equally everywhere."""
    # `</script>` would end the element, whatever it stands in; LS and PS were line ends in scripts
    # before ES2019.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@contextmanager
def delete_page_on_error(path: Path) -> Iterator[None]:
    """Delete the page at *path* if a ConfigError ends this block.

    It is that of an earlier run, and would be mistaken for the page of this one.
    """
    try:
        yield
    except ConfigError:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise


def write_page(
    path: Path,
    places: Sequence[Path],
    *,
    version: str,
    section_folders: Sequence[Path] = (),
    **options: Unpack[PageOptions],
) -> Counter[str]:
    """Write the report page of the traces in *places*; return the number of entries by outcome.

    There is one entry for each scenario or row of a table. An unreadable trace is an entry with the
    outcome ``unreadable``; a stub, fault or the like that no row of its file used is a problem on
    the page, counted as ``unused``. Findings of other commands are read from *section_folders*. If
    no page can be written, an existing one is deleted, as it would be mistaken for the page of this
    run. *version* and *options* are those of `render_page`.

    Raises:
        ConfigError: if there is no trace, or *path* cannot be written.
    """
    with delete_page_on_error(path):
        stories, unused = _read_entries_and_unused_parts(places)
        kept = read_sections(section_folders)
        lost = [str(one) for one in kept.values() if isinstance(one, ConfigError)]
        options["problems"] = [*options.get("problems", ()), *lost, *unused]
        found = [one for one in kept.values() if isinstance(one, ReportSection)]
        options["sections"] = [*options.get("sections", ()), *found]
        text = render_page(stories, version=version, **options)
        with translate_write_errors(path):
            make_parent_folder(path)
            path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    counted = Counter(story.outcome for story in stories)
    return counted + Counter(unused=len(unused))


def _read_entries_and_unused_parts(places: Sequence[Path]) -> tuple[list[PageEntry], list[str]]:
    """Read the traces in *places*; return page entries, and the unused parts of scenarios.

    Such a part is a stub, fault or the like that no row of its scenario used.

    Raises:
        ConfigError: if a place has no trace.
    """
    stories: list[PageEntry] = []
    runs = FileRuns()
    for name, file in trace_files.find_traces(places).items() if places else ():
        try:
            trace = trace_files.read_trace(file, name)
            stories.append(build_entry(trace))
            add_row_part_uses(runs, trace)
        except ConfigError as error:
            stories.append(build_unreadable_entry(name, to_display_path(file), str(error)))
        except Exception as error:  # noqa: BLE001 - whoever wrote it, its shape can be any
            damage = _describe_damage(file, error)
            stories.append(build_unreadable_entry(name, to_display_path(file), damage))
    return stories, [str(part) for _, part in runs.find_failing_unused_parts()]


def _describe_damage(file: Path, error: Exception) -> str:
    return msg(
        "{path}: this trace is damaged ({error}); delete it, or write it again",
        path=to_display_path(file),
        error=f"{type(error).__name__}: {error}",
    )


@cache
def _make_content_policy() -> str:
    scripts = " ".join(map(_digest_csp_source, _read_scripts()))
    styles = _digest_csp_source(_read_asset("page.css"))
    return (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest_csp_source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _read_scripts() -> tuple[str, ...]:
    """Return the JavaScript of the page.

    First come the libraries, each by itself, then our own scripts as one.
    """
    own = "".join(_read_asset(f"{name}.js") for name in _APP)
    return (*map(_read_asset, _LIBRARIES), f'"use strict";(() => {{\n{own}}})();\n')


@cache
def load_page_texts() -> Mapping[str, Mapping[str, str]]:
    """Return the texts of the page by key and language."""
    texts: dict[str, dict[str, str]] = json.loads(_read_asset("texts.json"))
    return texts


@cache
def _load_page_template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_read_asset("page.html"))


@cache
def _read_asset(name: str) -> str:
    return files(__package__).joinpath("assets", *name.split("/")).read_text(encoding="utf-8")
