"""What another policy would have cost and delivered, with intervals: from tables of outcomes or from logged decisions.

Refuses to serve anybody.
"""
