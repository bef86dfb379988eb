"""Let the connections of vcrpy be used by several threads at once.

While vcrpy makes, opens or uses a real connection, it takes its patches off for the whole process
(`force_reset`). Requests that other threads begin meanwhile pass it by: they would be neither
recorded nor redacted, and in replay they would go to the network.

Only some constructors need the real classes: they look them up by their global names, and find
vcrpy's there. So they get globals of their own, and the patches stay.
"""

from __future__ import annotations

import http.client
import importlib
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from functools import cache
from types import FunctionType, SimpleNamespace
from typing import Any, Final

import vcr.patch
from vcr.stubs import VCRHTTPConnection, VCRHTTPSConnection

_OLDEST_URLLIB3: Final = 2
"""Major version; in an older one, each method looks its class up by its global name."""
_BASE: Final = "_baseclass"
"""Attribute of vcrpy's connections: the class of the real connection."""


@cache
def keep_patches_for_other_threads() -> None:
    """Let vcrpy keep its patches while it uses a real connection, in this process from now on.

    Nothing is changed with urllib3 1, nor if another tool has replaced the constructors.
    """
    with suppress(ImportError):
        if int(importlib.import_module("urllib3").__version__.split(".")[0]) < _OLDEST_URLLIB3:
            return
    stubs: list[Any] = [VCRHTTPConnection, VCRHTTPSConnection]
    with suppress(ImportError):
        httplib2 = importlib.import_module("vcr.stubs.httplib2_stubs")
        stubs += [httplib2.VCRHTTPConnectionWithTimeout, httplib2.VCRHTTPSConnectionWithTimeout]
    bases = [getattr(stub, _BASE) for stub in stubs]
    if not all(isinstance(base.__init__, FunctionType) for base in bases):
        return
    real: dict[str, Any] = {base.__name__: base for base in bases}
    names = {**real, "http": SimpleNamespace(client=SimpleNamespace(**vars(http.client) | real))}
    plain, tls, *others = bases
    known = {plain: plain, tls: _copy_with_names(names, tls)}
    for base in others:  # after its own constructor, that of http.client is called
        known[base] = _copy_with_names(names, base, known[tls if issubclass(base, tls) else plain])
    for stub, base in zip(stubs, bases, strict=True):
        setattr(stub, _BASE, known[base])
    vcr.patch.force_reset = nullcontext


def _copy_with_names(names: Mapping[str, Any], connection: Any, *others: Any) -> Any:
    """Return a subclass of *connection* whose constructor finds *names* among its globals.

    *others* are classes whose constructors are called after that of *connection*.
    """
    init = connection.__init__
    scope = {**init.__globals__, **names}
    own = FunctionType(init.__code__, scope, init.__name__, init.__defaults__, init.__closure__)
    own.__kwdefaults__ = init.__kwdefaults__
    return type(connection.__name__, (connection, *others), {"__init__": own})
