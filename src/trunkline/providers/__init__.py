"""Who answers calls: providers as rows of data, and endpoints that make single attempts.

Knows no routes and no callers.
"""
