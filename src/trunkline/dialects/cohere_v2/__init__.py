"""Cohere's own chat, ``/v2/chat``, as a provider's dialect.

Knows nothing of the other dialects, and no caller speaks it.
"""

from trunkline.dialects.cohere_v2.dialect import Cohere

__all__ = ["Cohere"]
