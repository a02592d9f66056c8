# SPDX-License-Identifier: MIT

import pytest

from bench import Bench


@pytest.fixture(scope="session")
def bench():
    with Bench() as made:
        yield made
