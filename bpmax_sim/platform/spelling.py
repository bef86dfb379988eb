"""The two styles in which one API is called: ``getCustomerDetail`` and ``get_customer_detail``."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """Return *name* in snake_case; names with one result are twins.

    ``getHTTPUser`` gives ``get_http_user``; a name already in snake_case stays.
    """
    return _WORD_START.sub("_", name).lower()
