"""Third parties over HTTP, recorded or simulated, for whatever is not Python.

Everything answers through the transports of a session: there is no second way of matching.
"""

from __future__ import annotations
