"""Every kind of mistake is told with its file, line, field, value, what is allowed and the nearest name."""

import pytest

from trunkline.providers.registry import rows

KNOWN = f"Known: {', '.join(rows())}"
BASE = "providers:\n  openai:\n  groq:\n"

MISTAKES = {
    "an unknown field of the house": (
        BASE + "modles: {}\n",
        (
            'trunkline.yaml:4: modles: unknown field; did you mean "models"? Allowed here: providers, listen, models, '
            "direct, keys, admin_key, metrics, log, otel, timeouts, health, recovery, hedging, limits, files, cache, "
            "ledger, budgets, quality, prices"
        ),
    ),
    "an unknown field deep inside": (
        BASE + "limits:\n  body: 1MiB\n  drian: 3\n",
        (
            'trunkline.yaml:6: limits.drian: unknown field; did you mean "drain"? Allowed here: body, header_timeout, '
            "body_timeout, write_timeout, notice, drain, connections, provider_connections"
        ),
    ),
    "an unknown field of a provider": (
        BASE + "  mine: {url: 'http://127.0.0.1:1/v1', dialekt: openai}\n",
        (
            'trunkline.yaml:4: providers.mine.dialekt: unknown field; did you mean "dialect" or "dialects"? Allowed '
            "here: url, dialects, auth, key, key_env, query, aws, region, google, project, transport, ca_file, local, "
            "catalogue, models, defaults, tags, files, batches, docs, as_of, unconfirmed, dialect, like"
        ),
    ),
    "a duration that is none": (
        BASE + "timeouts: {idle: soon}\n",
        (
            'trunkline.yaml:4: timeouts.idle: "soon" is not allowed. It must be a duration from 10ms to 1h, like 30s, '
            "500ms, 10m or seconds as a number"
        ),
    ),
    "a duration out of range": (
        BASE + "timeouts:\n  connect: 2m\n",
        (
            'trunkline.yaml:5: timeouts.connect: "2m" is not allowed. It must be a duration from 10ms to 60s, like '
            "30s, "
            "500ms, 10m or seconds as a number"
        ),
    ),
    "a size that is none": (
        BASE + "limits: {body: 32 megs}\n",
        (
            'trunkline.yaml:4: limits.body: "32 megs" is not allowed. It must be a size from 1KiB to 1GiB, like '
            "32MiB or "
            "bytes as a number"
        ),
    ),
    "a number out of range": (
        BASE + "limits: {connections: 0}\n",
        "trunkline.yaml:4: limits.connections: 0 is not allowed. It must be a whole number from 1 to 1000000",
    ),
    "a word that is not one of the words": (
        BASE + "models:\n  fast:\n    targets: [openai/gpt-5]\n    on_unsupported: dorp\n",
        (
            'trunkline.yaml:7: models.fast.on_unsupported: "dorp" is not allowed; did you mean "drop"? It must be '
            "one of "
            '"drop", "refuse"'
        ),
    ),
    "yes where true is wanted": (
        BASE + "direct: yes\n",
        'trunkline.yaml:4: direct: "yes" is not allowed. It must be true or false',
    ),
    "a list where a table is wanted": (
        BASE + "timeouts: [1]\n",
        (
            "trunkline.yaml:4: timeouts: a list stands where a table of connect, first_content, answer, thinking, "
            "slowest, idle, total is wanted"
        ),
    ),
    "a table where a list is wanted": (
        BASE + "keys: {a: 1}\n",
        "trunkline.yaml:4: keys: a table stands where a list is wanted",
    ),
    "a missing field": (
        BASE + "keys:\n  - {name: ci}\n",
        "trunkline.yaml:5: keys[0]: key is missing: a key: ${NAME}, file:PATH or the text itself",
    ),
    "no providers": (
        "listen: 127.0.0.1:80\n",
        "trunkline.yaml: providers is missing: a table",
    ),
    "an empty list of targets": (
        BASE + "models:\n  fast: []\n",
        "trunkline.yaml:5: models.fast.targets: is empty; it needs at least 1",
    ),
    "a target without a provider": (
        BASE + "models:\n  fast: [gpt-5]\n",
        (
            'trunkline.yaml:5: models.fast.targets[0].model: "gpt-5" is not allowed. It must be provider/model, like '
            "openai/gpt-5-mini"
        ),
    ),
    "a target at a provider that is not there": (
        BASE + "models:\n  fast:\n    - openai/gpt-5\n    - grok/llama\n",
        (
            'trunkline.yaml:7: models.fast.targets[1]: "grok/llama" names the provider "grok", which is not '
            "configured; "
            'did you mean "groq"? Configured: openai, groq'
        ),
    ),
    "the same target twice": (
        BASE + "models:\n  fast: [openai/gpt-5, groq/x, openai/gpt-5]\n",
        'trunkline.yaml:5: models.fast.targets[2]: "openai/gpt-5" is there twice; a target is asked once per call',
    ),
    "a route that hides a provider's model": (
        BASE + "models:\n  openai/gpt-5: [groq/x]\n",
        (
            'trunkline.yaml:5: models.openai/gpt-5: would hide the provider "openai"\'s own model of that name; choose '
            "another name, or set direct: false"
        ),
    ),
    "an unknown provider without a URL": (
        BASE + "  opneai: {}\n",
        (
            'trunkline.yaml:4: providers.opneai: is not a provider known by name; did you mean "openai"? Give its url. '
            + KNOWN
        ),
    ),
    "a row like nobody's": (
        BASE + "  mine: {like: antropic, url: 'http://127.0.0.1:1'}\n",
        ('trunkline.yaml:4: providers.mine.like: "antropic" is no known provider; did you mean "anthropic"? ' + KNOWN),
    ),
    "a dialect nobody speaks": (
        BASE + "  mine: {url: 'http://127.0.0.1:1', dialect: antropic}\n",
        (
            'trunkline.yaml:4: providers.mine.dialects.antropic: "antropic" is not allowed; did you mean "anthropic"? '
            "Allowed: anthropic, bedrock, cohere, cohere_embed, completions, embeddings, gemini, image_edits, "
            "image_variations, images, moderations, ollama, ollama_embed, openai, rerank, responses, speech, "
            "transcriptions, translations"
        ),
    ),
    "a quirk the dialect does not have": (
        BASE + "  mine:\n    url: http://127.0.0.1:1\n    dialects: {anthropic: {quirks: {versoin: x}}}\n",
        (
            "trunkline.yaml:6: providers.mine.dialects.anthropic.quirks.versoin: unknown quirk; did you mean "
            '"version"? '
            "The dialect anthropic has: version, default_max_tokens, drop, prefill, platform"
        ),
    ),
    "a quirk of a wrong kind": (
        BASE + "  mine:\n    url: http://127.0.0.1:1\n    dialects: {openai: {quirks: {tool_id_length: long}}}\n",
        "trunkline.yaml:6: providers.mine.dialects.openai.quirks.tool_id_length: Expected `int | null`, got `str`",
    ),
    "a URL with a query": (
        BASE + "  mine: {url: 'https://host/v1?key=1'}\n",
        (
            'trunkline.yaml:4: providers.mine.url: "https://host/v1?****" is not allowed. It must be a URL like '
            "https://host/v1, without credentials or ?"
        ),
    ),
    "a provider's name that is no name": (
        BASE + "  My Own: {url: 'http://127.0.0.1:1'}\n",
        (
            'trunkline.yaml:4: providers.My Own.name: "My Own" is not allowed. It must be a name of at most 64 '
            "lower-case "
            "letters, digits and ._-"
        ),
    ),
    "a missing key": (
        BASE + "  mistral:\n",
        (
            "trunkline.yaml:4: providers.mistral: has no key: set the environment variable MISTRAL_API_KEY, or write "
            "key: "
            "${NAME} or key: file:PATH"
        ),
    ),
    "a missing key of somebody new": (
        BASE + "  mine: {url: 'https://host/v1'}\n",
        (
            "trunkline.yaml:4: providers.mine: has no key: write key: ${NAME} or key: file:PATH, or auth: none if it "
            "wants "
            "none"
        ),
    ),
    "a key for nobody": (
        BASE + "  mine: {url: 'https://host/v1', key: abc, auth: none}\n",
        "trunkline.yaml:4: providers.mine.auth: is none, yet there is a key; leave one of the two out",
    ),
    "a variable that is not set": (
        BASE + "keys:\n  - name: ci\n    key: ${GROQ_API_KY}\n",
        (
            "trunkline.yaml:6: keys[0].key: the environment variable GROQ_API_KY is not set; did you mean "
            '"GROQ_API_KEY" or '
            '"OPENAI_API_KEY"? Set it, or write ${GROQ_API_KY:-default}'
        ),
    ),
    "a variable that does not end": (
        BASE + "listen: ${HOST\n",
        (
            "trunkline.yaml:4: listen: ${ starts a variable that does not end; write ${NAME}, ${NAME:-default}, or "
            "$$ for "
            "a dollar"
        ),
    ),
    "a short key": (
        BASE + "keys: [{name: ci, key: tooshort}]\n",
        "trunkline.yaml:4: keys[0].key: is shorter than 16 characters, so it can be guessed; make a longer one",
    ),
    "two keys of one name": (
        BASE + "keys:\n- {name: ci, key: aaaaaaaaaaaaaaaa}\n- {name: ci, key: bbbbbbbbbbbbbbbb}\n",
        'trunkline.yaml:5: keys[0].name: "ci" is the name of 2 keys; each needs its own',
    ),
    "two names for one key": (
        BASE + "keys:\n- {name: ci, key: aaaaaaaaaaaaaaaa}\n- {name: me, key: aaaaaaaaaaaaaaaa}\n",
        'trunkline.yaml:6: keys[1].key: "me" shares its key with another; each caller needs its own',
    ),
    "a key for a model nobody has": (
        BASE + "models: {fast: openai/gpt-5}\nkeys: [{name: ci, key: aaaaaaaaaaaaaaaa, models: [fats]}]\n",
        (
            'trunkline.yaml:5: keys[0].models: "fats" is no model of this config; did you mean "fast"? Models: fast, '
            "openai, groq"
        ),
    ),
    "a key for a target of nobody": (
        BASE + "keys: [{name: ci, key: aaaaaaaaaaaaaaaa, targets: [opnai/gpt-5]}]\n",
        (
            'trunkline.yaml:4: keys[0].targets: "opnai/gpt-5" is no target of this config; did you mean "openai"? '
            "Write provider/model or provider/*; providers: openai, groq"
        ),
    ),
    "a key for a provider where a target is wanted": (
        BASE + "keys: [{name: ci, key: aaaaaaaaaaaaaaaa, targets: [openai]}]\n",
        'trunkline.yaml:4: keys[0].targets: "openai" matches no target; write "openai/*" for all models of it',
    ),
    "an address that is none": (
        BASE + "listen: somewhere\n",
        'trunkline.yaml:4: listen: "somewhere" is not host:port, for example 127.0.0.1:8080 or [::1]:8080',
    ),
    "providers that are no table": (
        "providers: [openai]\n",
        "trunkline.yaml:1: providers: a list stands where a table is wanted",
    ),
    "a provider that is no table": (
        BASE + "  mine: 5\n",
        (
            "trunkline.yaml:4: providers.mine: 5 stands where a table of url, dialects, auth, key, key_env, query, "
            "aws, region, google, project, transport, ca_file, local, catalogue, models, defaults, tags, files, "
            "batches, docs, as_of, unconfirmed, dialect, like is wanted"
        ),
    ),
    "a provider that names itself": (
        BASE + "  mine: {url: 'http://127.0.0.1:1', name: yours}\n",
        'trunkline.yaml:4: providers.mine.name: unknown field: the provider\'s name is "mine" above it already',
    ),
    "dialect beside dialects": (
        BASE + "  mine: {url: 'http://127.0.0.1:1', dialect: openai, dialects: openai}\n",
        "trunkline.yaml:4: providers.mine.dialect: stands beside dialects; keep one of the two",
    ),
    "no dialect at all": (
        BASE + "  mine: {url: 'http://127.0.0.1:1', dialects: {}}\n",
        "trunkline.yaml:4: providers.mine.dialects: is empty; it needs at least 1",
    ),
    "too many targets": (
        BASE + f"models: {{fast: [{', '.join(f'openai/m{index}' for index in range(33))}]}}\n",
        "trunkline.yaml:4: models.fast.targets: has 33 entries; at most 32 are allowed",
    ),
    "a key that is no text": (
        BASE + "  mine: {url: 'http://127.0.0.1:1', key: 12345}\n",
        "trunkline.yaml:4: providers.mine.key: a key must be text: ${NAME}, file:PATH, or the key in quotes",
    ),
    "nothing where something is wanted": (
        BASE + "listen:\n",
        "trunkline.yaml:4: listen: nothing is not allowed. It must be text of at most 262 characters",
    ),
    "a name that nobody can send": (
        BASE + "models: {' fast': openai/x}\n",
        'trunkline.yaml:4: models. fast: " fast" is no name a caller can send',
    ),
    "two things wrong with one price": (
        BASE + "  mine:\n    url: http://127.0.0.1:1\n"
        "    models:\n      m: {prices: {input: 0.1234567, output: 1, cache_read: free}}\n",
        (
            "trunkline.yaml:7: providers.mine.models.m.prices: 0.1234567 has more than 6 decimals: write dollars per "
            "million tokens"
        ),
    ),
    "a price with too many decimals": (
        BASE + "  mine:\n    url: http://127.0.0.1:1\n    models:\n      m: {prices: {input: 0.1234567, output: 1}}\n",
        (
            "trunkline.yaml:7: providers.mine.models.m.prices: 0.1234567 has more than 6 decimals: write dollars per "
            "million tokens"
        ),
    ),
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_what_is_allowed(kind, mistakes):
    text, expected = MISTAKES[kind]
    assert expected in mistakes(text)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(mistakes):
    told = mistakes(
        "providers:\n  openai: {key: ''}\n  opneai:\n"
        "models:\n  fast: [grok/x]\n  smart: {on_unsupported: maybe, targets: [openai/x]}\n"
        "limits: {body: big}\n"
    )
    assert [line.split(":")[1] for line in told] == ["2", "3", "5", "6", "7"]


def test_a_mistake_in_one_provider_does_not_make_its_routes_wrong(mistakes):
    told = mistakes(
        "providers:\n  openai: {auth: beer}\nmodels: {fast: [openai/gpt-5]}\n",
    )
    assert len(told) == 1
    assert "providers.openai.auth" in told[0]


def test_more_than_fifty_mistakes_are_counted(mistakes):
    told = mistakes(BASE + "models:\n" + "".join(f"  m{index}: [nobody/x]\n" for index in range(60)))
    assert len(told) == 51
    assert told[-1] == "... and 10 more"


def test_toml_mistakes_are_told_by_path(mistakes):
    told = mistakes('[providers.openai]\n[models]\nfast = ["grok/x"]\n', name="trunkline.toml")
    assert told == [
        (
            'trunkline.toml: models.fast.targets[0]: "grok/x" names the provider "grok", which is not configured. '
            "Configured: openai"
        )
    ]


def test_one_unknown_provider_is_one_mistake(mistakes):
    told = mistakes("providers: {opneai: {}}\n")
    assert len(told) == 1
    assert 'did you mean "openai"?' in told[0]
