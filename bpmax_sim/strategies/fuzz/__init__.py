"""Search a user's platform and scripts for calls that break a law, and tell them as tests."""

from __future__ import annotations
