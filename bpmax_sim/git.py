"""Git for cassettes: unmerged files, the merge driver, and the display in diffs.

Settings are written only into ``.git``, which is not shared, and only on request: a committed file
must not name a driver that a clone lacks. Therefore the committed attributes are safe without any
settings: ``-merge`` keeps our side whole and reports a conflict.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import msg

# gitattributes(5): `-text` keeps line ends as they are. `-merge` is for clones without the merge
# driver: it leaves our side whole in a conflict, as markers would break a cassette. Where there is
# a driver, `.git/info/attributes`, which has precedence, names it.
ATTRIBUTES = "cassettes/** -text -merge diff=bpmax"
_OWN_ATTRIBUTES = "cassettes/** merge=bpmax"
SINCE_BRANCHING = "(branch)"
"""A revision that stands for the one at which this branch left the main one."""
NO_FORMAT = "cassettes/"  # a line of .prettierignore
_BYTES = "surrogateescape"  # keeps names and comments that are not UTF-8


def run_git(folder: Path, *arguments: str) -> bytes:
    """Return the output of Git.

    Raises:
        ConfigError: if Git is missing, or fails.
    """
    command = ["git", *arguments]  # the words are ours, and no shell reads them
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=True)  # noqa: S603
    except FileNotFoundError:
        raise ConfigError("git is not installed, or not on the PATH") from None
    except subprocess.CalledProcessError as error:
        why = error.stderr.decode(errors="replace").strip()
        raise ConfigError(
            "git {command}: {why}", command=" ".join(arguments[:1]), why=why
        ) from None
    return done.stdout


def find_repository(folder: Path) -> Path | None:
    """Return the work tree that contains *folder*, or None."""
    places = (folder, *folder.parents)
    return next((place for place in places if (place / ".git").exists()), None)


def find_unmerged_files(root: Path) -> dict[str, dict[int, str]]:
    """Return for each file below *root* with a merge conflict: stage -> id of the blob.

    The stages are 1 for base, 2 for ours, 3 for theirs; a version without the file has none.
    """
    stages: dict[str, dict[int, str]] = defaultdict(dict)
    for line in run_git(root, "ls-files", "-u", "-z").decode(errors=_BYTES).split("\0"):
        if line:
            about, _, path = line.partition("\t")
            _mode, blob, stage = about.split()
            stages[path][int(stage)] = blob
    return dict(stages)


def read_blob(root: Path, blob: str | None) -> bytes | None:
    """Return the content of the Git object *blob*.

    None if *blob* is None (a version without the file).
    """
    return None if blob is None else run_git(root, "cat-file", "blob", blob)


def _make_merge_driver_settings() -> dict[str, str]:
    python = shlex.quote(sys.executable)  # Git has a POSIX shell on Windows, too
    # If this interpreter is gone, as with a deleted environment, Git shows the file as it is.
    convert = f'{python} -m bpmax_sim.cassette.textconv "$1" 2>/dev/null || cat "$1"'
    return {
        "merge.bpmax.name": "cassettes of bpmax-sim, owner by owner",
        "merge.bpmax.driver": f"{python} -m bpmax_sim merge %O %A %B %P",
        "diff.bpmax.textconv": f"f() {{ {convert}; }}; f",
        "diff.bpmax.cachetextconv": "true",
    }


def has_merge_driver(root: Path) -> bool:
    """Return whether Git uses this package to merge and display cassettes in work tree *root*.

    It does not if the program of the driver is gone, as with a deleted environment.
    """
    try:
        known = run_git(root, "config", "--get-regexp", r"^(merge|diff)\.bpmax\.").decode()
        settings = {
            name: value for name, _, value in (x.partition(" ") for x in known.splitlines())
        }
        program = shlex.split(settings.get("merge.bpmax.driver", ""))[:1]
    except (ConfigError, ValueError):
        return False
    own = _locate_info_attributes(root)
    text = own.read_text("utf-8", _BYTES) if own.is_file() else ""
    is_whole = settings.keys() >= _make_merge_driver_settings().keys()
    is_there = any(map(shutil.which, program))
    return is_whole and is_there and _OWN_ATTRIBUTES in text.splitlines()


def configure_merging(root: Path) -> Iterator[str]:
    """Configure Git to merge and display cassettes with this package.

    Yield a message that says so, or nothing if Git was configured already. Nothing is done if
    ``CI`` is set: a CI machine never merges cassettes.
    """
    if os.environ.get("CI") or has_merge_driver(root):
        return
    for name, value in _make_merge_driver_settings().items():
        run_git(root, "config", name, value)
    own = _locate_info_attributes(root)
    own.parent.mkdir(parents=True, exist_ok=True)
    text = own.read_text("utf-8", _BYTES) if own.is_file() else ""
    if _OWN_ATTRIBUTES not in text.splitlines():
        gap = "\n" if text and not text.endswith("\n") else ""
        own.write_text(f"{text}{gap}{_OWN_ATTRIBUTES}\n", "utf-8", _BYTES)
    yield msg("Git merges and shows cassettes with bpmax-sim (git config, .git/info/attributes)")


def _locate_info_attributes(root: Path) -> Path:
    place = run_git(root, "rev-parse", "--git-path", "info/attributes").decode(errors=_BYTES)
    return root / place.rstrip("\n")
