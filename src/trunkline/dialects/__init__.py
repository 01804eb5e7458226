"""How callers ask and providers answer: one room per dialect, filled in for the port in ``core.dialect``.

Knows no network, no clock and no provider's name: a vendor's quirks are fields of its dialect.
"""
