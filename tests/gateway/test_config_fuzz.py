"""Whatever a file holds, it becomes a config or a ConfigError: never another exception."""

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.core.errors import ConfigError
from trunkline.gateway.config import Config
from trunkline.gateway.config_source import load
from trunkline.gateway.yaml_document import parse_yaml

FIELDS = (
    "providers models keys timeouts limits listen direct openai mine fast url dialect dialects anthropic "
    "quirks drop like name key key_env auth local catalogue defaults prices input output tiers over "
    "targets model on_unsupported idle body connections aliases as_of context_window tool_id_length << "
)
NAMES = st.sampled_from(sorted(FIELDS.split()))
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["http://127.0.0.1:1/v1", "openai/x", "${A}", "${A", "${B:-c}", "file:x", "30s", "openai"])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=20
)


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(NAMES, VALUES, max_size=5), st.dictionaries(st.sampled_from(["openai", "mine"]), VALUES))
def test_any_tree_is_a_config_or_a_config_error(tree, providers):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "house.json"
        path.write_text(json.dumps({**tree, "providers": providers}))
        with suppress(ConfigError):
            assert isinstance(load(path, {"A": "value", "OPENAI_API_KEY": "k"}), Config)


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,?<\n\t ~\\$", max_size=60))
def test_any_text_is_yaml_or_a_config_error(text):
    with suppress(ConfigError):
        parse_yaml(text, "f.yaml")
