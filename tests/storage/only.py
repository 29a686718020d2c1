"""Only: marks for tests that are about one kind of database."""

import pytest

SQLITE = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
