"""A wish -> the files of a new project, by their path below its folder; nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from bpmax_sim.starter.wish import AUTHS, CIS, Wish

GIT: Mapping[str, tuple[str, ...]] = {
    ".gitattributes": ("cassettes/** -text",),
    ".gitignore": (
        ".bpmax/",
        "instances.local.yaml",
        "*.journal",
        "*.yaml.new",
        "*.yaml.damaged",
        "report.xml",
        "__pycache__/",
        ".pytest_cache/",
        ".venv/",
    ),
}
"""Lines that have to be in a file, whatever else is: a cassette's bytes are sealed."""


def planned(wish: Wish) -> dict[str, str]:
    """Return the text of each file, apart from those of `GIT`."""
    found = _project(wish) if wish.platform else {}
    for ci in wish.cis:
        shipped, place = CIS[ci]
        found[place] = _shipped(shipped)
    return found


def _project(wish: Wish) -> dict[str, str]:
    values = {
        "platform": wish.platform,
        "PLATFORM": wish.platform.upper(),
        "address": wish.address,
        "auth": AUTHS[wish.auth].lines,
    }
    sources = {
        f"platforms/{wish.platform}.yaml": "platforms/crm.yaml",
        "scripts/customer.js": "scripts/customer.js",
        "customer.scenario.yaml": "customer.scenario.yaml",
    }
    texts = {f"scenarios/{to}": _filled(_shipped(one), values) for to, one in sources.items()}
    instances = _filled(_shipped("instances.yaml"), values)
    return {**texts, "scenarios/instances.yaml": f"{instances}{_credentials(wish)}"}


def _credentials(wish: Wish) -> str:
    named = {name: variable for name, variable in wish.environment.items() if name != "url"}
    lines = [f"    {name}: {{env: {variable}}}\n" for name, variable in named.items()]
    return "".join(["  credentials:\n", *lines]) if lines else ""


def with_lines(before: str, lines: tuple[str, ...]) -> str:
    """Return the text *before* with those of *lines* at its end that it has not."""
    there = {line.strip() for line in before.splitlines()}
    more = "".join(f"{line}\n" for line in lines if line not in there)
    gap = "\n" if before and not before.endswith("\n") and more else ""
    return f"{before}{gap}{more}"


def _shipped(name: str) -> str:
    return (files("bpmax_sim.starter") / "files" / name).read_text(encoding="utf-8")


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
