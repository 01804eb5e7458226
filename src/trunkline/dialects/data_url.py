"""Data URLs: how OpenAI's dialects carry pictures and files.

Refuses every form but base64.
"""

from trunkline.core.errors import InvalidRequest
from trunkline.dialects.shape import shown


def opened(url: str, path: str) -> tuple[str, str]:
    """Media type and base64 text of a data URL. Raises InvalidRequest; ``path`` says where in the body it stands."""
    head, comma, data = url.partition(",")
    media_type, *parameters = head.removeprefix("data:").split(";")
    if not comma or "base64" not in parameters or "/" not in media_type:
        raise InvalidRequest(
            f'`{path}` is {shown(head)}; send a data URL like "data:image/png;base64,...".', param=path
        )
    return media_type, data


def made(media_type: str, data: str | None) -> str:
    """A data URL of base64 text."""
    return f"data:{media_type};base64,{data or ''}"
