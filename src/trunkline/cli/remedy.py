"""What to look at where a provider did not answer a question: one line, by the kind of its error.

Refuses to know how it was asked.
"""

from trunkline.core.errors import (
    AuthenticationFailed,
    BadReply,
    CallError,
    ConnectFailed,
    ConnectTimeout,
    DeadlineExceeded,
    FirstContentTimeout,
    InvalidRequest,
    ModelNotFound,
    ModelOverloaded,
    QuotaExceeded,
    RateLimit,
    TlsFailed,
)
from trunkline.providers.provider import Provider

LONGEST = 300  # characters of a message
SLOW = "nothing yet: a model that is being loaded is slow once, ask again; if it always is, timeouts.first_content"
REMEDIES: dict[str, str] = {
    AuthenticationFailed.kind: "{key}: is it whole, of this provider, and allowed to use {model}?",
    ModelNotFound.kind: "the name {model}: does your account have it? Or {url}: is that the base of its API?",
    ConnectFailed.kind: "{url}: is that the address, and does something listen there?",
    TlsFailed.kind: "{url}: does it speak https? providers.{name}.ca_file names authorities of your own",
    ConnectTimeout.kind: "{url}: are host, port and scheme right, and is no firewall or proxy between?",
    QuotaExceeded.kind: "{key}: its account has nothing left; add credit there, or take another",
    RateLimit.kind: "nothing: address and key are good, and it is at its limit; ask again later",
    ModelOverloaded.kind: "nothing: address and key are good, and it has no capacity; ask again later",
    FirstContentTimeout.kind: SLOW,
    DeadlineExceeded.kind: SLOW,
    BadReply.kind: "{url}: what answers there does not speak {dialect}; is that the base of its API?",
    InvalidRequest.kind: "providers.{name}.dialects: it takes no such question; a quirk may be missing",
}
"""By the kind of an error; what is said of any other is in its message."""


def told(error: CallError) -> str:
    """An error in the words of somebody who set the house up, and is no caller of it."""
    if error.kind == AuthenticationFailed.kind:
        why = " ".join(str(word) for word in (error.provider_status, error.code) if word)
        return f"{error.kind}: it refused the key ({why})"
    return f"{error.kind}: {shown(error.message)}"


def shown(text: str) -> str:
    """What a stranger's server said, on one line that steers no terminal."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[: LONGEST + 1])
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."


def remedy(kind: str, provider: Provider, model: str) -> str | None:
    """The place of a config to look at; None where nothing is known to help."""
    found = REMEDIES.get(kind)
    if found is None:
        return None
    dialect = next(iter(provider.dialects))
    url = f"providers.{provider.name}.url ({provider.base_url(dialect)})"
    return found.format(name=provider.name, model=model, key=_key(provider), url=url, dialect=dialect)


def _key(provider: Provider) -> str:
    """Where its key comes from, and how a long one ends."""
    if provider.key is None:
        return f"providers.{provider.name}.key"
    source = provider.key_env[0] if provider.key_env else f"providers.{provider.name}.key"
    return f"{source} ({provider.key})"
