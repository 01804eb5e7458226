"""Whose model is it? A judge likes answers that sound like its own, so it does not judge its own family.

Refuses to know prices and abilities. Self-preference was measured by Panickssery, Bowman and Feng (2024).
"""

import re

# what a model's name begins with, wherever in it that is: distilled and hosted models keep the name of their family
_FAMILIES: tuple[tuple[str, str], ...] = (
    ("openai", r"gpt|chatgpt|o[1-9](?=$|-)|codex|davinci"),
    ("anthropic", r"claude"),
    ("google", r"gemini|gemma|palm"),
    ("meta", r"llama|codellama"),
    ("mistral", r"mistral|mixtral|ministral|codestral|devstral|magistral|pixtral"),
    ("alibaba", r"qwen|qwq|qvq"),
    ("deepseek", r"deepseek"),
    ("xai", r"grok"),
    ("cohere", r"command|aya|c4ai"),
    ("microsoft", r"phi(?=-|\d)|wizardlm"),
    ("amazon", r"nova|titan"),
    ("moonshot", r"kimi|moonshot"),
    ("zhipu", r"glm|chatglm"),
    ("minimax", r"minimax|abab"),
    ("huggingface", r"smollm|zephyr"),
)
_PATTERNS = [(family, re.compile(rf"(?:^|[-/_.:])(?:{names})")) for family, names in _FAMILIES]


def family(target: str) -> str:
    """The family of ``provider/model``; one that is in no table is its provider and the first word of its name.

    A distilled model (``deepseek-r1-distill-llama-70b``) is of the family whose name comes first.
    """
    provider, _, model = target.lower().partition("/")
    name = model or provider
    found = [(match.start(), of) for of, pattern in _PATTERNS if (match := pattern.search(name))]
    if found:
        return min(found)[1]
    return f"{provider}:{re.split(r'[-_.:/ ]', name)[0]}"


def related(one: str, other: str) -> bool:
    """True when both models are of one family."""
    return family(one) == family(other)
