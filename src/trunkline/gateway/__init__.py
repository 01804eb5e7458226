"""The house put together from its config.

Knows no HTTP and no command line.
"""
