"""Quality that measures itself: judges, validators, feedback, and what may be concluded from them.

Refuses to know HTTP and to stand in a caller's way: everything here happens after an answer has ended.
"""
