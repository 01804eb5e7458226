"""What is known of models: windows, abilities, prices, and the date each was true.

Knows no provider's address, no configuration, no call.
"""
