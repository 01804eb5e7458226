"""Cohere's own chat behind the provider's side of the Dialect port.

Refuses to do any of the work: each door opens to the module that does. Read on docs.cohere.com in November 2026.
"""

from dataclasses import dataclass
from typing import ClassVar

from trunkline.core.chat import ChatRequest
from trunkline.core.dialect import DialectName, Rendered
from trunkline.dialects.cohere_v2 import completion
from trunkline.dialects.cohere_v2.reader import CohereReader, CohereScanner
from trunkline.dialects.cohere_v2.write_request import RequestWriter
from trunkline.dialects.usual import Usual


@dataclass(frozen=True, slots=True)
class Cohere(Usual):
    """The dialect of ``/v2/chat``; its fields are the quirks of one provider.

    ``drop``  top-level parameters the provider refuses.
    """

    name: ClassVar[DialectName] = "cohere"
    path = "/chat"

    drop: frozenset[str] = frozenset()

    sight = staticmethod(completion.sight)
    read_completion = staticmethod(completion.read_completion)
    scanner = staticmethod(CohereScanner)
    reader = staticmethod(CohereReader)

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """See the port."""
        return RequestWriter(request, model).write(self.drop)
