"""Secrets that stand in files which Git does not ignore, so that a commit would publish them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bpmax_sim.errors import Problem
from bpmax_sim.platform.model import Source
from bpmax_sim.platform.platforms import Platforms

_NOT_IGNORED = 1  # as `git check-ignore` ends; 128 is no repository, where nothing is committed


def literal_secrets(platforms: Platforms) -> Iterator[Problem]:
    """Yield a problem for each literal value of a credential that is declared to be secret."""
    is_open = cache(_is_open)
    for entry in (one for entries in platforms.entries.values() for one in entries):
        platform = platforms.find(entry.instance.platform)
        for name, value in entry.instance.credentials.items():
            spec = platform.credentials.get(name) if platform else None
            node = entry.origin.node.at(("credentials", name))
            if spec is None or spec.secret is not True or isinstance(value, Source) or not value:
                continue
            if node is not None and is_open(node.file):
                variable = f"{entry.instance.platform}_{name}".upper()
                told = (
                    f"{name!r} is a secret and stands here in the clear, in a file that Git does "
                    f"not ignore; write {{env: {variable}}}, or put it into instances.local.yaml"
                )
                yield Problem(told, node.place, f"credentials.{name}")


def _is_open(file: str) -> bool:
    path = Path(file).absolute()
    command = ["git", "check-ignore", "--quiet", "--", path.name]
    try:
        done = subprocess.run(command, cwd=path.parent, capture_output=True, check=False)  # noqa: S603
    except OSError:
        return False  # without Git there is no telling
    return done.returncode == _NOT_IGNORED
