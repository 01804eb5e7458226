"""Reasoning items, which only mean something to the provider that made them.

Refuses to show one to another: items made here carry an id of ours, so that they are known when they come back.
"""

from typing import Any

from trunkline.core.chat import Thought
from trunkline.dialects.seal import MARK, seal, unseal

OURS = "rs_trunkline_"
"""Ids of items that no provider of this dialect has made."""

HOME = "responses"


def read_seal(item_id: str, encrypted: str | None) -> tuple[str | None, str]:
    """Signature and origin of an item; a provider's own signature is its id and its sealed content."""
    if encrypted and encrypted.startswith(MARK):
        return unseal(encrypted, HOME)
    if item_id.startswith(OURS):
        return None, HOME
    return f"{item_id}|{encrypted or ''}", HOME


def write_item(thought: Thought, item_id: str) -> dict[str, Any]:
    """The item of a thought for a caller; ``item_id`` without its prefix."""
    item: dict[str, Any] = {"id": OURS + item_id, "type": "reasoning", "summary": summary(thought.text)}
    if thought.signature and thought.origin == HOME:
        own, _, encrypted = thought.signature.partition("|")
        item["id"] = own
        item |= {"encrypted_content": encrypted} if encrypted else {}
    elif signature := thought.signature or thought.redacted:
        item["encrypted_content"] = seal(signature, thought.origin, HOME)
    return item


def summary(text: str) -> list[dict[str, str]]:
    """A reasoning item's words."""
    return [{"type": "summary_text", "text": text}] if text else []


def is_ours(item: dict[str, Any]) -> bool:
    """True for an item that no provider of this dialect would know."""
    told = item.get("id"), item.get("encrypted_content")
    return item.get("type") == "reasoning" and any(
        isinstance(one, str) and one.startswith(mark) for one, mark in zip(told, (OURS, MARK), strict=True)
    )
