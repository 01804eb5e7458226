"""The reference says every field with its default, what it allows and when to change it; a stale line is told whole."""

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import msgspec
import pytest
from msgspec import NODEFAULT, structs

from trunkline.accounting.budgets import BudgetRule
from trunkline.catalog.facts import ModelRow
from trunkline.catalog.published import PublishedPrice, PublishedTier
from trunkline.files.settings import FilesSettings
from trunkline.gateway.allowed import allowed
from trunkline.gateway.config import Config, Route, RouteTarget, VirtualKey
from trunkline.gateway.limits import Limits
from trunkline.gateway.units import duration_text, size_text
from trunkline.layers.cache import CacheSettings
from trunkline.providers.health import HealthSettings
from trunkline.providers.provider import Provider, Speech
from trunkline.providers.quirks import DIALECTS
from trunkline.providers.registry import known, rows
from trunkline.providers.timeouts import RouteTimeouts, Timeouts
from trunkline.quality.anytime import Comparison
from trunkline.quality.checks import OwnCheck
from trunkline.quality.drift import DriftSettings
from trunkline.quality.expected import Expected
from trunkline.quality.rubric import Criterion, Rubric
from trunkline.quality.settings import Canaries, Canary, QualitySettings, Shadow
from trunkline.resilience.backoff import Backoff
from trunkline.resilience.circuit_settings import CircuitSettings
from trunkline.resilience.concurrency_limit import ConcurrencySettings
from trunkline.resilience.hedge import HedgeSettings
from trunkline.resilience.rate_limit import RateLimitSettings
from trunkline.resilience.recovery import Recovery
from trunkline.resilience.retry_budget import RetryBudgetSettings
from trunkline.resilience.throttle import ThrottleSettings
from trunkline.routing.posteriors import PosteriorSettings
from trunkline.routing.strategies import Adaptive, Balanced, Cascade, CostOptimized, Fastest, Weighted
from trunkline.routing.thompson import Exploration
from trunkline.stores.opening import StoreSettings
from trunkline.telemetry.settings import LogSettings, MetricsSettings, OtelSettings
from trunkline.transport.google_credentials import GoogleCredentials
from trunkline.transport.sigv4 import AwsKeys

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
TABLES = (
    Config, Provider, Speech, ModelRow, PublishedPrice, PublishedTier, Route, RouteTarget, RouteTimeouts, VirtualKey,
    AwsKeys, GoogleCredentials, CacheSettings, FilesSettings,
    Timeouts, Limits, HealthSettings, CircuitSettings, ConcurrencySettings, RateLimitSettings, RetryBudgetSettings,
    Recovery, Backoff, HedgeSettings, ThrottleSettings, MetricsSettings, LogSettings, OtelSettings, StoreSettings,
    BudgetRule, QualitySettings, Rubric, Criterion, Canaries, Canary, Expected, OwnCheck, Shadow, Comparison,
    DriftSettings, PosteriorSettings,
    CostOptimized, Balanced, Fastest, Weighted, Cascade, Adaptive, Exploration,
)  # fmt: skip


def lines_of(struct: type[msgspec.Struct]) -> list[str]:
    """One row of the reference for every field that people write."""
    return [
        f"| `{field.name}` | {default_of(field)} | {allowed(field.type)} | {about(field.type)} |"
        for field in structs.fields(struct)
        if not (struct is Provider and field.name == "name")
    ]


def about(type_: Any) -> str:
    metas = get_args(type_)[1:] if get_origin(type_) is Annotated else ()
    return next((meta.description for meta in metas if meta.description), "")


def default_of(field: structs.FieldInfo) -> str:
    value = field.default_factory() if field.default is NODEFAULT and not field.required else field.default
    if field.required:
        return "required"
    unit = next(
        (meta.extra_json_schema["x-unit"] for meta in metas_of(field.type) if meta.extra_json_schema),
        "",
    )
    if unit and value is not None:
        return f"`{duration_text(value) if unit == 'seconds' else size_text(value)}`"
    return told(value) if is_plain(value) else ""


def told(value: Any) -> str:
    if isinstance(value, bool):  # 1 == True, and the field is a number
        return "`true`" if value else "`false`"
    return "" if value is None else f"`{value}`"


def is_plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def metas_of(type_: Any) -> list[msgspec.Meta]:
    return [meta for meta in get_args(type_)[1:] if isinstance(meta, msgspec.Meta)]


@pytest.mark.parametrize("struct", TABLES, ids=lambda struct: struct.__name__)
def test_every_field_of_the_config_is_in_the_reference_as_it_is(struct):
    reference = (REFERENCE / "config.md").read_text()
    missing = [line for line in lines_of(struct) if line not in reference]
    assert not missing, "docs/reference/config.md lacks:\n" + "\n".join(missing)


@pytest.mark.parametrize("name", rows())
def test_every_provider_is_in_the_reference_as_it_is(name):
    provider = known(name)
    line = (
        f"| `{name}` | {provider.url} | {', '.join(provider.dialects)} | "
        f"{', '.join(f'`{variable}`' for variable in provider.key_env)} | [docs]({provider.docs}) {provider.as_of} |"
    )
    assert line in (REFERENCE / "providers.md").read_text(), f"docs/reference/providers.md lacks:\n{line}"


@pytest.mark.parametrize("name", [name for name in rows() if known(name).unconfirmed])
def test_what_a_row_could_not_confirm_is_in_the_reference(name):
    line = f"* `{name}`: {'; '.join(known(name).unconfirmed)}\n"
    assert line in (REFERENCE / "providers.md").read_text(), f"docs/reference/providers.md lacks:\n{line}"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_quirk_is_in_the_reference(dialect):
    reference = (REFERENCE / "providers.md").read_text()
    for field in fields(DIALECTS[dialect]):
        assert f"| `{field.name}` |" in reference, field
        assert field.default is not MISSING or field.default_factory is not MISSING, "a quirk has a default"
