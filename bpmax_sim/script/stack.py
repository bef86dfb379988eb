"""How deep scripts may recurse on a thread, and a thread of their own for those that go deeper."""

from __future__ import annotations

import contextvars
import platform
import threading
from collections.abc import Callable

from bpmax_sim.script.limits import MEGABYTE

_MOST = 4 * MEGABYTE
_POLL = 0.05  # seconds between looks, so that Ctrl-C and signal-based time limits are seen


def stack_limit() -> int:
    """Return the bytes of stack that scripts may use on this thread: half of it, at most 4 MB."""
    return min(_MOST, _thread_stack() // 2)


def with_stack(size: int, work: Callable[[], None]) -> None:
    """Run *work* on a thread on which scripts may use *size* bytes of stack, and wait for it.

    Context variables are copied to it.

    Raises:
        BaseException: what *work* raises.
    """
    raised: list[BaseException] = []
    context = contextvars.copy_context()

    def run() -> None:
        try:
            context.run(work)
        except BaseException as error:  # noqa: BLE001 - raised again on the caller's thread
            raised.append(error)

    before = threading.stack_size(2 * size)
    try:
        thread = threading.Thread(target=run, name="bpmax-script", daemon=True)
        thread.start()
    finally:
        threading.stack_size(before)
    while thread.is_alive():
        thread.join(_POLL)
    if raised:
        raise raised[0]


def _thread_stack() -> int:
    if threading.current_thread() is not threading.main_thread():
        chosen = threading.stack_size()
        if chosen or platform.libc_ver()[0] != "glibc":
            return chosen or MEGABYTE // 2
    try:
        import resource  # noqa: PLC0415 - absent on Windows
    except ImportError:
        return MEGABYTE
    soft, _hard = resource.getrlimit(resource.RLIMIT_STACK)
    return 2 * _MOST if soft == resource.RLIM_INFINITY else soft
