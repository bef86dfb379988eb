"""Where examples that broke a law are kept: a folder, or a Redis that several machines share."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase

from bpmax_sim.errors import ConfigError
from bpmax_sim.scenario.kept import make_folder

_REDIS = ("redis://", "rediss://", "unix://")


def database(place: str) -> ExampleDatabase:
    """Return the database at *place*, a folder or the URL of a Redis.

    Raises:
        ConfigError: the folder cannot be written, the Redis cannot be reached, or the extra
            ``fuzz`` is not installed.
    """
    if not place.startswith(_REDIS):
        return _folder(Path(place))
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


def _folder(path: Path) -> ExampleDatabase:
    # Hypothesis goes on without a word where it cannot write.
    try:
        make_folder(path / "x")
    except OSError as error:
        raise ConfigError(
            f"--database {path}: cannot be made ({error.strerror}); name another folder"
        ) from None
    if not os.access(path, os.W_OK):
        raise ConfigError(f"--database {path}: cannot be written; name another folder")
    return DirectoryBasedExampleDatabase(path)
