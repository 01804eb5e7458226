"""The findings of a backtest as the page of the documentation that quotes them.

Refuses to round in anybody's favour and to leave a line out.
"""

from trunkline.backtest.replay import Finding, Line, Mean
from trunkline.backtest.report import percent, title
from trunkline.backtest.strategies import Aim


def page(findings: list[Finding], aim: Aim) -> str:
    """The whole page."""
    return "\n".join((_head(findings, aim), *(_suite(finding) for finding in findings)))


def _head(findings: list[Finding], aim: Aim) -> str:
    splits = findings[0].splits
    asked = f"--floor {aim.floor:g} --confidence {aim.confidence:g} --splits {splits}"
    return f"""# Routing: what was measured

Written by `trunkline backtest DIR {asked} --write docs/routing-results.md`, seeds 0 to {splits - 1}.
How it is measured and what the words mean: [backtest.md](backtest.md).

Cost saved and quality kept are shares of the best single model of the *test* half in hindsight. Every figure is a mean
over {splits} random halves with its 95 % interval. Everything was fitted and chosen on the other half.
"""


def _suite(finding: Finding) -> str:
    rows = "\n".join(_row(name, line, finding.splits) for name, line in finding.lines.items())
    left_out = f" Left out for too few outcomes: {', '.join(finding.left_out)}." if finding.left_out else ""
    return f"""## {finding.suite}

{finding.prompts:,} prompts, {finding.models} models; best over all prompts: {finding.best}.{left_out}

| strategy | cost saved | quality kept | calls a prompt | latency | floor shown |
|---|---|---|---|---|---|
{rows}

{_layers(finding)}

{_bounds(finding)}
"""


def _row(name: str, line: Line, splits: int) -> str:
    latency = "not in the data" if line.latency is None else f"{line.latency.value:.2f} s"
    shown = f"{line.shown} of {splits}" if name in {"cascade", "sure", "prompt", "heuristic"} else "-"
    return (
        f"| {title(name)} | {percent(line.saved)} | {percent(line.quality)} | {line.calls:.2f} | {latency} | {shown} |"
    )


def _layers(finding: Finding) -> str:
    areas = f"area under the quality-cost curve (random mix 0.5): {_plain(finding.area)}"
    lines = [f"Prompt layer alone, {areas}; under its upper hull: {_plain(finding.hull)}."]
    lines += [f"RouteLLM protocol, APGR on {name}: {_plain(mean)}." for name, mean in finding.apgr.items()]
    if finding.probes:
        lines.append(f"Cascade asked most often: {' > '.join(finding.probes)}.")
    return "\n".join(lines)


def _bounds(finding: Finding) -> str:
    """What no choice of a setting could have reached: read off the test half, so a bound and not a result."""
    saved = "; ".join(f"{title(name)} {percent(mean)}" for name, mean in finding.hindsight.items())
    return (
        f"Bounds, with the setting read off the test half, which nobody can do: saved at the floor: {saved}; "
        f"area of a table of categories with the test half's own means: {_plain(finding.read_off)}."
    )


def _plain(mean: Mean) -> str:
    return f"{mean.value:.3f} ({mean.low:.3f} to {mean.high:.3f})"
