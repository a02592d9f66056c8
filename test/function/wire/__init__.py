# SPDX-License-Identifier: MIT
"""The wire table (DESIGN, section 3) as rows: every answer of every function
that any tier setting can give. test_wire.py runs them."""

from wire.complete import COMPLETE
from wire.method import METHOD
from wire.session import ABORT, STATUS
from wire.start import START
from wire.upload import UPLOAD

ROWS = START + UPLOAD + COMPLETE + STATUS + ABORT + METHOD
