"""``python -m tests.docs``: write every table and every output of the pages anew."""

from __future__ import annotations

import sys

from tests.docs.tables import UntranslatedError, write

if __name__ == "__main__":
    try:
        write()
    except UntranslatedError as error:
        sys.exit(str(error))
