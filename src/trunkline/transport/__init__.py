"""Moves bytes to providers and back; knows HTTP and nothing of language models."""
