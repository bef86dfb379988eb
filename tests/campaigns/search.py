"""``python -m tests.campaigns.search``: search bodies of 10 MB of every kind, with many secrets.

It tells the processor time for each megabyte, and for each one that was looked at: what an encoding
holds is one more body, so base64 of a picture is a body and three more. It ends with 1 where a body
that is no trap was not searched to its end, where what is hidden in its middle was missed, or where
that took too long.
"""

from __future__ import annotations

import sys
import time

from bpmax_sim.secret.scan import TOO_LARGE, Search, undone
from tests.secret.bodies import HOSTILE, KINDS
from tests.secret.encodings import wanted_of

SIZE = 10 << 20
HIDDEN = b" s3cret-07-Token/9+= "
MOST = 1.0
"""Seconds for a megabyte that no machine may take; one at rest takes a tenth for most kinds."""
MOST_LOOKED_AT = 0.1
"""Seconds for a megabyte that is looked at, of any bytes that are no trap; half of it at rest."""
MEGABYTE = 1 << 20


def main() -> int:
    """Search every kind once, and once more with a secret in it."""
    search = Search(wanted_of(*[f"s3cret-{n:02d}-Token/9+=" for n in range(40)]))
    bad = 0
    for kind, make in KINDS.items():
        data = make(SIZE)
        begun = time.process_time()
        names = {one.name for one in search.find(data)}
        took = time.process_time() - begun
        each = took / (len(data) / MEGABYTE)
        looked = took / ((len(data) + len(undone(data, 1 << 40) or b"")) / MEGABYTE)
        middle = len(data) // 2
        found = search.find(data[:middle] + HIDDEN + data[middle:])
        sound = names <= ({TOO_LARGE} if kind in HOSTILE else set()) and each < MOST
        sound = sound and (kind in HOSTILE or looked < MOST_LOOKED_AT)
        sound = sound and any(one.name != TOO_LARGE for one in found)
        bad += not sound
        told = f"{kind:26} {len(data) / 1e6:6.1f} MB {each * 1000:7.1f} ms/MB"
        told = f"{told} {looked * 1000:6.1f} ms/MB looked at {sorted(names)}"
        sys.stdout.write(f"{told}{'' if sound else '  FAILED'}\n")
        sys.stdout.flush()
    return min(bad, 1)


if __name__ == "__main__":
    raise SystemExit(main())
