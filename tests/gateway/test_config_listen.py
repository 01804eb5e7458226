"""Whoever can be reached from outside wants keys."""

import pytest

from trunkline.core.errors import ConfigError
from trunkline.gateway.listen import address, refuse_open_house


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("[::1]:0", ("::1", 0)),
        ("my-host.local:65535", ("my-host.local", 65535)),
    ],
)
def test_an_address_is_host_and_port(listen, expected):
    assert address(listen) == expected


@pytest.mark.parametrize("listen", ["", "8080", ":8080", "host", "host:", "host:65536", "::1:80", "a b:80", "[x]:1"])
def test_what_is_no_address_is_refused(listen):
    with pytest.raises(ConfigError, match="is not host:port"):
        address(listen)


@pytest.mark.parametrize("listen", ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"])
def test_on_loopback_a_house_may_be_open(listen):
    refuse_open_house(listen, closed=False)


@pytest.mark.parametrize("listen", ["0.0.0.0:1", "[::]:1", "192.168.0.1:1", "example.com:1", "127.evil.example:1"])
def test_anywhere_else_an_open_house_is_refused_and_one_with_keys_is_not(listen):
    with pytest.raises(ConfigError, match="Add a key under keys"):
        refuse_open_house(listen, closed=False)
    refuse_open_house(listen, closed=True)
