"""Files that callers leave with providers, and batches of requests: whose they are, where they go, what they cost.

Refuses to know HTTP's server side: doors ask it.
"""
