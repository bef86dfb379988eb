"""The door to httpx and respx."""
