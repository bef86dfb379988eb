"""``merge``: merge cassettes that Git left unmerged; also the merge driver that Git runs."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from typer import Argument

from bpmax_sim.cassette import journal
from bpmax_sim.cassette.merge import to_review_path
from bpmax_sim.cassette.three_way import MergedCassettes, merge_versions
from bpmax_sim.cli.options import Json
from bpmax_sim.cli.terminal import notify, say_result
from bpmax_sim.errors import CassetteError, ConfigError
from bpmax_sim.file_system import lock_folder
from bpmax_sim.git import find_repository, find_unmerged_files, has_merge_driver, read_blob, run_git
from bpmax_sim.i18n import join_list, label_message, msg
from bpmax_sim.project import find_root, make_parent_folder
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.yamlfile import to_display_path


def merge(
    files: Annotated[
        list[Path] | None,
        Argument(
            metavar="[BASE OURS THEIRS [PATH]]",
            help=msg("As Git's merge driver: %O %A %B %P; the result goes into OURS."),
        ),
    ] = None,
    *,
    json: Json = False,
) -> int:
    """Merge two versions of a cassette, as Git's merge driver does, or all that Git left unmerged.

    *files* are the paths of base, our and their version, and of the cassette in the repository;
    without them, all unmerged cassettes are merged. The exit code is 1, to Git a conflict, if a
    version cannot be read (OURS stays as it is), or if both sides recorded the same owner: OURS is
    written with our recording, theirs waits for review.

    Raises:
        ConfigError: if the number of *files* is wrong, or without *files* there is no repository.
    """
    if not files:
        return _merge_unmerged(json=json)
    if len(files) not in {3, 4}:
        raise ConfigError("merge: expected no file, or BASE OURS THEIRS [PATH]")
    base, ours, theirs, *rest = files
    path = rest[0] if rest else ours
    try:
        merged = merge_versions(
            _read_version(base), _read_version(ours), _read_version(theirs), str(path)
        )
    except CassetteError as error:
        notify(str(error))
        return ExitCode.FAILED  # to Git a conflict; ours stays as it is
    # Git takes the content of the file OURS for the result (gitattributes(5), "Defining a custom
    # merge driver"); PATH is the name of the file, whose place in the work tree is Git's to write.
    if merged.data:
        ours.write_bytes(merged.data)
    waits = _store_theirs_for_review(path, merged)
    say_result((), json=json, files=[to_display_path(ours)], review=[to_display_path(path)] * waits)
    return ExitCode.FAILED if waits else ExitCode.PASSED


def _read_version(path: Path) -> bytes | None:
    """Return the content of a version, None if it did not exist (Git passes an empty file then)."""
    return (path.read_bytes() if path.is_file() else b"") or None


def _store_theirs_for_review(path: Path, merged: MergedCassettes) -> bool:
    """Store their version beside *path* for `bpmax-sim review` if both sides recorded one owner.

    Return whether that was so, which Git has to see as a conflict. A recording that waits there
    already is not replaced: Git keeps their version until the conflict is resolved.
    """
    if not merged.conflicts:
        return False
    waiting = to_review_path(path)
    with lock_folder(path.parent):
        is_free = not waiting.exists() or waiting.read_bytes() == merged.theirs
        if is_free:
            journal.replace_file(waiting, merged.theirs)
    place, owners = to_display_path(path), join_list(map(repr, merged.conflicts))
    if is_free:
        notify(
            "{path}: both sides recorded {owners}; ours stays, theirs waits: `bpmax-sim review`",
            path=place,
            owners=owners,
        )
    else:
        notify(
            "{path}: both sides recorded {owners}; ours stays, and {waiting} waits already: "
            "`bpmax-sim review` it, then `bpmax-sim merge` for theirs",
            path=place,
            owners=owners,
            waiting=to_display_path(waiting),
        )
    return True


def _merge_unmerged(*, json: bool) -> ExitCode:
    root = find_repository(Path.cwd())
    if root is None:
        raise ConfigError("merge: there is no Git repository here")
    stages = {
        path: found for path, found in find_unmerged_files(root).items() if _is_cassette(path)
    }
    if not stages:
        notify(msg("no cassette is unmerged"))
    codes = {name: _merge_file(root, name, found) for name, found in stages.items()}
    done = [name for name, code in codes.items() if code == ExitCode.PASSED]
    waiting = [name for name, code in codes.items() if code == ExitCode.FAILED]
    lines = [label_message(name, msg("merged")) for name in done]
    say_result(lines, json=json, files=done, review=waiting)
    hint_at_missing_merge_driver()
    return max(codes.values(), default=ExitCode.PASSED)


def hint_at_missing_merge_driver() -> None:
    """Print, once in a project, that Git has no merge driver for its cassettes.

    Nothing is printed outside of a repository, or in CI.
    """
    root = find_root(Path.cwd())
    repository, mark = find_repository(root), root / ".bpmax" / "merge-hint"
    if repository is None or os.environ.get("CI") or mark.exists() or has_merge_driver(repository):
        return
    notify(msg("Git does not merge cassettes here yet; set that up with `bpmax-sim doctor --fix`"))
    with suppress(OSError):
        make_parent_folder(mark)
        mark.touch()


def _is_cassette(path: str) -> bool:
    return path.endswith(".yaml") and "cassettes" in Path(path).parts[:-1]


def _merge_file(root: Path, name: str, stages: dict[int, str]) -> ExitCode:
    path = root / name
    # Stages of an unmerged path in the index: 1 the common ancestor, 2 ours, 3 theirs
    # (git-merge(1)).
    base, ours, theirs = (read_blob(root, stages.get(stage)) for stage in (1, 2, 3))
    try:
        merged = merge_versions(base, ours, theirs, name)
    except CassetteError as error:
        notify(label_message(name, error))
        return ExitCode.CASSETTE
    path.parent.mkdir(parents=True, exist_ok=True)
    with lock_folder(path.parent):
        if merged.data:
            journal.replace_file(path, merged.data)
        else:
            path.unlink(missing_ok=True)
    if _store_theirs_for_review(path, merged):
        return ExitCode.FAILED
    run_git(root, "add", "-A", "--", name)
    return ExitCode.PASSED
