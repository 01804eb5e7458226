"""What nearly all dialects have in common: they need no headers, and err as the one table says.

Refuses to know any dialect.
"""

from typing import ClassVar

from trunkline.core.dialect import DialectName, Operation
from trunkline.core.errors import CallError
from trunkline.dialects.errors import Headers, provider_error


class Usual:
    """Beneath the class of a dialect, which says ``name``; ``errors_as`` where its errors are another's."""

    __slots__ = ()
    name: ClassVar[DialectName]
    operation: ClassVar[Operation] = "chat"
    errors_as: ClassVar[DialectName | None] = None

    def headers(self) -> Headers:
        """None are needed."""
        return []

    def parse_error(
        self, status: int, headers: Headers, body: bytes, provider: str, now: float | None = None
    ) -> CallError:
        """See the port."""
        return provider_error(self.errors_as or self.name, status, headers, body, provider=provider, now=now)
