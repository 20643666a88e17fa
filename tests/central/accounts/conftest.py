"""A hub with an admin behind a door, once per engine."""

from collections.abc import Iterator

import pytest

from central.context import Hub
from tests.fakes.door import Door
from tests.fakes.door import door as opened


@pytest.fixture
def door(hub: Hub) -> Iterator[Door]:
    with opened(hub) as found:
        yield found
