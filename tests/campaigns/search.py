"""``python -m tests.campaigns.search``: search bodies of 10 MB of every kind, with many secrets.

It tells the processor time for each megabyte and ends with 1 where a body that is no trap was not
searched to its end, where what is hidden in its middle was missed, or where that took too long.
"""

from __future__ import annotations

import sys
import time

from bpmax_sim.secret.scan import TOO_LARGE, Search
from tests.secret.bodies import HOSTILE, KINDS
from tests.secret.encodings import wanted_of

SIZE = 10 << 20
HIDDEN = b" s3cret-07-Token/9+= "
MOST = 1.0
"""Seconds for a megabyte that no machine may take; one at rest takes a tenth for most kinds."""


def main() -> int:
    """Search every kind once, and once more with a secret in it."""
    search = Search(wanted_of(*[f"s3cret-{n:02d}-Token/9+=" for n in range(40)]))
    bad = 0
    for kind, make in KINDS.items():
        data = make(SIZE)
        begun = time.process_time()
        names = {one.name for one in search.find(data)}
        each = (time.process_time() - begun) / (len(data) / (1 << 20) + 1)
        middle = len(data) // 2
        found = search.find(data[:middle] + HIDDEN + data[middle:])
        sound = names <= ({TOO_LARGE} if kind in HOSTILE else set()) and each < MOST
        sound = sound and any(one.name != TOO_LARGE for one in found)
        bad += not sound
        told = f"{kind:26} {len(data) / 1e6:6.1f} MB {each * 1000:7.1f} ms/MB {sorted(names)}"
        sys.stdout.write(f"{told}{'' if sound else '  FAILED'}\n")
        sys.stdout.flush()
    return min(bad, 1)


if __name__ == "__main__":
    raise SystemExit(main())
