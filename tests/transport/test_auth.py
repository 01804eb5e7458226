"""Credentials become headers, and nothing else shows them."""

import pickle

import pytest

from trunkline.core.errors import ConfigError
from trunkline.core.secret import Secret
from trunkline.transport.auth import Auth, bearer, none, x_api_key

KEY = "sk-live-0123456789abcdef"


def test_each_kind_of_auth_has_its_header():
    assert bearer(KEY).headers() == [(b"authorization", b"Bearer " + KEY.encode())]
    assert x_api_key(Secret(KEY)).headers() == [(b"x-api-key", KEY.encode())]
    assert Auth("api-key", Secret(KEY)).headers() == [(b"api-key", KEY.encode())]
    assert none().headers() == []


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r}".format, lambda auth: f"{auth.secret:>40}"])
def test_no_way_of_showing_auth_shows_the_key(show):
    shown = show(bearer(KEY))
    assert KEY not in shown
    assert KEY[:12] not in shown


def test_a_long_secret_shows_its_last_four_characters_and_a_short_one_none():
    assert str(Secret(KEY)) == "****cdef"
    assert str(Secret("hunter2")) == "****"


def test_secrets_compare_by_value_and_only_with_secrets():
    assert Secret(KEY) == Secret(KEY)
    assert Secret(KEY) != Secret("other")
    assert Secret(KEY) != KEY
    assert len({Secret(KEY), Secret(KEY)}) == 1
    assert not Secret("")


def test_a_secret_is_not_pickled():
    with pytest.raises(TypeError, match="reveal"):
        pickle.dumps(Secret(KEY))


@pytest.mark.parametrize("key", ["", "a\r\nx-evil: 1", "é", " sk", "sk\n"])
def test_a_key_that_cannot_be_a_header_is_a_config_error_that_does_not_show_it(key):
    with pytest.raises(ConfigError) as caught:
        bearer(key)
    assert not key or key not in str(caught.value)


def test_auth_none_with_a_key_is_a_config_error():
    with pytest.raises(ConfigError):
        Auth("none", Secret(KEY))
