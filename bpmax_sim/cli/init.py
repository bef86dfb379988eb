"""``init``: a project that passes at once, made of a few answers or options."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from bpmax_sim.cli.asking import agree
from bpmax_sim.cli.options import Json
from bpmax_sim.cli.output import say, say_document, tell
from bpmax_sim.errors import ConfigError
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.scenario.names import SUFFIX
from bpmax_sim.starter.making import Plan, carry_out, plan
from bpmax_sim.starter.wish import AUTHS, CIS, Wish
from bpmax_sim.yamlfile import shown

_ASKED = {
    "platform": ("Key of the third party, as in $proxy('…')", "crm_system"),
    "url": ("Its address", "https://crm.example.test"),
    "auth": (f"How one logs in: {', '.join(AUTHS)}", "bearer"),
    "ci": (f"CI files: {', '.join(CIS)}, none", "none"),
}


def init(  # noqa: PLR0913 - the options of the command
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The project's folder.")] = Path(),
    *,
    platform: Annotated[str, typer.Option(metavar="KEY", help="The third party's key.")] = "",
    url: Annotated[str, typer.Option(metavar="URL", help="Its address.")] = "",
    auth: Annotated[str, typer.Option(help=f"How one logs in: {', '.join(AUTHS)}.")] = "",
    ci: Annotated[
        list[str] | None, typer.Option(help=f"Also a CI file: {', '.join(CIS)}; repeatable.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing, and replace what is there.")
    ] = False,
    json: Json = False,
) -> int:
    """Make a project."""
    given = {"platform": platform, "url": url, "auth": auth, "ci": ",".join(ci or ())}
    wish = _wish(folder, given, ask=not yes and _is_asked())
    ready = plan(folder, wish)
    _agree(ready, yes=yes)
    written = carry_out(ready, folder, wish)
    if json:
        say_document(folder=shown(folder), files=[shown(path) for path in written])
    else:
        for path in written:
            say(shown(path))
        for line in _next(folder, wish, written):
            tell(line)
    return ExitCode.PASSED


def _is_asked() -> bool:
    return sys.stdin.isatty()


def _wish(folder: Path, given: dict[str, str], *, ask: bool) -> Wish:
    """Return what is wanted; a project that has scenarios gets CI and Git files alone."""
    wanted = dict(given)
    grown = any((folder / "scenarios").rglob(f"*{SUFFIX}")) and not given["platform"]
    for name, (question, default) in _ASKED.items():
        if not wanted[name] and not (grown and name != "ci"):
            wanted[name] = typer.prompt(question, default=default, err=True) if ask else default
    named = (name.strip() for name in wanted["ci"].split(","))
    cis = tuple(dict.fromkeys(name for name in named if name not in {"", "none"}))
    if grown:
        return Wish(cis=cis)
    return Wish(platform=wanted["platform"], address=wanted["url"], auth=wanted["auth"], cis=cis)


def _agree(ready: Plan, *, yes: bool) -> None:
    if not ready.replaced or yes:
        return
    named = ", ".join(shown(path) for path in ready.replaced)
    if not _is_asked():
        raise ConfigError(
            f"nothing was written, because these are there already: {named}; name another "
            "folder, or replace them with --yes"
        )
    agree(f"Replace {named}?")


def _next(folder: Path, wish: Wish, written: Sequence[Path]) -> Iterator[str]:
    if not written:
        yield "nothing to do, everything is there"
    if not wish.platform:
        return
    where = "" if folder == Path() else f"cd {shown(folder)} && "
    yield ""
    yield f"It passes as it is:   {where}bpmax-sim run"
    yield "Then make it yours:   scenarios/platforms, scenarios/scripts, scenarios"
    yield f"and record it:        set {', '.join(wish.environment.values())}"
    yield "                      bpmax-sim record"
