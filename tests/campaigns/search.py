"""``python -m tests.campaigns.search [--against REVISION]``: search bodies of 10 MB of every kind.

It tells the processor time for each megabyte of body, for each one of content (the body, or where
it is compressed what it holds) and for each one that was looked at: base64 of a picture is a body
and three more. It ends with 1 where a body that is no trap was not searched to its end, where what
is hidden in its middle was missed, or where that took too long.

Against a revision it hides secrets in small bodies of every kind, in up to three encodings, behind
signs that begin escapes and runs, and ends with 1 where the search of that revision found one that
this one does not find.
"""

from __future__ import annotations

import argparse
import importlib
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bpmax_sim.secret.scan import TOO_LARGE, Search, decode_and_join_inner_layers
from tests.secret.bodies import HOSTILE, KINDS, orders
from tests.secret.encodings import ENCODINGS, NoTextError, wanted_of

SIZE = 10 << 20
HIDDEN = b" s3cret-07-Token/9+= "
MOST = 0.1
"""Seconds for a megabyte of content that no machine may take; one at rest takes half of it."""
MEGABYTE = 1 << 20
CONTENT = {"compressed orders": lambda size: len(orders(size * 4).encode())}
"""Bytes of what is compressed, where a user knows it as that."""

ROOT = Path(__file__).parents[2]
SECONDS = 300
SMALL = 3000
SECRETS = ("s3cret-07-Token/9+=", "张三的合同密钥2026", "a1b2c3d4e5f60718", "秘密 & \"引号\" \\'x'")
BEFORE = ("", " ", '"', "\\n", "\\", "\\\\", "\\u0041", "%41", "&lt;", "=", "=\r\n", "x", "A", ",")
BEHIND = ("", " ", '"', "\\n", "\\", "\\u0041", "%41", "&lt;", "=", "x", "A", "\n", "\0", ",")
BORDERS = (0, 1024, 2048, SMALL // 2, SMALL)


def measure() -> int:
    """Search every kind once, and once more with a secret in it."""
    search = Search(wanted_of(*[f"s3cret-{n:02d}-Token/9+=" for n in range(40)]))
    bad = 0
    for kind, make in KINDS.items():
        data = make(SIZE)
        content = CONTENT.get(kind, lambda _size, data=data: len(data))(SIZE)
        begun = time.process_time()
        names = {finding.name for finding in search.find(data)}
        took = time.process_time() - begun
        sizes = (
            len(data),
            content,
            len(data) + len(decode_and_join_inner_layers(data, 1 << 40) or b""),
        )
        each, held, looked = (took / (size / MEGABYTE) for size in sizes)
        middle = len(data) // 2
        findings = search.find(data[:middle] + HIDDEN + data[middle:])
        sound = names <= ({TOO_LARGE} if kind in HOSTILE else set())
        sound = sound and (kind in HOSTILE or held < MOST)
        sound = sound and any(finding.name != TOO_LARGE for finding in findings)
        bad += not sound
        line = f"{kind:26} {len(data) / 1e6:6.1f} MB {each * 1000:7.1f} ms/MB"
        line = f"{line} {held * 1000:6.1f} of content {looked * 1000:6.1f} looked at"
        sys.stdout.write(f"{line} {sorted(names)}{'' if sound else '  FAILED'}\n")
        sys.stdout.flush()
    return min(bad, 1)


def search_of(revision: str, folder: Path) -> Any:
    """Return the search of *revision*, whose package is put into *folder* by another name."""
    package = folder / "earlier"
    package.mkdir()
    (package / "__init__.py").touch()
    listed = ["git", "ls-tree", "--name-only", f"{revision}:bpmax_sim/secret"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.split():
        shown = ["git", "show", f"{revision}:bpmax_sim/secret/{name.decode()}"]
        text = subprocess.run(shown, cwd=ROOT, capture_output=True, check=True).stdout
        (package / name.decode()).write_bytes(text.replace(b"bpmax_sim.secret", b"earlier"))
    sys.path.insert(0, str(folder))
    return importlib.import_module("earlier.scan").Search


def hidden(draw: random.Random, secret: str, names: list[str]) -> bytes:
    """Return *secret* within the encodings *names*."""
    data = secret.encode()
    for name in names:
        data = ENCODINGS[name](b"k=" + data + b";" if draw.random() < 0.5 else data)
    return data


def names_in(search: Any, data: bytes) -> set[str]:
    names = (finding.name.partition(" (")[0] for finding in search.find(data))
    return {name for name in names if name != TOO_LARGE}


def compare(revision: str) -> int:
    """Hide secrets for five minutes, and look for them with the search of *revision* as well."""
    draw = random.Random()
    with tempfile.TemporaryDirectory() as folder:
        wanted = wanted_of(*SECRETS)
        now, before = Search(wanted), search_of(revision, Path(folder))(wanted)
        until, tried, lost = time.monotonic() + SECONDS, 0, 0
        while time.monotonic() < until:
            names = draw.choices(sorted(ENCODINGS), k=draw.randrange(4))
            kind, place = draw.choice(sorted(KINDS)), draw.choice(BORDERS)
            left, right = draw.choice(BEFORE).encode(), draw.choice(BEHIND).encode()
            try:
                data = left + hidden(draw, draw.choice(SECRETS), names) + right
            except NoTextError:
                continue
            body = KINDS[kind](SMALL)
            tried += 1
            if missed := names_in(before, data := body[:place] + data + body[place:]) - names_in(
                now, data
            ):
                lost += 1
                sys.stdout.write(f"{missed} {kind} at {place} {names} {left!r} {right!r}\n")
    sys.stdout.write(f"{tried} hidden, {lost} found by {revision} alone\n")
    return min(lost, 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--against", metavar="REVISION")
    revision = parser.parse_args().against
    raise SystemExit(compare(revision) if revision else measure())
