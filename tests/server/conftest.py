"""The running houses of tests/e2e, for the edge."""

from tests.e2e.conftest import build  # noqa: F401 - a fixture
