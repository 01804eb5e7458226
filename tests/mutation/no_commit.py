"""A pytest plugin that breaks one rule: an answer that breaks after its first content is asked for again."""

from trunkline.providers.answer import StreamedReply


async def begin(self: StreamedReply) -> None:
    try:
        while not self._ended:
            self._held += await self._next()
            if self._broken:
                raise self._broken
    except BaseException:
        self._source.abort()
        raise


StreamedReply.begin = begin
