"""Tools for testing what is built on trunkline: a transport that plays providers, and time that jumps.
It refuses to be imported by anything that serves callers.
"""

from trunkline.testing import spell
from trunkline.testing.played_transport import (
    NEVER,
    REFUSED,
    RESET,
    SILENCE,
    Part,
    Plan,
    PlayedProvider,
    PlayedResponse,
    PlayedTransport,
)
from trunkline.testing.rehearsed_provider import RehearsedProvider
from trunkline.testing.spell import Spell
from trunkline.testing.virtual_time import VirtualTimeLoop, run

__all__ = [
    "NEVER",
    "REFUSED",
    "RESET",
    "SILENCE",
    "Part",
    "Plan",
    "PlayedProvider",
    "PlayedResponse",
    "PlayedTransport",
    "RehearsedProvider",
    "Spell",
    "VirtualTimeLoop",
    "run",
    "spell",
]
