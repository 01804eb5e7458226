"""The types everything else is made of: money, usage, calls, replies, errors.

Knows no network, no event loop, no provider's name.
"""
