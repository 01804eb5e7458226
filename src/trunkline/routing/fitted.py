"""A policy that was fitted offline, as one route uses it: what to expect of each target, and when an answer will do.

Refuses to fit. The one file of routing outside ``learned`` that leads to numpy, and only where a route names a policy.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trunkline.catalog.benchmarks import plain
from trunkline.core.chat import ChatRequest, Completion
from trunkline.core.errors import ConfigError
from trunkline.core.exchange import Target
from trunkline.routing import agreement
from trunkline.routing.candidates import Profile
from trunkline.routing.complexity import Complexity
from trunkline.routing.prior import Known, Quality
from trunkline.routing.prompt_text import sampled

if TYPE_CHECKING:
    from trunkline.routing.forms import Kind
    from trunkline.routing.learned.policy import Expected, Policy

SOURCE = "policy"


class Answered(Struct, frozen=True):
    """A probe's whole answer; None where it gave none that can be used."""

    target: Target
    completion: Completion | None


class Fitted:
    """A policy and the targets that its models stand for; ``model_of`` says which, by target."""

    __slots__ = ("_target_of", "model_of", "policy")

    def __init__(self, policy: "Policy", targets: Sequence[Target]) -> None:
        """Raises PolicyError where a model that the policy asks is no target of the route."""
        named = {str(target): target for target in targets}
        sold = {_plain(target): target for target in reversed(targets)}
        found = {model: named.get(model) or sold.get(plain(model)) for model in policy.models}
        self._target_of: Mapping[str, Target] = {model: target for model, target in found.items() if target}
        policy.check_pool(self._target_of or [str(target) for target in targets])
        self.model_of: Mapping[Target, str] = {target: model for model, target in self._target_of.items()}
        self.policy = policy

    @classmethod
    def load(cls, path: Path, targets: Sequence[Target]) -> "Fitted":
        """From a file. Raises ConfigError without numpy, PolicyError for a file or a pool that will not do."""
        try:
            from trunkline.routing.learned.policy import load  # noqa: PLC0415 - numpy is an extra
        except ImportError as error:
            raise ConfigError(f"the policy {path} needs numpy: pip install 'trunkline[routing]'") from error
        return cls(load(path), targets)

    def opinion(self, complexity: Complexity, request: ChatRequest) -> "Opinion":
        """What it says of one request."""
        text = sampled(request).text
        expected = self.policy.predict(complexity.vector(), text)
        known = {target: expected[model] for model, target in self._target_of.items()}
        return Opinion(self.policy, known, self._target_of, complexity, text)

    def __repr__(self) -> str:
        return f"<Fitted [{len(self._target_of)} of {len(self.policy.models)} models]>"


class Opinion:
    """What a policy expects of each target for one request."""

    __slots__ = ("_complexity", "_expected", "_policy", "_target_of", "_text")

    def __init__(
        self,
        policy: "Policy",
        expected: Mapping[Target, "Expected"],
        target_of: Mapping[str, Target],
        complexity: Complexity,
        text: str,
    ) -> None:
        self._policy = policy
        self._expected = expected
        self._target_of = target_of
        self._complexity = complexity
        self._text = text

    @property
    def price(self) -> float:
        """Quality that one dollar must buy: 0 where no cheaper way could be shown to keep the floor."""
        return self._policy.price if self._policy.floor.shown else 0.0

    @property
    def probes(self) -> tuple[Target, ...]:
        """Whom to ask before the best, in order; nobody where that was not shown to keep the floor."""
        return tuple(self._target_of[model] for model in self._policy.probes) if self._policy.floor.shown else ()

    @property
    def compares(self) -> bool:
        """False where it says nothing of answers: then a cascade goes on without it."""
        return not self._policy.untrained

    @property
    def best(self) -> Target:
        """Whose answer needs no second opinion."""
        return self._target_of[self._policy.best_model]

    def informed(self, profiles: Sequence[Profile]) -> list[Profile]:
        """The profiles with what the policy expects in place of what was known before; others as they were."""
        return [self._informed(profile) for profile in profiles]

    def tokens(self, target: Target) -> int:
        """Tokens that its answer will have; a target that the policy does not know is taken to say as much as others.

        Else the rule of thumb for it stood beside measured lengths of the others, and it looked dear or cheap by that.
        """
        known = self._expected.get(target)
        tokens = median(one.output_tokens for one in self._expected.values()) if known is None else known.output_tokens
        return max(1, round(tokens))

    def verdict(self, answers: Sequence[Answered]) -> tuple[Target | None, Target | None, float]:
        """Whose answer to show, or else whom to ask next, and the chance that the leading answer is right."""
        from trunkline.routing.learned.policy import Said  # noqa: PLC0415 - as in load

        model_of = {target: model for model, target in self._target_of.items()}
        kind, read = self._read([one.completion for one in answers])
        said = [
            Said(model_of[one.target], answer, len(one.completion.text) if one.completion else 0)
            for one, answer in zip(answers, read, strict=True)
        ]
        found = self._policy.accepts(self._complexity.vector(), self._text, said, kind)
        accept = None if found.accept is None else self._target_of[found.accept]
        return accept, None if found.ask is None else self._target_of[found.ask], found.chance

    def _informed(self, profile: Profile) -> Profile:
        expected = self._expected.get(profile.target)
        if expected is None:
            return profile
        return replace(profile, ability=Known(Quality(expected.mean, expected.sd, SOURCE)))

    def _read(self, answers: Sequence[Completion | None]) -> tuple["Kind", list[str | None]]:
        """What the answers come to, as the untrained cascade reads them: policies are fitted on final answers too."""
        there = [one for one in answers if one is not None]
        kind, forms = agreement.finals(agreement.kind_of(self._complexity), there)
        left = iter(forms)
        return ("text" if kind == "text" else "exact"), [None if one is None else next(left) for one in answers]


def _plain(target: Target) -> str:
    return plain(target.model)
