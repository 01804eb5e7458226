"""The HTTP edge: turns requests into calls and replies into responses; knows nothing of routing."""
