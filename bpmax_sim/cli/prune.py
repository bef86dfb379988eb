"""``prune``: delete the exchanges and cassettes that a complete run of pytest did not use."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bpmax_sim.cassette.rewrite import remove
from bpmax_sim.cli.asking import agree
from bpmax_sim.cli.cassettes import Yes
from bpmax_sim.cli.options import Json
from bpmax_sim.cli.output import say, say_document, tell
from bpmax_sim.cli.pruning import Leftover, leftovers
from bpmax_sim.errors import CassetteError, ConfigError
from bpmax_sim.report.evidence import kept
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.report.terminal import counted
from bpmax_sim.scenario.names import find_root
from bpmax_sim.yamlfile import shown


def prune(*, yes: Yes = False, json: Json = False) -> int:
    """Delete what nobody uses."""
    root = find_root(Path.cwd())
    evidence = kept(root)
    if evidence is None:
        raise ConfigError(
            "nobody knows yet what is used; run all tests in the project's folder: pytest"
        )
    found = list(leftovers(evidence, root))
    if not json:
        for one in found:
            say(_line(one))
    if not found:
        tell("everything that is recorded is used")
    deleted = bool(found) and _agreed(found, yes=yes)
    if deleted:
        _delete(found)
    if json:
        say_document(deleted=deleted, files=[_data(one) for one in found])
    return ExitCode.PASSED


def _line(one: Leftover) -> str:
    if one.is_orphan:
        return f"{shown(one.path)}: the whole file, {counted(one.total, 'exchange')}"
    told = f"{len(one.numbers)} of {counted(one.total, 'exchange')}"
    return f"{shown(one.path)}: {told}: {', '.join(one.calls)}"


def _data(one: Leftover) -> dict[str, Any]:
    return {
        "file": shown(one.path),
        "exchanges": len(one.numbers),
        "total": one.total,
        "calls": list(one.calls),
    }


def _agreed(found: Sequence[Leftover], *, yes: bool) -> bool:
    """Return whether to delete; where nobody can be asked, it stays with what was told."""
    if yes:
        return True
    if not sys.stdin.isatty():
        tell("nothing was deleted; delete it with --yes")
        return False
    number = sum(len(one.numbers) for one in found)
    agree(f"Delete {counted(number, 'exchange')} as shown?")
    return True


def _delete(found: Sequence[Leftover]) -> None:
    for one in found:
        try:
            remove(one.path, one.numbers)
        except OSError as error:
            raise CassetteError(
                f"{shown(one.path)}: not changed ({error.strerror}); make the folder writable"
            ) from error
    tell(f"{counted(len(found), 'cassette')}: deleted as shown")
