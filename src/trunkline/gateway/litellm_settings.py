"""What LiteLLM's settings mean here, as tables: strategies, windows of budgets, and what needs no setting.

Refuses to read a config.
"""

STRATEGIES = {
    "simple-shuffle": "weighted",
    "latency-based-routing": "latency",
    "cost-based-routing": "cost_optimized",
}
HERE_ANYWAY = {
    "general_settings.database_url": "usage and keys are kept in trunkline.db; see ledger",
    "general_settings.alerting": "see deploy/prometheus/alerts.yml",
    "general_settings.max_parallel_requests": "see limits.concurrent and keys[].concurrent",
    "general_settings.host": "see listen",
    "general_settings.port": "see listen",
    "litellm_settings.cache": "see cache of a model: each says by itself for how long",
    "litellm_settings.cache_params": "see cache of a model",
    "litellm_settings.drop_params": "what a target cannot express is dropped and named; on_unsupported: refuse refuses",
    "litellm_settings.set_verbose": "see log",
    "litellm_settings.json_logs": "every call is one line of JSON; see log",
    "router_settings.allowed_fails": "circuits open by rate and by failures in a row; see health",
    "router_settings.cooldown_time": "circuits open by rate and by failures in a row; see health",
    "router_settings.enable_pre_call_checks": "prompts too long for a target's window are never sent to it",
    "router_settings.enable_tag_filtering": "see tags of a provider, and requires of a key",
    "router_settings.redis_host": "nothing is shared: limits, budgets and circuits are each gateway's own",
    "router_settings.redis_url": "nothing is shared: limits, budgets and circuits are each gateway's own",
    "router_settings.retry_after": "providers' Retry-After is obeyed; see recovery",
    "litellm_settings.allowed_fails": "circuits open by rate and by failures in a row; see health",
}
"""What needs no setting here, or has one of another kind."""

CALLBACKS = {
    "prometheus": "/metrics is always there",
    "otel": "see otel",
    "opentelemetry": "see otel",
}
FALLBACKS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks", "default_fallbacks")
RETRIES = ("litellm_settings.num_retries", "router_settings.num_retries")
MOST_RETRIES = 10
SHORTEST_KEY = 16
WINDOWS = {"1d": "day", "24h": "day", "1mo": "month", "30d": "month", "31d": "month"}
"""LiteLLM's windows that have one here; theirs begin with the first call, ours with the calendar."""
