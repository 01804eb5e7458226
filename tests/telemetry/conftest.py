"""Every series of a house that has just opened: money, rates and quality included."""

from random import Random

from trunkline.accounting.purse import Purse
from trunkline.accounting.rates import Rates
from trunkline.gateway.figures import batch_series, money_series, rate_series
from trunkline.providers.health import Health, HealthSettings
from trunkline.quality.figures import figures_of
from trunkline.quality.panel import Panel
from trunkline.quality.scorebook import Scorebook
from trunkline.quality.settings import QualitySettings
from trunkline.quality.watch import Watch
from trunkline.routing.learner import Learner
from trunkline.stores.memory import MemoryStore
from trunkline.telemetry.figures import Figures
from trunkline.telemetry.names import Names
from trunkline.telemetry.series import Series


def all_series() -> list[Series]:
    figures = Figures(Names((), ()), Health(HealthSettings()), lambda: 0.0, lambda: 0)
    book = Scorebook(Learner(0), lambda: None, lambda: 0)
    watch = Watch(QualitySettings(), Panel(()), book, Random(7).random)
    purse = Purse(MemoryStore(), wall=lambda: 0)
    return [*figures.series, *money_series(purse), *rate_series(Rates()), *batch_series({}), *figures_of(watch)]
