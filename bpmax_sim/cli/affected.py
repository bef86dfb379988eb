"""Select the scenarios that use a place of the project or are affected by changes in Git."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from bpmax_sim.cli.item_selection import Selection, read_platform_folders
from bpmax_sim.errors import ConfigError, Place
from bpmax_sim.git import SINCE_BRANCHING
from bpmax_sim.i18n import msg, plural
from bpmax_sim.index.facts import read_facts
from bpmax_sim.index.store import load_index
from bpmax_sim.index.traces import add_traced_names
from bpmax_sim.index.uses import ProjectPlace, ProjectUses, list_own_platforms
from bpmax_sim.project import INSTANCES, LOCAL, find_root

_REACH_ALL = frozenset({"pyproject.toml", "conftest.py"})
"""Files that no scenario names, and that each may depend on."""


def narrow_by_use_and_changes(
    targets: Sequence[Selection], *, used_name: str, since: str
) -> list[Selection]:
    """Return the *targets* that use *used_name* and are affected by changes *since* a revision.

    Args:
        targets: scenario files.
        used_name: what scenarios have to use, in the syntax of `bpmax-sim uses`: a file,
            ``file:line``, ``crm.get_customer``, a field or the like; empty for no restriction.
        since: Git revision to which the working tree is compared, or the value `SINCE_BRANCHING`;
            empty for no restriction.

    Raises:
        ConfigError: if nothing in the project has that name, or the revision or repository is
            missing.
    """
    kept = list(targets)
    for root in dict.fromkeys(find_root(target.path) for target in targets):
        if not (used_name or since):
            continue
        known = ProjectUses(add_traced_names(load_index(root)))
        names: list[set[str]] = []
        if used_name:
            names.append(
                known.find_scenarios_using(
                    known.find_places(rebase_argument_to_root(used_name, root))
                )
            )
        if since:
            revision = find_base(root, since).revision
            paths = find_changed_files(root, revision)
            folders = read_platform_folders(root)
            is_gone = any(_is_platform_file_gone(root / path, folders) for path in paths)
            if is_gone or not _REACH_ALL.isdisjoint(paths):
                # Then every file of the project counts as changed.
                paths = [*paths, *known.paths]
            former = _find_former_platforms(root, revision, paths, known)
            names.append(
                known.find_affected_scenarios(paths)
                | known.find_scenarios_using(ProjectPlace("platform", name) for name in former)
            )
        reached = {(root / name).resolve() for name in set.intersection(*names)}
        kept = [one for one in kept if find_root(one.path) != root or one.path.resolve() in reached]
    return kept


def _find_former_platforms(
    root: Path, revision: str, paths: Iterable[str], known: ProjectUses
) -> set[str]:
    """Return the platforms that the changed files at *paths* declared or named at *revision*.

    A file in which a platform was renamed, or an instance removed, says no more whom that concerns.
    """
    platforms: set[str] = set()
    for path in paths:
        if known.may_declare_platforms(path):
            with suppress(ConfigError):  # a new file had no content
                text = _run_git(root, "show", f"{revision}:./{path}", revision=revision)
                platforms.update(list_own_platforms(read_facts(path, text.encode())))
    return platforms


def _is_platform_file_gone(file: Path, folders: Iterable[Path]) -> bool:
    """Return whether *file*, changed in Git, is gone and was one of platforms or of instances.

    Nothing says any more which platforms it declared. *folders* are those of platform files.
    """
    is_one = file.name in {INSTANCES, LOCAL} or not {file, *file.parents}.isdisjoint(folders)
    return is_one and not file.exists()


def rebase_argument_to_root(argument: str, root: Path) -> str:
    """Return the file of a command-line argument relative to *root*, with slashes, as in the index.

    The index is the project's table of which file uses what. A line (``file:7``) and a column
    stay; text that is not an existing file, such as ``platform.api``, is returned unchanged.
    """
    path = Place.parse(argument).file
    file = Path(path)
    if not file.exists():
        return argument
    try:
        name = (Path.cwd() / file).resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return argument
    return f"{name}{argument[len(path) :]}"


def describe_changes(
    targets: Sequence[Selection], since: str, selected_count: int
) -> Iterator[str]:
    """Yield one message for each project: what `run --changed` compares with, and what it selected.

    It names the base revision, the number of changed files and of the scenario files that run:
    *selected_count* of those in *targets*.
    """
    for root in dict.fromkeys(find_root(target.path) for target in targets if since):
        revision, name = find_base(root, since)
        files = plural(
            len(set(find_changed_files(root, revision))), "{number} file", "{number} files"
        )
        yield msg(
            "changed since {name}, committed or not: {files}; {kept} of {all} scenario files run",
            name=name,
            files=files,
            kept=selected_count,
            all=len({target.path for target in targets}),
        )


_MAIN_BRANCHES = ("origin/HEAD", "main", "master")


class BaseRevision(NamedTuple):
    """The revision to which a working tree is compared.

    Attributes:
        revision: anything that Git understands, such as a commit id.
        name: the same for readers of messages, such as the name of a branch.
    """

    revision: str
    name: str


def find_base(root: Path, since: str) -> BaseRevision:
    """Return the revision that *since* means.

    `SINCE_BRANCHING` means the commit where this branch left the main branch: then the run covers
    what a reviewer will see, and uncommitted files. On the main branch, or if there is no main
    branch, it is the last commit.

    Raises:
        ConfigError: if there is no repository, no Git, or no commit.
    """
    if since != SINCE_BRANCHING:
        return BaseRevision(since, since)
    head = _run_git(root, "rev-parse", "--verify", "HEAD", revision="HEAD").strip()
    for branch in _MAIN_BRANCHES:
        try:
            base = _run_git(root, "merge-base", "HEAD", branch).strip()
        except ConfigError:
            continue
        if base != head:
            return BaseRevision(base, msg("{branch} ({short})", branch=branch, short=base[:8]))
        break
    return BaseRevision(head, msg("HEAD ({short})", short=head[:8]))


def find_changed_files(root: Path, revision: str) -> list[str]:
    """Return the changed files since *revision* and the untracked files, relative to *root*.

    Raises:
        ConfigError: if there is no repository, no Git, or no such revision.
    """
    # -z: other output quotes names that are not ASCII (core.quotePath). --end-of-options: a
    # revision that begins with a dash is none.
    # --no-renames: of a file that was moved, the old name is wanted, too: it may still be used.
    names = ("diff", "--name-only", "--no-renames", "-z", "--relative")
    differing = (*names, "--end-of-options", revision, "--")
    unknown = ("ls-files", "--others", "--exclude-standard", "-z")
    texts = (_run_git(root, *words, revision=revision) for words in (differing, unknown))
    return [name for text in texts for name in text.split("\0") if name]


def _run_git(root: Path, *arguments: str, revision: str = "") -> str:
    """Return what ``git`` with *arguments* prints.

    Raises:
        ConfigError: with Git's first error line; it names *revision*, the value of ``--changed``.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the words are ours, but for the revision
            ["git", *arguments],  # noqa: S607
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
