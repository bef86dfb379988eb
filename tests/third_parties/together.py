"""All third parties at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from tests.third_parties.django_oauth import external_system
from tests.third_parties.kinto import crm
from tests.third_parties.object_storage import contract_archive
from tests.third_parties.wecom import wecom


@contextmanager
def together() -> Iterator[Mapping[str, str]]:
    """Run all of them, started side by side, and yield the environment that their clients need."""
    parties = (crm(), external_system(), wecom(), contract_archive())
    with ExitStack() as stack, ThreadPoolExecutor() as starting:
        running = list(starting.map(stack.enter_context, parties))
        yield {name: value for party in running for name, value in party.environment.items()}
