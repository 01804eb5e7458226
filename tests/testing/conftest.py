"""Requests and providers for tests of the playing tools."""

import pytest

from trunkline.transport.transport import Origin, Request


@pytest.fixture
def request_to():
    def make(host, *, expires=60.0, connect_timeout=5.0, body=b"{}", target="/v1/chat/completions"):
        headers = [(b"content-type", b"application/json"), (b"authorization", b"Bearer k")]
        return Request("POST", Origin("http", host, 80), target, headers, body, expires, connect_timeout)

    return make
