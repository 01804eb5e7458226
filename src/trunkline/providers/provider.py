"""A provider as a value: where it is, what it speaks, how it wants its key, what its models cost.

Refuses to know the network and the state of anything: that is an endpoint's.
"""

from typing import Annotated, Any, Literal, Protocol

from msgspec import Meta, Struct

from trunkline.catalog.catalogue import Models, models_of
from trunkline.catalog.facts import Day, ModelFacts, ModelRow, facts
from trunkline.catalog.regional import premium
from trunkline.catalog.tariff import Tariff
from trunkline.core.dialect import DialectName, ProviderDialect
from trunkline.core.secret import Secret
from trunkline.providers.estimate import Estimate, estimate
from trunkline.transport.auth import Kind as AuthKind
from trunkline.transport.google_credentials import GoogleCredentials
from trunkline.transport.sigv4 import AwsKeys

TransportKind = Literal["http", "aiohttp"]

Url = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^/?#\s@]+(/[^?#\s]*)?$",
        max_length=2048,
        extra={"form": "a URL like https://host/v1, without credentials or ?"},
    ),
]


Query = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9._~-]+=[A-Za-z0-9._~%-]*(&[A-Za-z0-9._~-]+=[A-Za-z0-9._~%-]*)*$",
        max_length=512,
        extra={"form": "a query like api-version=2024-10-21"},
    ),
]
REGION = r"^[a-z0-9-]{2,32}$"
Region = Annotated[str, Meta(pattern=REGION, extra={"form": "the name of a region, like eu-central-1"})]
DEFAULT_REGION = "us-east-1"
"""Where all models of Bedrock are, in a place that nobody named."""

DEFAULT_LOCATION = "global"
"""Where Google's cloud answers from wherever it can, in a place that nobody named."""

PROJECT = r"^[a-z][a-z0-9.:-]{3,61}[a-z0-9]$"
Project = Annotated[str, Meta(pattern=PROJECT, extra={"form": "the id of a project, like my-project-123"})]

Tag = Annotated[
    str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", extra={"form": "a word of lower-case letters, digits and ._-"})
]
Tags = tuple[Tag, ...]


class Tariffs(Protocol):
    """A price book."""

    def tariff(self, provider: str, model: str) -> Tariff | None:
        """All that a model costs; None where that is not known."""
        ...


USUAL_AUTH: dict[DialectName, AuthKind] = {"anthropic": "x-api-key", "gemini": "x-goog-api-key"}
"""The header that carries the key in a dialect, where that is not a bearer's."""

BESIDE: dict[DialectName, DialectName] = {"ollama_embed": "ollama", "cohere_embed": "cohere"}
"""A vendor's own embeddings, which stand where its chat does: who speaks the one speaks the other."""


