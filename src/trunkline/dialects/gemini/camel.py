"""Google takes its fields in camelCase and in snake_case: one spelling for those who read them.

Refuses to rename what is the caller's own: arguments, answers of functions, schemas, labels.
"""

from typing import Any, cast

OPAQUE = frozenset(
    {
        *("args", "response", "parameters", "parametersJsonSchema", "responseJsonSchema", "responseSchema"),
        *("labels", "metadata"),
    }
)


def camelled(value: Any) -> Any:
    """The same with camelCase names."""
    if isinstance(value, list):
        return [camelled(one) for one in value]
    if not isinstance(value, dict):
        return value
    renamed = {_camel(str(name)): inner for name, inner in cast("dict[str, Any]", value).items()}
    return {name: inner if name in OPAQUE else camelled(inner) for name, inner in renamed.items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest) if rest and first else name
