"""What auth puts into a request, and the names that it uses: fixed for an API, so found once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bpmax_sim.platform.model import Api, Apply, Auth, is_set
from bpmax_sim.platform.placed import name_of, put_in
from bpmax_sim.platform.template import is_template, names_in


class Taken(msgspec.Struct, frozen=True):
    """Names that auth puts in, which a script can therefore not set; lower case but for bodies."""

    header: frozenset[str] = frozenset()
    query: frozenset[str] = frozenset()
    cookie: frozenset[str] = frozenset()
    path: frozenset[str] = frozenset()
    body: tuple[tuple[str, ...], ...] = ()


def due(auth: Auth, *, acquires: bool) -> tuple[Apply, ...]:
    """Return what is put in; what only a login yields is left out where none is due."""
    apply = tuple(replace(item, name=name_of(item, auth)) for item in auth.apply)
    if acquires or auth.acquire is None:
        return apply
    yielded = {name for step in auth.acquire.steps for name in step.extract}
    return tuple(item for item in apply if not names_in(item.value) & yielded)


def taken_by(auth: Auth, apply: tuple[Apply, ...]) -> Taken:
    """Return every name that *apply* and the signature of *auth* set."""
    spots = list(put_in(auth, apply))

    def named(place: str) -> frozenset[str]:
        return frozenset(name.lower() for where, name in spots if where == place)

    return Taken(
        header=named("header"),
        query=named("query"),
        cookie=named("cookie"),
        path=frozenset(name for where, name in spots if where == "path"),
        body=tuple(tuple(name.split(".")) for where, name in spots if where == "body"),
    )


def names_used(auth: Auth, apply: tuple[Apply, ...], base_url: str, api: Api) -> frozenset[str]:
    """Return every name in the templates of *auth*, the address and the idempotency key."""
    sources = [
        auth.parameters,
        auth.acquire,
        apply,
        auth.sign,
        auth.verify_response,
        base_url,
        api.idempotency,
    ]
    texts = (text for source in sources if is_set(source) for text in _texts(source))
    found = [names_in(text) for text in texts if is_template(text)]
    return frozenset().union(*found)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Struct):
        # Not to_builtins, which leaves out defaults, and a default may be a template.
        yield from _all_texts(getattr(value, name) for name in value.__struct_fields__)
    elif isinstance(value, Mapping):
        yield from _all_texts(value.values())
    elif isinstance(value, list | tuple):
        yield from _all_texts(value)


def _all_texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        yield from _texts(value)
