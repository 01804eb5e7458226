"""Google's generateContent, as a caller's dialect and as a provider's.

Knows nothing of the other dialects: the core types stand between.
"""

from trunkline.dialects.gemini.address import addressed
from trunkline.dialects.gemini.dialect import Gemini

__all__ = ["Gemini", "addressed"]
