"""``trunkline ask``: one question from the shell, the answer as it comes.

Refuses to keep a conversation.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import click

import trunkline
from trunkline.cli.found_config import config_option, found_config
from trunkline.client import Answer


@click.command()
@click.argument("model")
@click.argument("question", required=False)
@config_option
@click.option("-s", "--system", help="What the model is told before the question.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="Longest answer, in tokens.")
@click.option("-q", "--quiet", is_flag=True, help="Print the answer and nothing else.")
def ask(
    model: str, question: str | None, path: Path | None, system: str | None, max_tokens: int | None, *, quiet: bool
) -> None:
    """Ask MODEL a QUESTION (from standard input if left out, or -) and stream the answer."""
    if question in {None, "-"}:
        question = sys.stdin.read()
    messages: list[dict[str, str | None]] = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": question})
    options: dict[str, Any] = {"max_tokens": max_tokens} if max_tokens else {}
    answer = asyncio.run(_ask(path, model, messages, options))
    if not quiet:
        click.secho(_facts(answer), dim=True, err=True)


async def _ask(path: Path | None, model: str, messages: list[dict[str, str | None]], options: dict[str, Any]) -> Answer:
    async with trunkline.open(found_config(path)[0]) as gateway, gateway.stream(model, messages, **options) as stream:
        async for text in stream:
            click.echo(text, nl=False)
        click.echo()
        return stream.answer


def _facts(answer: Answer) -> str:
    cost = "cost unknown" if answer.cost is None else f"${answer.cost}"
    tried = len(answer.attempts)
    return (
        f"{answer.provider}/{answer.model} · {answer.usage.prompt} + {answer.usage.completion} tokens · {cost} · "
        f"{answer.duration:.2f} s · {tried} attempt{'s' if tried > 1 else ''}"
    )
