"""Where examples that broke a law are kept: a folder, or a Redis that several machines share."""

from __future__ import annotations

from pathlib import Path

from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase

from bpmax_sim.errors import ConfigError

_REDIS = ("redis://", "rediss://", "unix://")


def database(place: str) -> ExampleDatabase:
    """Return the database at *place*, a folder or the URL of a Redis.

    Raises:
        ConfigError: the extra ``fuzz`` is not installed, or the Redis cannot be reached.
    """
    if not place.startswith(_REDIS):
        return DirectoryBasedExampleDatabase(Path(place))
    try:
        import redis  # noqa: PLC0415 - an extra
        from hypothesis.extra.redis import RedisExampleDatabase  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "--database: a Redis needs the extra fuzz; run: pip install 'bpmax-sim[fuzz]'"
        ) from None
    try:
        client = redis.Redis.from_url(place)
        client.ping()
    except (redis.RedisError, ValueError, OSError):
        raise ConfigError(
            "--database: the Redis cannot be reached; check its address, or name a folder"
        ) from None
    return RedisExampleDatabase(client)
