"""What calls cost.

Knows no wire form and no provider's address.
"""
