"""``${NAME}`` in the texts of a config, replaced after the file was parsed, so that no value can add structure.

Refuses to know fields and files.
"""

import re
from collections.abc import Mapping
from typing import Any

from trunkline.core.nearest import hint
from trunkline.gateway.document import Where, is_list, is_table

_FORM = re.compile(r"\$(?:\$|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|(?P<wrong>\{))")

_TELLING = 6  # characters; shorter values are ports and switches, and stand in messages for other reasons too


class FromEnvironment(str):
    """A text that came from the environment; messages show ``written`` instead, since it may be a secret."""

    __slots__ = ("written",)
    written: str


class Interpolation:
    """Replaces in a whole tree; what cannot be replaced becomes a problem and stays as it is written."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[tuple[Where, str]] = []
        self._used: dict[str, str] = {}

    def masked(self, text: str) -> str:
        """A message with every value that came from the environment put back as its variable: it may be a secret."""
        for value in sorted(self._used, key=len, reverse=True):
            text = text.replace(value, self._used[value])
        return text

    def tree(self, value: Any, where: Where = ()) -> Any:
        """The tree with every text replaced; names of fields are left alone."""
        if is_table(value):
            return {name: self.tree(item, (*where, name)) for name, item in value.items()}
        if is_list(value):
            return [self.tree(item, (*where, index)) for index, item in enumerate(value)]
        return self._text(value, where) if isinstance(value, str) and "$" in value else value

    def _text(self, text: str, where: Where) -> str:
        said: list[str] = []
        replaced = FromEnvironment(_FORM.sub(lambda found: self._one(found, said), text))
        replaced.written = text
        self.problems += [(where, problem) for problem in said]
        return replaced

    def _one(self, found: re.Match[str], said: list[str]) -> str:
        name, default = found["name"], found["default"]
        if found["wrong"]:
            said.append("${ starts a variable that does not end; write ${NAME}, ${NAME:-default}, or $$ for a dollar")
        if name is None:
            return "$"
        value = self._environ.get(name)
        if value or (value is not None and default is None):
            if len(value) >= _TELLING:
                self._used[value] = f"${{{name}}}"
            return value
        if default is None:
            near = hint(name, self._environ)
            said.append(f"the environment variable {name} is not set{near} Set it, or write ${{{name}:-default}}")
            return ""
        return default
