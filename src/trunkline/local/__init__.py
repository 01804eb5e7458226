"""The local model: a real, small language model on loopback, so that a first call needs no account and no network.

Refuses to know the gateway: to everybody else it is one more provider with a URL.
"""

from trunkline.local.engine import MODEL, READY, WINDOW, serve
from trunkline.local.model import LocalModel
from trunkline.local.weights import LocalModelError, is_installed

__all__ = ["MODEL", "READY", "WINDOW", "LocalModel", "LocalModelError", "is_installed", "serve"]
