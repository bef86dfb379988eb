"""Put $proxy scripts on the bench: recorded once, replayed for ever."""

from __future__ import annotations

from typing import Any

from bpmax_sim.exports import make_lazy_exports

_exported, __dir__ = make_lazy_exports(globals())


def __getattr__(name: str) -> Any:
    return _read_version() if name == "__version__" else _exported(name)


def _read_version() -> str:
    from importlib import metadata  # noqa: PLC0415 - takes longer than all the rest

    try:
        return metadata.version("bpmax-sim")
    except metadata.PackageNotFoundError:
        return "0+source"  # run from a checkout that is not installed
