"""Benchmarks: what the gateway costs beside the provider it stands before. Run as ``python -m bench``.

Refuses to be a test: a figure that misses its target is printed so, and the exit code is 0.
"""