class Speech(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a provider speaks one dialect, where that differs from the rest of it."""

    url: Annotated[Url | None, Meta(description="Base URL for this dialect, where it is not the provider's own.")] = (
        None
    )
    auth: Annotated[
        AuthKind | None, Meta(description="Header for the key in this dialect, where it is not the provider's own.")
    ] = None
    quirks: Annotated[
        dict[str, Any],
        Meta(description="Fields of the dialect: what this provider does otherwise than the dialect's vendor."),
    ] = {}


class Provider(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody who answers calls. A row of the data file and a table of the config are this same struct."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$",
            extra={"form": "a name of at most 64 lower-case letters, digits and ._-"},
        ),
    ]
    url: Annotated[Url, Meta(description="Base URL; the dialect's paths come after it, so it usually ends in /v1.")]
    dialects: Annotated[
        dict[DialectName, Speech],
        Meta(min_length=1, description="The dialects it speaks: a name, a list of names, or a table with quirks."),
    ]
    auth: Annotated[
        AuthKind | None,
        Meta(description="Header that carries the key; left out: the usual one of the dialect. none: no key is sent."),
    ] = None
    key: Annotated[
        Secret | None,
        Meta(description="The key: ${NAME}, file:PATH, or left out to take it from the usual environment variable."),
    ] = None
    key_env: Annotated[
        tuple[str, ...],
        Meta(max_length=8, description="Environment variables that usually hold the key; the first one set counts."),
    ] = ()
    query: Annotated[
        Query | None,
        Meta(description="What stands behind the ? of every address that is asked: api-version=2024-10-21."),
    ] = None
    aws: Annotated[
        AwsKeys | None,
        Meta(
            description="Keys that sign each request, where there is no key; left out of a provider of the dialect "
            "bedrock: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN."
        ),
    ] = None
    region: Annotated[
        Region | None,
        Meta(
            description="Stands for {region} in its url, and in signatures; left out: AWS_REGION, else us-east-1. "
            "Stands for {location}; left out: GOOGLE_CLOUD_LOCATION, else global."
        ),
    ] = None
    google: Annotated[
        GoogleCredentials | None,
        Meta(
            description="Where tokens for Google's cloud come from, where there is no key; left out: the file that "
            "GOOGLE_APPLICATION_CREDENTIALS names."
        ),
    ] = None
    project: Annotated[
        Project | None, Meta(description="Stands for {project} in its url; left out: GOOGLE_CLOUD_PROJECT.")
    ] = None
    transport: Annotated[
        TransportKind,
        Meta(
            description="http: our own fast client. aiohttp: through the proxy that HTTP_PROXY or HTTPS_PROXY names, "
            "and for servers too odd for ours; it needs pip install 'trunkline[aiohttp]'."
        ),
    ] = "http"
    ca_file: Annotated[
        str | None,
        Meta(description="PEM file of authorities to trust beside the system's, for a private server."),
    ] = None
    local: Annotated[bool, Meta(description="Runs on your own machines: a key is not needed.")] = False
    catalogue: Annotated[
        str | None, Meta(description="Provider whose models in the catalogue these are; left out: its own name.")
    ] = None
    models: Annotated[
        dict[str, ModelRow], Meta(max_length=10_000, description="Facts of models; they stand over the catalogue's.")
    ] = {}
    defaults: Annotated[ModelRow, Meta(description="Facts of models of which nothing nearer is known.")] = ModelRow()
    tags: Annotated[
        Tags,
        Meta(max_length=32, description="What holds for all of it, for keys and calls that require it: eu, hipaa."),
    ] = ()
    files: Annotated[
        bool, Meta(description="It keeps files as OpenAI does, below /files of the address of the dialect openai.")
    ] = False
    batches: Annotated[
        tuple[DialectName, ...],
        Meta(max_length=16, description="What its batches take, in OpenAI's form; it has files then, too: openai."),
    ] = ()
    docs: Annotated[Url | None, Meta(description="Where its interface is documented.")] = None
    as_of: Annotated[Day | None, Meta(description="The day that documentation was read.")] = None
    unconfirmed: Annotated[
        tuple[Annotated[str, Meta(max_length=200)], ...],
        Meta(max_length=16, description="What that documentation does not say, as far as was found."),
    ] = ()

    @classmethod
    def written_fields(cls) -> tuple[str, ...]:
        """What people may write in a table of the config: the name stands above it, and two fields have short forms."""
        return (*(name for name in cls.__struct_fields__ if name != "name"), "dialect", "like")

    def dialect(self, name: DialectName) -> ProviderDialect:
        """The dialect with this provider's quirks. Build it once; KeyError when it does not speak it."""
        from trunkline.providers.quirks import shared, speak  # noqa: PLC0415 - `trunkline models` needs no dialect loaded

        if name in self.dialects:
            return speak(name, self.dialects[name].quirks)
        chat = BESIDE.get(name)
        return speak(name, shared(name, self.dialects[chat].quirks) if chat in self.dialects else {})

    @property
    def spoken(self) -> tuple[DialectName, ...]:
        """The dialects it is asked in; one that speaks OpenAI's and names no operation besides may have all of them.

        One that speaks a vendor's own chat is asked for that vendor's embeddings.
        """
        from trunkline.providers.quirks import OPERATIONS  # noqa: PLC0415 - as above

        named = any(name in self.dialects for name in OPERATIONS)
        besides: tuple[DialectName, ...] = () if named or "openai" not in self.dialects else OPERATIONS
        mine = self.dialects
        natives: list[DialectName] = [name for name, chat in BESIDE.items() if chat in mine and name not in mine]
        found: list[DialectName] = [*mine, *besides, *natives]
        return tuple(found)

    @property
    def keeps_files(self) -> bool:
        """True where files can be left with it."""
        return self.files or bool(self.batches)

    def _speech(self, name: DialectName) -> Speech:
        return self.dialects[name] if name in self.dialects else self.dialects[BESIDE.get(name, "openai")]

    def base_url(self, name: DialectName) -> str:
        """What the dialect's path is appended to; never ends in a slash."""
        return self._placed(self._speech(name).url or self.url).rstrip("/")

    @property
    def address(self) -> str:
        """Its URL, with its region in it."""
        return self._placed(self.url)

    def _placed(self, url: str) -> str:
        if "{" not in url:
            return url
        location = self.region or DEFAULT_LOCATION
        host = "" if location == DEFAULT_LOCATION else f"{location}-"  # the global address has no name before it
        placed = url.replace("{location}-", host).replace("{location}", location)
        placed = placed.replace("{region}", self.region or DEFAULT_REGION)
        return placed.replace("{project}", self.project or "{project}")

    def auth_for(self, name: DialectName) -> AuthKind:
        """Which header carries the key in this dialect; ``none`` when there is no key, as where requests are signed."""
        if self.key is None:
            return "none"
        return self._speech(name).auth or self.auth or USUAL_AUTH.get(name, "bearer")

    @property
    def has_key(self) -> bool:
        """True when there is something to say who pays."""
        return self.key is not None or self.aws is not None or self.google is not None

    @property
    def needs_key(self) -> bool:
        """True when a call without a key can only fail."""
        return not self.local and self.auth != "none"

    @property
    def model_names(self) -> tuple[str, ...]:
        """The models known of: those said here first, then the catalogue's."""
        return tuple(dict.fromkeys([*self.models, *self._catalogued.names()]))

    def has(self, model: str) -> bool:
        """True for a model known of, by its name, an alias or a dated snapshot's name."""
        return Models(self.models).find(model) is not None or self._catalogued.find(model) is not None

    def facts(self, model: str) -> ModelFacts:
        """What is known of a model, the nearest source counting. Any model may be asked for."""
        own = Models(self.models).find(model)
        provider, name = self._public(model, own)
        return facts(own, models_of(provider).find(name), self.defaults)

    def tariff(self, model: str, book: Tariffs | None = None) -> Tariff | None:
        """All that a model costs: by its own row here, by the price book, by the catalogue, by ``defaults``."""
        own = Models(self.models).find(model)
        provider, name = self._public(model, own)
        catalogued = models_of(provider).find(name)
        if own is not None and own.prices is not None:
            return Tariff.always(own.prices.price(), "config")
        found = None if book is None else book.tariff(provider, name)
        if found is None and catalogued is not None and catalogued.prices is not None:
            found = Tariff.always(catalogued.prices.price(), f"catalogue/{catalogued.as_of}")
        if found is not None and self._regional:
            found = found.raised(premium(name))
        if found is None and self.defaults.prices is not None:
            found = Tariff.always(self.defaults.prices.price(), "config")
        return found

    @property
    def _regional(self) -> bool:
        """True where Claude is asked in one of Google's regions."""
        spoken = self.dialects.get("anthropic")
        vertex = spoken is not None and spoken.quirks.get("platform") == "vertex"
        return vertex and self.region not in (None, DEFAULT_LOCATION)

    def estimate(self, model: str, prompt_tokens: int, max_tokens: int | None = None) -> Estimate:
        """Between what and what a call would cost, said before it is sent."""
        return estimate(self.facts(model), prompt_tokens, max_tokens)

    def _public(self, model: str, own: ModelRow | None) -> tuple[str, str]:
        """Under which provider and name the public tables have a model of this one."""
        if own is None or own.same_as is None:
            return self.catalogue or self.name, model
        provider, _, name = own.same_as.partition("/")
        return provider, name

    @property
    def _catalogued(self) -> Models:
        return models_of(self.catalogue or self.name)
