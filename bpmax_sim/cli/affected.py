"""Which scenarios a run is narrowed to: those that use a place, or that changes in Git reach."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from bpmax_sim.cli.select import Selection
from bpmax_sim.errors import ConfigError
from bpmax_sim.git import SINCE_BRANCHING
from bpmax_sim.i18n import msg, plural
from bpmax_sim.index.store import load_index
from bpmax_sim.index.traces import add_traced_names
from bpmax_sim.index.uses import ProjectUses
from bpmax_sim.project import find_root

_REACH_ALL = frozenset({"pyproject.toml", "conftest.py"})
"""Files that no scenario names, and that each may depend on."""


def narrow_targets(targets: Sequence[Selection], *, uses: str, changed: str) -> list[Selection]:
    """Return those of *targets* that use the place *uses* and that changes since *changed* reach.

    Args:
        targets: scenario files.
        uses: a place as `bpmax-sim uses` takes it; empty for any.
        changed: a revision of Git that the working tree is compared with, or that of
            `SINCE_BRANCHING`; empty for any.

    Raises:
        ConfigError: there is no such place or revision, or no repository.
    """
    kept = list(targets)
    for root in dict.fromkeys(find_root(target.path) for target in targets):
        if not (uses or changed):
            continue
        known = ProjectUses(add_traced_names(load_index(root)))
        names: list[set[str]] = []
        if uses:
            names.append(known.scenarios_of(known.find(name_from_root(uses, root))))
        if changed:
            paths = changed_files(root, find_base(root, changed)[0])
            if not _REACH_ALL.isdisjoint(paths):
                paths = [*paths, *known.paths]
            names.append(known.scenarios_reached_by(paths))
        reached = {(root / name).resolve() for name in set.intersection(*names)}
        kept = [one for one in kept if find_root(one.path) != root or one.path.resolve() in reached]
    return kept


def name_from_root(text: str, root: Path) -> str:
    """Return a path of the command line as the index has it; the name of anything else stays."""
    path, colon, line = text.rpartition(":")
    has_line = bool(colon) and line.isdigit()
    file = Path(path if has_line else text)
    if not file.exists():
        return text
    try:
        name = (Path.cwd() / file).resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return text
    return f"{name}:{line}" if has_line else name


def describe_changes(targets: Sequence[Selection], changed: str, kept: int) -> Iterator[str]:
    """Yield what a run was narrowed to by *changed*: since when, how many files and scenarios."""
    for root in dict.fromkeys(find_root(target.path) for target in targets if changed):
        revision, name = find_base(root, changed)
        files = plural(len(set(changed_files(root, revision))), "{number} file", "{number} files")
        yield msg(
            "changed since {name}, committed or not: {files}; {kept} of {all} scenario files run",
            name=name,
            files=files,
            kept=kept,
            all=len({target.path for target in targets}),
        )


_MAIN_BRANCHES = ("origin/HEAD", "main", "master")


def find_base(root: Path, changed: str) -> tuple[str, str]:
    """Return the revision that *changed* means, and how a person calls it.

    Without a revision it is where this branch left the main one: what a reviewer will see, and what
    is not committed. On the main branch itself, and where there is none, it is the last commit.

    Raises:
        ConfigError: there is no repository, no Git, or no commit.
    """
    if changed != SINCE_BRANCHING:
        return changed, changed
    head = _ask_git(root, "rev-parse", "--verify", "HEAD").strip()
    for branch in _MAIN_BRANCHES:
        try:
            base = _ask_git(root, "merge-base", "HEAD", branch).strip()
        except ConfigError:
            continue
        if base != head:
            return base, msg("{branch} ({short})", branch=branch, short=base[:8])
        break
    return head, msg("HEAD ({short})", short=head[:8])


def changed_files(root: Path, revision: str) -> list[str]:
    """Return the files that differ from *revision*, and those that Git does not know, from *root*.

    Raises:
        ConfigError: there is no repository, no Git, or no such revision.
    """
    differing = ("diff", "--name-only", "-z", "--relative", "--end-of-options", revision, "--")
    unknown = ("ls-files", "--others", "--exclude-standard", "-z")
    texts = (_ask_git(root, *words, revision=revision) for words in (differing, unknown))
    return [name for text in texts for name in text.split("\0") if name]


def _ask_git(root: Path, *words: str, revision: str = "") -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the words are ours, but for the revision
            ["git", *words],  # noqa: S607
            cwd=root,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise ConfigError("--changed needs Git: {error}", error=error.strerror) from None
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise ConfigError("--changed {revision}: {reason}", revision=revision, reason=reason)
    return done.stdout.decode("utf-8", "replace")
