"""A backtest as one HTML file that needs nothing else: a table and a quality-cost curve for each suite.

Refuses to compute, to load anything from elsewhere, and to trust a name: everything from the tables is escaped.
"""

from html import escape

from trunkline.backtest.measures import Point
from trunkline.backtest.replay import Finding, Line, Mean
from trunkline.backtest.strategies import STRATEGIES, Aim

WIDTH, HEIGHT, LEFT, TOP = 640, 360, 56, 16
_LOWEST, _HIGHEST = 0.5, 1.1  # of the quality axis
_STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --soft: #60646c; --paper: #fff; --line: #d9d9e0;
  --cascade: #0b68cb; --prompt: #ad5700; --floor: #ce2c31; }
@media (prefers-color-scheme: dark) { :root { --ink: #edeef0; --soft: #b0b4ba; --paper: #111113; --line: #43484e;
  --cascade: #70b8ff; --prompt: #ffa057; --floor: #ff9592; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; } th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line);
  text-align: right; } th:first-child, td:first-child { text-align: left; } small, figcaption { color: var(--soft); }
svg { width: 100%; height: auto; } svg text { fill: var(--soft); font-size: 12px; }
.axis { stroke: var(--line); } .cascade { stroke: var(--cascade); fill: none; stroke-width: 2; }
.prompt { stroke: var(--prompt); fill: none; stroke-width: 2; } .floor { stroke: var(--floor); stroke-dasharray: 4 4; }
.dot { fill: var(--ink); }
"""


def html(findings: list[Finding], aim: Aim) -> str:
    """The whole page."""
    suites = "\n".join(_suite(finding, aim) for finding in findings)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Backtest</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head>\n<body><h1>Backtest</h1>\n"
        f"<p>Floor {aim.floor:.0%} of the best single model's quality in hindsight. Each figure is a mean over random "
        "halves with its 95 % interval; thresholds were chosen on one half and measured on the other.</p>\n"
        f"{suites}\n</body></html>\n"
    )


def _suite(finding: Finding, aim: Aim) -> str:
    rows = "".join(_row(name, line) for name, line in finding.lines.items())
    return (
        f"<h2>{escape(finding.suite)}</h2>\n<p>{finding.prompts:,} prompts, {finding.models} models, {finding.splits} "
        f"splits; best single model: {escape(finding.best)}.</p>\n"
        "<table><thead><tr><th>strategy</th><th>cost saved</th><th>quality kept</th><th>calls a prompt</th>"
        f"<th>latency</th></tr></thead><tbody>{rows}</tbody></table>\n{_figure(finding, aim)}"
    )


def _row(name: str, line: Line) -> str:
    latency = "not in the data" if line.latency is None else f"{line.latency.value:.2f} s"
    return (
        f"<tr><td>{escape(title(name))}</td><td>{percent(line.saved)}</td><td>{percent(line.quality)}</td>"
        f"<td>{line.calls:.2f}</td><td>{latency}</td></tr>"
    )


def title(name: str) -> str:
    """What a strategy is called in a report."""
    return STRATEGIES[name][0] if name in STRATEGIES else "oracle (knows the scores)"


def percent(mean: Mean) -> str:
    """A share with its interval."""
    return f"{mean.value:.1%} ({mean.low:.1%} to {mean.high:.1%})"


def _figure(finding: Finding, aim: Aim) -> str:
    lines = "".join(
        f'<polyline class="{escape(name)}" points="{" ".join(_at(point) for point in sorted(points))}"/>'
        for name, points in finding.curves.items()
    )
    dots = "".join(_dot(name, line) for name, line in finding.lines.items())
    floor_left, floor_right = _at((0.0, aim.floor)).split(","), _at((1.0, aim.floor)).split(",")
    floor = (
        f'<line class="floor" x1="{floor_left[0]}" y1="{floor_left[1]}" x2="{floor_right[0]}" y2="{floor_right[1]}"/>'
    )
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="quality against cost">'
        f"{_axes()}{floor}{lines}{dots}</svg><figcaption>Quality against cost, as shares of the best single model. "
        "Lines: every setting of the learned cascade and of the prompt layer, on the test halves. Dots: what the "
        "strategies chose before.</figcaption></figure>"
    )


def _axes() -> str:
    marks = "".join(
        f'<text x="{x}" y="{HEIGHT - 16}" text-anchor="middle">{share:.0%}</text>'
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
        for x, _ in [_at((share, _LOWEST)).split(",")]
    )
    marks += "".join(
        f'<line class="axis" x1="{LEFT}" y1="{y}" x2="{WIDTH - 8}" y2="{y}"/>'
        f'<text x="{LEFT - 6}" y="{y}" text-anchor="end" dominant-baseline="middle">{quality:.0%}</text>'
        for quality in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1)
        for _, y in [_at((0.0, quality)).split(",")]
    )
    return marks


def _dot(name: str, line: Line) -> str:
    x, y = _at((1.0 - line.saved.value, line.quality.value)).split(",")
    label = escape(f"{title(name)}: saves {line.saved.value:.1%}, keeps {line.quality.value:.1%}")
    return f'<circle class="dot" cx="{x}" cy="{y}" r="4"><title>{label}</title></circle>'


def _at(point: Point) -> str:
    cost, quality = min(max(point[0], 0.0), 1.2), min(max(point[1], _LOWEST), _HIGHEST)
    x = LEFT + cost / 1.2 * (WIDTH - LEFT - 8)
    y = TOP + (_HIGHEST - quality) / (_HIGHEST - _LOWEST) * (HEIGHT - TOP - 44)
    return f"{x:.1f},{y:.1f}"
