"""Where money, usage and keys are kept: narrow ports, and the engines behind them.

Knows no prices, no providers and no HTTP; above this floor nobody imports a driver.
"""
