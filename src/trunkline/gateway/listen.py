"""Where the gateway listens, and whether that is safe without keys.

Refuses to open a socket.
"""

import ipaddress
import re

from trunkline.core.errors import ConfigError

DEFAULT_LISTEN = "127.0.0.1:8080"
_HOST_PORT = re.compile(r"^(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+)):(?P<port>\d{1,5})$")
_HIGHEST_PORT = 65_535


def address(listen: str) -> tuple[str, int]:
    """Host and port of ``host:port`` or ``[v6]:port``; port 0 takes a free one. Raises ConfigError."""
    found = _HOST_PORT.match(listen)
    if found is None or int(found["port"]) > _HIGHEST_PORT:
        raise ConfigError(f'listen: "{listen}" is not host:port, for example {DEFAULT_LISTEN} or [::1]:8080')
    return found["six"] or found["host"], int(found["port"])


def is_loopback(host: str) -> bool:
    """True for an address that only this machine can reach; a name other than localhost is not trusted to be one."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_open_house(listen: str, *, closed: bool) -> None:
    """``closed``: there are keys, or somebody who can make them.

    Raises ConfigError for an address that others can reach while no caller needs a key.
    """
    host, _ = address(listen)
    if not closed and not is_loopback(host):
        raise ConfigError(
            f'listen: "{listen}" can be reached from other machines and there are neither keys nor an admin_key, so '
            f"anybody could spend your providers' money. Add a key under keys, or listen on {DEFAULT_LISTEN}"
        )
