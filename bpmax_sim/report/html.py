"""Stories as one HTML page that needs nothing else: no network, no script, no other file.

Tables and ``<details>`` hold everything; style and script only add. The page is bounded: scenarios
that passed are listed without their rows once it has grown to `LARGEST` bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from bpmax_sim.errors import ConfigError
from bpmax_sim.report.story import Story, story_of
from bpmax_sim.report.traces import read_traces
from bpmax_sim.scenario.kept import make_folder
from bpmax_sim.yamlfile import shown

LARGEST = 16 * 1024 * 1024
WORDS = {"passed": "√", "failed": "×", "did not end": "×"}


def page(stories: Iterable[Story], *, version: str, largest: int = LARGEST) -> str:
    """Return the page of *stories*, those that did not pass first.

    Args:
        stories: each is one scenario or one row of a table.
        version: of this package, told at the foot.
        largest: bytes after which stories that passed are only listed.
    """
    ordered = sorted(stories, key=lambda story: (story.outcome == "passed", story.place))
    sections = tuple(_sections(ordered, largest))
    return _template("page").render(
        sections=sections,
        stories=ordered,
        counts=Counter(story.outcome for story in ordered),
        calls=sum(story.calls for story in ordered),
        sources=Counter(source for story in ordered for source in _sources(story)),
        marks=WORDS,
        version=version,
        style=Markup(_file("report.css")),  # noqa: S704 - shipped with the package
        script=Markup(_file("report.js")),  # noqa: S704
    )


def write_page(path: Path, places: Sequence[Path], *, version: str) -> Counter[str]:
    """Write the page of the traces in *places*, and return how many had which outcome.

    Raises:
        ConfigError: there is no such trace, one is damaged, or *path* cannot be written.
    """
    stories = [story_of(trace) for trace in read_traces(places)]
    text = page(stories, version=version)
    try:
        make_folder(path)
        path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    except OSError as error:
        raise ConfigError(f"{shown(path)}: cannot be written: {error.strerror}") from error
    return Counter(story.outcome for story in stories)


def _sections(stories: Sequence[Story], largest: int) -> Iterator[Markup]:
    """Yield the part of each story, as long as there is room."""
    template, size = _template("story"), 0
    for number, story in enumerate(stories, 1):
        is_short = size > largest and story.outcome == "passed"
        text = template.render(story=story, number=number, short=is_short, marks=WORDS)
        size += len(text.encode("utf-8", "replace"))
        yield Markup(text)  # noqa: S704 - the template has escaped it


def _sources(story: Story) -> Iterator[str]:
    return (row.call.source or "unanswered" for row in story.rows if row.call)


@cache
def _template(name: str) -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_file(f"{name}.html"))


def _file(name: str) -> str:
    return files(__package__).joinpath("page", name).read_text(encoding="utf-8")
