"""What a model may be called by callers of every dialect.

Refuses to know which models there are.
"""

from trunkline.core.errors import InvalidRequest

LONGEST_MODEL = 256  # characters


def check_model(model: str) -> None:
    """Raises InvalidRequest for a name that nobody can mean."""
    if not model or len(model) > LONGEST_MODEL or not model.isprintable():
        limits = f"1 to {LONGEST_MODEL} printable characters"
        raise InvalidRequest(
            f"`model` must be a name of {limits}. Send one of the models listed at /v1/models.", param="model"
        )
