"""Convert OpenAPI 3.0 and 3.1, and Swagger 2.0, to the text of a platform file.

Nothing is downloaded and nothing in a document is executed. What a platform file cannot express is
reported.
"""

from __future__ import annotations

from bpmax_sim.openapi.convert import ConvertedPlatform, convert_document
from bpmax_sim.openapi.document import read_document

__all__ = ["ConvertedPlatform", "convert_document", "read_document"]
