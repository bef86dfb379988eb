"""The files of a new project on the disk, and its first cassette."""

from __future__ import annotations

from pathlib import Path

import msgspec

from bpmax_sim.errors import ConfigError, ExpectationError, Place, Problem
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.load import items
from bpmax_sim.scenario.opening import open_session
from bpmax_sim.scenario.runner import run
from bpmax_sim.starter.plan import GIT, planned, with_lines
from bpmax_sim.starter.standin import answer, environment
from bpmax_sim.starter.wish import Wish
from bpmax_sim.transport.protocol import Handler
from bpmax_sim.yamlfile import shown


class Plan(msgspec.Struct, frozen=True):
    """What is to be written: path -> text; files that it would change; the cassette's path."""

    texts: dict[Path, str]
    replaced: tuple[Path, ...]
    cassette: Path | None


def plan(folder: Path, wish: Wish) -> Plan:
    """Return what *wish* writes into *folder*; what is there already as it should be is left out.

    Raises:
        ConfigError: a file that is there cannot be read as text.
    """
    texts = {folder / name: text for name, text in planned(wish).items()}
    replaced = [path for path, text in texts.items() if _before(path) not in {"", text}]
    for name, lines in GIT.items():
        texts[folder / name] = with_lines(_before(folder / name), lines)
    cassette = folder / f"cassettes/{wish.platform}/customer.yaml" if wish.platform else None
    if cassette is not None and cassette.exists():
        replaced.append(cassette)
    fresh = {path: text for path, text in texts.items() if _before(path) != text}
    return Plan(fresh, tuple(replaced), cassette)


def _before(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        told = "is there and is no text that can be read; move it away"
        raise ConfigError(Problem(told, Place(shown(path)))) from error


def carry_out(planned: Plan, folder: Path, wish: Wish) -> tuple[Path, ...]:
    """Write the files, record the cassette, and return what was written.

    Raises:
        ConfigError: a file cannot be written.
        ExpectationError: the new scenario does not pass.
    """
    for path, text in planned.texts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            told = f"cannot be written: {error.strerror}; name another folder"
            raise ConfigError(Problem(told, Place(shown(path)))) from error
    if planned.cassette is None:
        return tuple(planned.texts)
    _record(folder, wish)
    logins = sorted((folder / "cassettes/auth").glob(f"{wish.platform}.*.yaml"))
    return (*planned.texts, planned.cassette, *logins)


def _record(folder: Path, wish: Wish) -> None:
    environ = environment(wish)
    (item,) = items(folder / "scenarios/customer.scenario.yaml", environ=environ)
    session = open_session(
        item,
        cassettes=folder / "cassettes",
        environ=environ,
        mode="record",
        record="rewrite",
        transport=Handler(answer),
    )
    *_, last = run(item, session, environ=environ)
    assert isinstance(last, ScenarioFinished)
    if last.failures:
        told = "\n".join(failure.headline for failure in last.failures)
        raise ExpectationError(f"the new scenario does not pass:\n{told}")
