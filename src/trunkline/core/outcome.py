"""How an attempt or a whole exchange ended: one value, heard once by everyone who took something.

Refuses to know who listens.
"""

from msgspec import Struct

from trunkline.core.chat import Finish
from trunkline.core.errors import CallerGone, CallError
from trunkline.core.usage import UNKNOWN_USAGE, Usage


class Outcome(Struct, frozen=True):
    """The end of an attempt or exchange; times in seconds since it began.

    ``error`` None means the caller got, or could have read, a whole answer. ``abandoned``: the caller left first.
    """

    usage: Usage
    duration: float
    first_content: float | None = None
    finish: Finish | None = None
    error: CallError | None = None
    abandoned: bool = False

    @property
    def ok(self) -> bool:
        """A whole answer, shown as one."""
        return self.error is None

    @classmethod
    def failed(cls, error: BaseException, duration: float) -> "Outcome":
        """The end that an exception means; whatever is no CallError (a cancelled task) is the caller's leaving."""
        if isinstance(error, CallError):
            usage = error.usage or (UNKNOWN_USAGE if error.may_have_cost else Usage())
            return cls(usage, duration, error=error)
        gone = CallerGone("the caller left before the answer began")
        return cls(UNKNOWN_USAGE, duration, error=gone, abandoned=True)
