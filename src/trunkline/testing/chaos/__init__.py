"""Bad days in virtual time: the real engine, the simulator's providers, and figures beside their targets.
It refuses to help the engine: what a client would see is all that counts.
"""
