"""Where the tokens for Google's cloud come from, as a config says it.

Refuses to fetch one.
"""

from typing import Annotated

from msgspec import Meta, Struct


class GoogleCredentials(Struct, frozen=True, forbid_unknown_fields=True):
    """One of three ways to come by a token; none of the fields is a secret itself."""

    file: Annotated[
        str | None,
        Meta(
            description="JSON file of a service account (it needs pip install 'trunkline[vertex]'), or the one that "
            "gcloud auth application-default login writes.",
        ),
    ] = None
    command: Annotated[
        tuple[str, ...],
        Meta(
            max_length=32,
            description="A program and its arguments that print a token: [gcloud, auth, print-access-token].",
        ),
    ] = ()
    metadata: Annotated[bool, Meta(description="Ask the metadata server, on a machine of Google's cloud.")] = False

    @property
    def ways(self) -> int:
        """How many of them are said."""
        return (self.file is not None) + bool(self.command) + self.metadata

    @property
    def told(self) -> str:
        """Which of them, for people."""
        if self.file is not None:
            return self.file
        return f"the command {self.command[0]}" if self.command else "the metadata server"
