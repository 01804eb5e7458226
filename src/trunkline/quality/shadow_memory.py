"""Keeps where comparisons of candidates stand, so that a promotion outlives the process that made it.

Refuses to compare. Of several processes on one ledger the later decision stands, then the longer comparison; each goes
on from there.
"""

import logging
from collections.abc import Callable, Sequence

import msgspec

from trunkline.core.errors import CallError
from trunkline.quality.shadow import Shadowing, ShadowState
from trunkline.stores.ports import QualityStore
from trunkline.stores.records import Millis
from trunkline.stores.scores import Memory

log = logging.getLogger("trunkline")
KIND = "shadow"
_DECODER = msgspec.json.Decoder(ShadowState)


class ShadowMemory:
    """``store`` is asked for each time: there may be none. ``wall`` is Unix milliseconds."""

    __slots__ = ("_known", "_shadows", "_store", "_wall")

    def __init__(
        self, shadows: Sequence[Shadowing], store: Callable[[], QualityStore | None], wall: Callable[[], Millis]
    ) -> None:
        self._shadows = tuple(shadows)
        self._store = store
        self._wall = wall
        self._known: dict[str, ShadowState] = {}  # as they are stored

    def follow(self, before: Sequence[Shadowing]) -> None:
        """Go on where the comparisons of another house stand."""
        states = {_name(shadow): shadow.state for shadow in before}
        for shadow in self._shadows:
            if _name(shadow) in states:
                shadow.restore(states[_name(shadow)])

    async def load(self) -> None:
        """Take what is stored where it is further than what is known here. A store that is away is asked later."""
        store = self._store()
        if store is None or not self._shadows:
            return
        try:
            stored = {memory.name: memory for memory in await store.memories()}
        except CallError as error:
            log.warning("where comparisons stand cannot be read now: %s", error)
            return
        for shadow in self._shadows:
            state = _read(stored.get(_name(shadow)))
            if state is not None:
                self._known[_name(shadow)] = state
                if state.order > shadow.state.order:
                    shadow.restore(state)

    async def save(self) -> None:
        """Write the comparisons that have gone on, unless another process has taken a later decision."""
        if all(self._known.get(_name(shadow)) == shadow.state for shadow in self._shadows):
            return
        await self.load()
        store = self._store()
        for shadow in self._shadows:
            name, state = _name(shadow), shadow.state
            if store is None or not state.order > _order(self._known.get(name)):
                continue
            try:
                await store.remember(Memory(name, self._wall(), msgspec.json.encode(state).decode()))
            except CallError as error:
                log.warning("where %s stands cannot be written now: %s", shadow.settings.candidate, error)
                return
            self._known[name] = state


def _name(shadow: Shadowing) -> str:
    return f"{KIND}|{shadow.settings.route}|{shadow.settings.candidate}"


def _order(state: ShadowState | None) -> tuple[int, int]:
    return (0, 0) if state is None else state.order


def _read(memory: Memory | None) -> ShadowState | None:
    try:
        return None if memory is None else _DECODER.decode(memory.text)
    except msgspec.DecodeError:
        log.warning("what was kept as %s cannot be read; its comparison begins anew", memory.name if memory else "")
        return None
