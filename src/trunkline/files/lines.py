"""The lines of a batch, one after the other: each is a request that its caller may make, re-addressed and weighed.

Refuses whatever its provider could refuse hours later, and names the line.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from trunkline.accounting import worst_case
from trunkline.accounting.worst_case import Offer
from trunkline.core.call import Call, Caller
from trunkline.core.dialect import Dialect, DialectName
from trunkline.core.errors import CallError, InvalidRequest
from trunkline.files.load import FileAbout, Load
from trunkline.files.settings import URLS
from trunkline.files.trespass import file_ids

LONGEST_ID = 512  # characters of a custom_id
MOST_MODELS = 16
MOST_NAMED = 1_000  # files that the lines of one batch name

_LINE = msgspec.json.Decoder(dict[str, Raw])
_SERVICES = (b"", b"null", b'"auto"', b'"default"')


class Chosen(Struct, frozen=True):
    """Where a line goes: whom it asks, how it is written for it, and whether a hard budget bounds its answer."""

    offer: Offer
    dialect: Dialect
    limited: bool


class Choose(Protocol):
    """Who decides where a line goes."""

    def __call__(self, caller: Caller, model: str, spoken: DialectName, provider: str | None) -> Chosen:
        """The first target that this caller may use, whose provider takes this in batches; of ``provider`` alone where
        that is named. Raises UnknownModel, Forbidden or InvalidRequest.
        """
        ...


class Lines:
    """Takes the lines of one batch; ``provider`` is the one that was wished for, or then the first line's."""

    def __init__(
        self,
        caller: Caller,
        choose: Choose,
        dialects: Mapping[DialectName, Callable[[], Dialect]],
        *,
        most: int,
        provider: str | None = None,
    ) -> None:
        self.provider = provider
        self.dropped: set[str] = set()
        self.named: set[str] = set()  # files that the lines name
        self._caller = caller
        self._choose = choose
        self._dialects = dialects
        self._most = most
        self._seen: set[str] = set()
        self._url = ""
        self._spoken: Dialect | None = None
        self._chosen: dict[str, Chosen] = {}  # by the name that lines say
        self._loads: dict[str, Load] = {}  # by the name of its provider
        self._capped = True

    def take(self, number: int, raw: bytes) -> bytes:
        """One line as it goes to the provider. Raises InvalidRequest or Forbidden naming the line."""
        try:
            return self._taken(raw)
        except CallError as error:
            error.args = (f"line {number}: {error.message}",)
            error.message = error.args[0]
            error.param = "file"
            raise

    @property
    def about(self) -> FileAbout:
        """What is to be known of the file. Raises InvalidRequest for one without a line."""
        if not self._seen:
            raise InvalidRequest("the file has no line; send a request a line, as JSON", param="file")
        return FileAbout(self._url, tuple(self._loads.values()), self._capped)

    def _taken(self, raw: bytes) -> bytes:
        if len(self._seen) >= self._most:
            raise InvalidRequest(
                f"a batch has at most {self._most} lines here; send several files, or raise files.lines"
            )
        fields = _fields(raw)
        self._check_id(fields)
        dialect = self._dialect(fields)
        body = bytes(fields.get("body", b""))
        if body[:1] != b"{":
            raise InvalidRequest("`body` must be an object: the request as it would be sent to its url")
        call = Call(body, dialect, caller=self._caller)
        if call.envelope.stream:
            raise InvalidRequest("`stream` is true, and a batch's answers are whole. Leave it out.")
        chosen = self._of(call.envelope.model)
        _check_service(body)
        self.named |= file_ids(body)
        if len(self.named) > MOST_NAMED:
            raise InvalidRequest(f"the lines name over {MOST_NAMED} files; send several batches")
        fields["body"] = Raw(self._weighed(call, chosen))
        return msgspec.json.encode(fields) + b"\n"

    def _check_id(self, fields: dict[str, Raw]) -> None:
        said = _text(fields, "custom_id")
        if not 0 < len(said) <= LONGEST_ID:
            raise InvalidRequest(f"`custom_id` must be text of 1 to {LONGEST_ID} characters")
        if said in self._seen:
            raise InvalidRequest(f"the custom_id {said[:80]!r} stands in a line before; each needs its own")
        self._seen.add(said)
        if _text(fields, "method") != "POST":
            raise InvalidRequest('`method` must be "POST"')

    def _dialect(self, fields: dict[str, Raw]) -> Dialect:
        url = _text(fields, "url")
        if url not in URLS:
            raise InvalidRequest(f"the url {url[:80]!r} is none of a batch's; there are {', '.join(URLS)}")
        if self._spoken is None:
            self._url, self._spoken = url, self._dialects[URLS[url]]()
        if url != self._url:
            raise InvalidRequest(f"the url is {url}, and the first line's is {self._url}; a batch has one")
        return self._spoken

    def _of(self, model: str) -> Chosen:
        found = self._chosen.get(model)
        if found is None:
            if len(self._chosen) >= MOST_MODELS:
                raise InvalidRequest(f"a batch names at most {MOST_MODELS} models; send several files")
            found = self._chosen[model] = self._choose(self._caller, model, URLS[self._url], self.provider)
            target = found.offer.target
            self.provider = target.provider
            load = self._loads.get(target.model) or Load((), target.model)
            self._loads[target.model] = replace(load, routes=(*load.routes, model))
        return found

    def _weighed(self, call: Call, chosen: Chosen) -> bytes:
        """The line's body for its target, with a limit on its answer where budgets need one; its weight is added."""
        offer, size = chosen.offer, worst_case.size(call)
        answer = size.answer if size.answer is not None else worst_case.longest(offer, size)
        if chosen.limited and not (size.answer is not None and size.plain):
            call = worst_case.capped(call, answer)
        self._capped = self._capped and (chosen.limited or (size.answer is not None and size.plain))
        model = offer.target.model
        self._loads[model] = self._loads[model].plus(size.prompt, answer * size.choices)
        rendered = chosen.dialect.readdress(call.body, call.envelope, offer.target.model)
        self.dropped |= set(rendered.dropped)
        return rendered.body


def _fields(raw: bytes) -> dict[str, Raw]:
    try:
        return _LINE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"this is no JSON object: {error}") from None


def _check_service(body: bytes) -> None:
    """A batch is a service of its own: another's price is not held."""
    if b"service_tier" in body or b"\\u00" in body:
        said = bytes(_fields(body).get("service_tier", b"")).strip()
        if said not in _SERVICES:
            raise InvalidRequest("`service_tier` has no place in a batch. Leave it out.")


def _text(fields: Mapping[str, Raw], name: str) -> str:
    try:
        said: Any = msgspec.json.decode(fields.get(name, b"null"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = None
    return said if isinstance(said, str) else ""
