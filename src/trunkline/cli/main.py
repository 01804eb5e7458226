"""The command line: one group, its commands loaded when they are called, and one place where errors become exit codes.

Refuses to do any command's work.
"""

import sys
from importlib import import_module
from keyword import iskeyword

import click

from trunkline._version import __version__
from trunkline.core.errors import TrunklineError

# name -> what it does, in the order of a newcomer's first hour; the module is trunkline.cli.<name>
COMMANDS = {
    "demo": "Show everything working, with simulated clouds and a real local model.",
    "serve": "Run the gateway.",
    "check": "Validate a config and print the house it describes.",
    "ask": "Ask a model a question and stream its answer.",
    "explain": "Show where a request would go, and why, without sending it.",
    "status": "Show what a running gateway knows of its targets.",
    "providers": "List the providers known by name, and those of a config.",
    "models": "List the models a config offers.",
    "judge": "Have answers judged, and find out what judges are worth.",
    "spend": "Show where the money went.",
    "keys": "Make, show, end and renew virtual keys.",
    "prices": "Make, check and show the price book.",
    "import": "Turn another gateway's config into ours.",
    "backtest": "Replay routing on tables of outcomes: cost saved, quality kept.",
    "fit": "Make a policy file for routing from tables of outcomes, or a ledger.",
    "simulate": "Serve simulated providers with scripted faults.",
    "local": "Serve a small real model on this machine.",
}


class Commands(click.Group):
    """Loads a command's module only when it runs, so that every command starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None for a name that is not in the table."""
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(import_module(f"trunkline.cli.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table itself: help needs no command loaded."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="trunkline")
def cli() -> None:
    """One trunk line to every LLM."""


def main() -> None:
    """The entry point: an error of ours is one clear text on stderr and exit code 1, never a traceback."""
    try:
        cli(prog_name="trunkline")
    except TrunklineError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
