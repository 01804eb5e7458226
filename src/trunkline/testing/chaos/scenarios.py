"""What befalls providers a, b and c, as data: ten bad days of 1000 seconds each, and one good one to compare with.
It refuses to know what the gateway makes of them.
"""

from msgspec import Struct

from trunkline.simulator.config import Latency, Limits, Model, Provider, Spread
from trunkline.testing.spell import Spell, down, failing, flapping, flooded, hangs, slower

SECONDS = 1000.0  # every scenario lasts so long; more calls come faster, they do not come for longer
MODEL = "m"
PROVIDER = Provider(
    models={MODEL: Model()}, latency=Latency(first_token=Spread(median=0.3, sigma=0.5), tokens_per_second=100)
)

# What every provider does on an ordinary day: these shares of all requests fail.
A, B, C = failing(0.01), failing(0.03), failing(0.05)


class Scenario(Struct, frozen=True, kw_only=True):
    """``a`` is asked first, then ``b``, then ``c``. ``success`` is the share of calls that must be answered.

    ``bad``    share of calls whose request no provider can accept.
    ``ration`` what provider b allows, as a share of all calls.
    ``outage`` seconds in which nobody is usable: then callers have to wait, and the best gateway is as slow as that.
    """

    name: str
    about: str
    a: tuple[Spell, ...] = (A,)
    b: tuple[Spell, ...] = (B,)
    c: tuple[Spell, ...] = (C,)
    bad: float = 0.0
    ration: float | None = None
    outage: float = 0.0
    success: float = 0.9999

    @property
    def spells(self) -> dict[str, tuple[Spell, ...]]:
        """By provider, in the order they are asked."""
        return {"a": self.a, "b": self.b, "c": self.c}

    def providers(self, calls: int) -> dict[str, Provider]:
        """The simulated providers when so many calls come in all."""
        limits = Limits()
        if self.ration is not None:
            limits = Limits(requests_per_minute=max(1, round(calls / SECONDS * 60 * self.ration)))
        rationed = Provider(models=PROVIDER.models, latency=PROVIDER.latency, limits=limits)
        return {"a": PROVIDER, "b": rationed, "c": PROVIDER}


GOOD_DAY = Scenario(name="good day", about="nobody fails", a=(), b=(), c=(), success=1.0)

BAD_DAYS = (
    Scenario(name="99/97/95 %", about="each fails by itself, as in all that follow"),
    Scenario(name="a down", about="a refuses connections for 600 s", a=(down(100, 700), A)),
    Scenario(name="a hangs", about="a accepts connections and is silent for 600 s", a=(hangs(100, 700), A)),
    Scenario(name="a slow", about="a takes twenty times as long for 600 s", a=(slower(20, 100, 700), A)),
    Scenario(
        name="a down, b half",
        about="a refuses connections and b fails every second request for 600 s",
        a=(down(100, 700), A),
        b=(failing(0.5, 100, 700), B),
    ),
    Scenario(
        name="429 storm",
        about="five times a answers 429, retry after 20 s, for a minute; b takes 40 % of the calls",
        a=(*(flooded(begin, begin + 60, retry_after=20) for begin in range(100, 600, 100)), A),
        ration=0.4,
    ),
    Scenario(
        name="all down 20 s",
        about="nobody accepts a connection for 20 s",
        a=(down(400, 420), A),
        b=(down(400, 420), B),
        c=(down(400, 420), C),
        outage=20.0,
        success=0.995,
    ),
    Scenario(
        name="flapping",
        about="a is down 5 s and up 10 s, in turn, for 800 s",
        a=(*flapping(100, 900, down_for=5, up_for=10), A),
    ),
    Scenario(name="bad client", about="every second call is a request that no provider accepts", bad=0.5, success=1.0),
    Scenario(
        name="mixed day",
        about="slow, down, flooded, flapping, two at a time; one call in ten is bad",
        a=(
            slower(20, 50, 150),
            down(200, 300),
            flooded(350, 400, retry_after=20),
            down(750, 770),
            *flapping(800, 900, down_for=5, up_for=10),
            A,
        ),
        b=(failing(0.5, 250, 350), hangs(450, 550), down(750, 770), B),
        c=(hangs(120, 180), failing(0.3, 600, 700), C),
        bad=0.1,
    ),
)
