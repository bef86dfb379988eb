"""One run: the only place that knows modes and wires platforms, transport, cassette and scripts.

Its names are imported on their first use: the pytest plugin reads the table of options in every
project that has it installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bpmax_sim.i18n import msg

if TYPE_CHECKING:
    from bpmax_sim.session.session import Session
    from bpmax_sim.session.settings import Settings

__all__ = ["Session", "Settings"]


if not TYPE_CHECKING:  # type checkers would take every name to be there

    def __getattr__(name: str) -> Any:
        if name == "Session":
            from bpmax_sim.session.session import Session  # noqa: PLC0415 - heavy

            return Session
        if name == "Settings":
            from bpmax_sim.session.settings import Settings  # noqa: PLC0415 - heavy

            return Settings
        raise AttributeError(
            msg("module {name!r} has no attribute {name_2!r}", name=__name__, name_2=name)
        )
