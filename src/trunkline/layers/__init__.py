"""Handlers that stand around the dispatch; each holds the next one and is a handler itself."""
