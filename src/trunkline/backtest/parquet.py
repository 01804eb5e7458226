"""Rows of a parquet file, through the optional pyarrow: the only file that knows it.

Refuses to know what the rows mean.
"""

from pathlib import Path
from typing import Any

from trunkline.core.errors import TrunklineError


def rows(path: Path, most: int) -> list[dict[str, Any]]:
    """All rows as dicts. Raises TrunklineError without pyarrow, OSError or ValueError for a file that is no parquet."""
    try:
        from pyarrow import ArrowException  # noqa: PLC0415 - the extra is loaded only for a parquet file
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415
    except ImportError as error:
        raise TrunklineError(
            f"{path.name} is parquet, which needs the extra: pip install 'trunkline[backtest]' (CSV and JSONL do not)"
        ) from error
    try:
        with ParquetFile(path) as file:
            if file.metadata.num_rows > most:
                raise ValueError(f"it has {file.metadata.num_rows:,} rows, more than {most:,}")
            found: list[dict[str, Any]] = file.read().to_pylist()
    except ArrowException as error:
        raise ValueError(str(error)) from error
    return found
