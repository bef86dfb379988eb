"""The README's tables, printed from what they tell of; ``python -m tests.readme`` writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from bpmax_sim import pytest_plugin
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cli.commands import COMMANDS
from bpmax_sim.cli.shapes import SHAPES
from bpmax_sim.cli.shapes import keys as keys_of
from bpmax_sim.platform.model import Api, Instance, Platform
from bpmax_sim.pytest_plugin import fixtures
from bpmax_sim.pytest_plugin.options import OPTIONS, Option
from bpmax_sim.scenario.item import ScenarioItem
from bpmax_sim.scenario.load import items
from bpmax_sim.strategies.fuzz.laws import LAWS
from bpmax_sim.strategies.fuzz.scripts import ABOUT, SCRIPT
from bpmax_sim.subject.hooks import HOOKS

README = Path(__file__).parents[1] / "README.md"


def row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def table(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    titles = tuple(head)
    return "\n".join([row(*titles), row(*["---"] * len(titles)), *(row(*cells) for cells in rows)])


def spelled(option: Option) -> str:
    value = " ".join(option.choices) or option.metavar
    return option.flag if option.kind == "switch" else f"{option.flag}={value}"


def options() -> str:
    rows = [(f"`{spelled(one)}`", f"`{one.ini}`", one.help) for one in OPTIONS]
    return table(("option", "in the ini file", "meaning"), rows)


def named_fixtures() -> str:
    found = {name: getattr(fixtures, name) for name in dir(fixtures) if name.startswith("bpmax_")}
    rows = [(f"`{name}`", (one.__doc__ or "").partition("\n")[0]) for name, one in found.items()]
    return table(("fixture", "what it is"), rows)


def markers() -> str:
    rows = [tuple(marker.split(": ", 1)) for marker in pytest_plugin.MARKERS]
    return table(("marker", "meaning"), [(f"`{name}`", told) for name, told in rows])


def commands() -> str:
    rows = [(f"`{name}`", one.about, f"`{one.example}`") for name, one in COMMANDS.items()]
    return table(("command", "what it does", "example"), rows)


def printed() -> str:
    told: dict[str, list[str]] = {}
    for name, shape in SHAPES.items():
        told.setdefault(", ".join(keys_of(shape)), []).append(f"`{name}`")
    rows = [(" ".join(names), f"`{shape}`") for shape, names in told.items()]
    return table(("command", "its object, beside `version`"), rows)


def keys() -> str:
    models = {"platform": Platform, "instance": Instance, "API": Api}
    names = {place: set(model.__struct_encode_fields__) for place, model in models.items()}
    every = dict.fromkeys(n for model in models.values() for n in model.__struct_encode_fields__)
    rows = [
        (f"`{name}`", *("x" if name in found else "" for found in names.values()))
        for name in every
        if name not in {"key", "spellings"}  # no file sets them
    ]
    return table(("key", *models), rows)


def hooks() -> str:
    rows = [
        (
            f"{hook.subject} `{hook.pattern}`",
            ", ".join(f"`{name}`" for name in hook.gives),
            hook.returns or "–",
            f"BPMAX: {hook.label}" if hook.origin == "documented" else "ours",
        )
        for hook in HOOKS
    ]
    return table(("event", "its script sees", "what it returns", "whose"), rows)


def gallery() -> str:
    files = sorted((README.parent / "scenarios").rglob("*.scenario.yaml"))
    head = ("file", "what happens", "rows", "third parties")
    return table(head, [shown_scenario(path) for path in files])


def shown_scenario(path: Path) -> tuple[str, ...]:
    found = items(path, environ={})
    place = path.relative_to(README.parent)
    link = f"[{'/'.join(place.parts[1:])}]({quote(place.as_posix())})"
    rows = str(len(found)) if found[0].row else ""
    return link, found[0].scenario.scenario, rows, ", ".join(map("`{}`".format, called(found)))


def called(found: Iterable[ScenarioItem]) -> list[str]:
    """Return the platforms that the scenario's recordings are of."""
    cassettes = (
        Cassette.load(README.parent / "cassettes" / f"{item.cassette}.yaml") for item in found
    )
    lines = (entry.line for cassette in cassettes for entry in cassette.entries())
    return sorted({line.call.partition(".")[0] for line in lines})


def laws() -> str:
    told = {**{name: law.about for name, law in LAWS.items()}, SCRIPT: ABOUT}
    return table(("law", "what it says"), [(f"`{name}`", about) for name, about in told.items()])


TABLES: Mapping[str, Callable[[], str]] = {
    "options": options,
    "fixtures": named_fixtures,
    "markers": markers,
    "commands": commands,
    "json": printed,
    "keys": keys,
    "hooks": hooks,
    "laws": laws,
    "gallery": gallery,
}


def filled(text: str) -> str:
    """Return *text* with every table between ``<!-- table: name -->`` and ``<!-- end -->``."""

    def fill(found: re.Match[str]) -> str:
        return f"{found[1]}\n{TABLES[found[2]]()}\n<!-- end -->"

    return re.sub(r"(<!-- table: (\w+) -->)\n.*?<!-- end -->", fill, text, flags=re.DOTALL)


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
