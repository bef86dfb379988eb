"""JavaScript's values in Python: the types, their printed forms, and tagged JSON, in one place."""

from __future__ import annotations

from bpmax_sim.proxy.kinds import (
    UNDEFINED,
    BigInt,
    FarDate,
    JsMap,
    JsSet,
    Opaque,
    Undefined,
    kind_of,
)
from bpmax_sim.proxy.printing import (
    UnprintableError,
    far_date,
    iso_date,
    join_surrogates,
    js_number,
    json_text,
    property_order,
)
from bpmax_sim.proxy.tagged import date_of, decode_tagged, encode_tagged, ms_of

__all__ = [
    "UNDEFINED",
    "BigInt",
    "FarDate",
    "JsMap",
    "JsSet",
    "Opaque",
    "Undefined",
    "UnprintableError",
    "date_of",
    "decode_tagged",
    "encode_tagged",
    "far_date",
    "iso_date",
    "join_surrogates",
    "js_number",
    "json_text",
    "kind_of",
    "ms_of",
    "property_order",
]
