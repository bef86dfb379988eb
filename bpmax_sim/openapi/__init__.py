"""OpenAPI 3.0 and 3.1, and Swagger 2.0 -> the text of a platform file.

Nothing is fetched and nothing of a document runs. What a platform file cannot say is told.
"""

from __future__ import annotations

from bpmax_sim.openapi.convert import ConvertedPlatform, convert_document
from bpmax_sim.openapi.document import read_document

__all__ = ["ConvertedPlatform", "convert_document", "read_document"]
