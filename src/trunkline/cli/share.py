"""What commands that fit and measure take and write: shares that are numbers, and files that can be written.

Refuses ``nan``, which every range of click's lets pass.
"""

from collections.abc import Generator
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any

import click

from trunkline.core.errors import TrunklineError


class Share(click.FloatRange):
    """A finite number of a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Fails as click does, with what is allowed."""
        number = float(super().convert(value, param, ctx))
        if not isfinite(number):
            self.fail(f"{value} is no number between {self.min} and {self.max}.", param, ctx)
        return number


@contextmanager
def written(path: Path) -> Generator[None]:
    """Around writing a file: TrunklineError where that cannot be done."""
    try:
        yield
    except OSError as error:
        raise TrunklineError(f"{path} cannot be written: {error.strerror}; name another file") from error
