"""``trunkline fit``: a policy file for the gateway, from tables of outcomes of the user's own traffic.

Refuses to compute; needs the extra ``trunkline[backtest]``.
"""

from pathlib import Path

import click

from trunkline.cli.check import console
from trunkline.cli.off_policy import needs_numpy
from trunkline.core.errors import TrunklineError


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to write.")
@click.option("--suite", help="Which suite of the directory; needed when there are several.")
@click.option(
    "--floor",
    type=click.FloatRange(0.5, 1.0),
    default=0.99,
    show_default=True,
    help="Share of the best single model's quality that must be kept.",
)
@click.option(
    "--confidence", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True, help="That it is kept."
)
def fit(directory: Path, output: Path, suite: str | None, floor: float, confidence: float) -> None:
    """Fit routing on all prompts of DIRECTORY and write a policy file.

    Where the floor cannot be shown on these prompts, the policy asks the best model always, and this command says so.
    """
    needs_numpy()
    from trunkline.backtest import fitting, tables  # noqa: PLC0415 - numpy is loaded when it runs
    from trunkline.backtest import suite as suites  # noqa: PLC0415
    from trunkline.backtest.strategies import Aim  # noqa: PLC0415
    from trunkline.routing.learned import policy as files  # noqa: PLC0415

    found = tables.suites(directory)
    if suite is None and len(found) > 1:
        raise TrunklineError(f"{directory} has several suites: {', '.join(found)}; choose one with --suite")
    if suite is not None and suite not in found:
        raise TrunklineError(f"{directory} has no suite {suite!r}; it has {', '.join(found)}")
    screen = console()
    policy = fitting.fit(suites.build(tables.read(directory, suite or found[0])), Aim(floor, confidence))
    size = files.write(policy, output)
    screen.print(f"{output}: {size:,} bytes, {len(policy.models)} models, best {policy.best_model}")
    kept = policy.floor
    if not kept.shown:
        screen.print(
            f"the floor of {floor:.1%} could not be shown at {confidence:.0%} confidence on {kept.prompts:,} prompts: "
            f"{policy.best_model} answers everything. More prompts, a lower --floor or a lower --confidence may help."
        )
        return
    screen.print(
        f"floor {floor:.1%} shown at {confidence:.0%}: quality {kept.quality:.1%} of the best (at least "
        f"{kept.quality_low:.1%}), cost saved {kept.saved:.1%}, on {kept.prompts:,} prompts"
    )
    order = " > ".join(dict.fromkeys((*policy.probes, policy.best_model)))
    screen.print(f"asks in order: {order}" if policy.probes else "asks one model, chosen by the prompt")
