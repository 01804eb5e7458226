"""What keeps callers served while providers fail: gates before a target, and decisions about what follows a failure.

Refuses to do I/O, to sleep and to read a clock: time and randomness are passed in, waiting is the caller's.
"""
