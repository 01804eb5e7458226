"""Ollama's own chat, ``/api/chat``, as a provider's dialect.

Knows nothing of the other dialects, and no caller speaks it.
"""

from trunkline.dialects.ollama.dialect import Ollama

__all__ = ["Ollama"]
