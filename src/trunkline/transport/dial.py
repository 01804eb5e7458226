"""Opens one connection: names to addresses, the first address that answers, TLS on top; failures sorted by table.

Refuses to know HTTP and time limits, and to connect without verifying a certificate.
"""

import asyncio
import errno
import socket
import ssl
from asyncio.staggered import staggered_race
from collections.abc import Callable
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, TypeVar

from trunkline.core.errors import CallError, ConfigError, ConnectFailed, ConnectTimeout, TlsFailed
from trunkline.transport.request_head import authority
from trunkline.transport.transport import Origin

P = TypeVar("P", bound=asyncio.Protocol)
Address = tuple[int, int, int, str, Any]  # as getaddrinfo returns them

STAGGER = 0.25  # seconds before the next address is tried beside the first; RFC 8305, section 8

_FAILURES: tuple[tuple[type[BaseException], type[CallError], str], ...] = (  # the first that fits
    (ssl.SSLCertVerificationError, TlsFailed, "its certificate was refused"),
    (ssl.SSLError, TlsFailed, "the TLS handshake failed"),
    (socket.gaierror, ConnectFailed, "its name could not be resolved"),
    (TimeoutError, ConnectTimeout, "no answer in time"),
    (OSError, ConnectFailed, "no connection"),
)


async def dial(origin: Origin, protocol: Callable[[], P], tls: ssl.SSLContext | None) -> P:
    """A connected protocol. ConnectFailed, ConnectTimeout (the system's own) or TlsFailed; nothing was sent."""
    loop = asyncio.get_running_loop()
    try:
        sock = await _connected_socket(loop, await _addresses(loop, origin))
        return await _open(loop, sock, origin, protocol, tls)
    except OSError as error:
        raise _sorted(error, origin) from error


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Verifying always, HTTP/1.1 only; ``ca_file`` (PEM) is trusted beside the system's authorities."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=Path(ca_file))
        except OSError as error:
            reason = error.strerror or "it holds no certificate in PEM form"
            raise ConfigError(f"ca_file {ca_file!r} cannot be used: {reason}") from error
    return context


async def _open(
    loop: asyncio.AbstractEventLoop,
    sock: socket.socket,
    origin: Origin,
    protocol: Callable[[], P],
    tls: ssl.SSLContext | None,
) -> P:
    name = origin.host if tls is not None else None
    try:
        _, opened = await loop.create_connection(protocol, sock=sock, ssl=tls, server_hostname=name)
    except BaseException:
        sock.close()
        raise
    return opened


async def _addresses(loop: asyncio.AbstractEventLoop, origin: Origin) -> list[Address]:
    """Addresses in the order to try, families in turn. A literal address needs no resolver thread."""
    try:
        return list(socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
    except socket.gaierror:
        found = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    first = [address for address in found if address[0] == found[0][0]]
    other = [address for address in found if address[0] != found[0][0]]
    return [address for address in chain.from_iterable(zip_longest(first, other)) if address is not None]


async def _connected_socket(loop: asyncio.AbstractEventLoop, addresses: list[Address]) -> socket.socket:
    """The socket of the first address to answer (happy eyeballs: uvloop's create_connection has none)."""
    if len(addresses) == 1:
        return await _connect(loop, addresses[0])
    winner: socket.socket | None
    winner, _, failures = await staggered_race([partial(_connect, loop, one) for one in addresses], STAGGER, loop=loop)
    if winner is not None:
        return winner
    raise next(
        (failure for failure in failures if isinstance(failure, OSError)), OSError(errno.EHOSTUNREACH, "no address")
    )


async def _connect(loop: asyncio.AbstractEventLoop, address: Address) -> socket.socket:
    family, kind, protocol, _, where = address
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_connect(sock, where)
    except BaseException:
        sock.close()
        raise
    return sock


def _sorted(error: OSError, origin: Origin) -> CallError:
    kind, what = next((kind, what) for foreign, kind, what in _FAILURES if isinstance(error, foreign))
    reason = getattr(error, "verify_message", "") or error.strerror or str(error) or type(error).__name__
    return kind(f"cannot connect to {origin.scheme}://{authority(origin)}: {what}: {reason}")
