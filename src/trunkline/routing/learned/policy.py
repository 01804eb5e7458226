"""A fitted policy: one small file that says what to expect of the models of one pool, and when to stop asking.

Refuses files of another version, size or shape; and to serve a pool whose models it does not know.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct

from trunkline.core.errors import TrunklineError
from trunkline.core.nearest import hint, quoted
from trunkline.routing import forms
from trunkline.routing.forms import Kind
from trunkline.routing.learned import arrays, surface
from trunkline.routing.learned.arrays import Floats
from trunkline.routing.learned.cascade import Cascade, Heard
from trunkline.routing.learned.prompt_layer import Outlook, PromptLayer, Seen

MOST_BYTES = 32_000_000
VERSION = 2  # 1 had rules of one linear function; 2 has chances now and then, and dollars


class PolicyError(TrunklineError):
    """A policy file cannot be used; the message says why and what to do."""


class Expected(Struct, frozen=True):
    """Of one model at one prompt: quality 0 to 1 with its sd, tokens of the answer, dollars of a call."""

    mean: float
    sd: float
    output_tokens: float
    dollars: float


class Said(Struct, frozen=True):
    """One answer in hand: who gave it, its final answer (None: nothing readable), and characters of the whole reply."""

    model: str
    answer: str | None
    characters: int = 0


class Verdict(Struct, frozen=True):
    """``accept``: whose answer to give; else ``ask``: whom to ask next. ``chance`` that the leading answer is right."""

    accept: str | None
    ask: str | None
    chance: float


class Floor(Struct, frozen=True):
    """What was declared and what was shown on the data of the fit: shares of the best single model's quality.

    ``shown`` False: no cheaper way could be shown to keep the floor, so the best model answers everything.
    """

    declared: float
    confidence: float
    shown: bool
    quality: float
    quality_low: float
    saved: float
    prompts: int


class Policy(Struct, frozen=True):
    """The whole file. ``price`` is the quality one dollar must buy when the prompt layer alone decides.

    ``untrained``: there were no answers to fit on, so a cascade compares them as it does without a policy. ``newest``:
    when the last logged decision was made that it was fitted on, in Unix milliseconds; only later ones can judge it.
    """

    models: Annotated[tuple[str, ...], Meta(min_length=2, max_length=256)]
    layer: PromptLayer
    cascade: Cascade | None
    price: float
    best: int
    floor: Floor
    format: Literal["trunkline-policy"] = "trunkline-policy"
    version: Literal[2] = 2
    untrained: bool = False
    newest: int = 0

    @property
    def probes(self) -> tuple[str, ...]:
        """Models whose answers are looked at before anything is shown, in order; none: one model is asked at once.

        The best model is the last of them where its answer is one vote among others.
        """
        return () if self.cascade is None else tuple(self.models[place] for place in self.cascade.heard_out)

    @property
    def best_model(self) -> str:
        """The best single model of the pool, on the data of the fit."""
        return self.models[self.best]

    def predict(self, vector: Sequence[float] | None, text: str) -> dict[str, Expected]:
        """What to expect of every model; ``vector`` is ``Complexity.vector()``, None to have it made from the text."""
        outlook = self.outlook(vector, text)
        columns = (outlook.quality[0], outlook.sd[0], outlook.tokens[0], outlook.cost[0])
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return {model: Expected(*row) for model, row in zip(self.models, rows, strict=True)}

    def chooses(self, vector: Sequence[float] | None, text: str) -> str:
        """The model that the prompt layer alone would ask: the most quality after its price."""
        outlook = self.outlook(vector, text)
        return self.models[int((outlook.quality[0] - self.price * outlook.cost[0]).argmax())]

    def accepts(
        self, vector: Sequence[float] | None, text: str, said: Sequence[Said], kind: Kind | None = None
    ) -> Verdict:
        """Whether one of these answers will do. ``said``: answers of the models in ``probes``, in any order.

        A probe that could not be asked is left out; one whose reply holds no answer is there with None. ``kind`` of
        answer, None: told from the answers. Without a cascade the best model is asked.
        """
        cascade = self.cascade
        if cascade is None:
            return Verdict(None, self.best_model, 0.0)
        by_model = {answer.model: answer for answer in said}
        if self.best_model in by_model and self.best_model not in self.probes:
            return Verdict(self.best_model, None, 1.0)
        last = max((place for place, model in enumerate(self.probes) if model in by_model), default=-1)
        if last < 0:
            return Verdict(None, self.probes[0], 0.0)
        answers = [by_model.get(model) for model in self.probes[: last + 1]]
        standing = cascade.standing(_heard(answers, kind), self.outlook(vector, text))
        leader, chance = int(standing.leader[0]), float(standing.chance[0])
        if last + 1 < len(cascade.order) and (bool(cascade.asks_on(standing, last + 1)[0]) or answers[leader] is None):
            return Verdict(None, self.models[cascade.order[last + 1]], chance)
        return Verdict(self.probes[leader], None, chance)

    def check_pool(self, pool: Iterable[str]) -> None:
        """Raise PolicyError for models the policy was fitted on that the pool does not have."""
        there = sorted(pool)
        for model in (*self.probes, self.best_model):
            if model not in there:
                raise PolicyError(
                    f"the policy was fitted on {quoted(model)}, which is not in this pool{hint(model, there)} "
                    "Add it to the route, or fit again with `trunkline fit` on outcomes of the pool's models"
                )

    def outlook(self, vector: Sequence[float] | None, text: str) -> Outlook:
        """The prompt layer's word on one prompt, as arrays of one row."""
        features: Floats = np.array([surface.features(text, vector)])
        return self.layer.predict(Seen(features, surface.bag([text])))


def _heard(answers: Sequence[Said | None], kind: Kind | None) -> Heard:
    texts = [None if said is None else said.answer for said in answers]
    group = forms.groups(kind or forms.kind_of(text for text in texts if text), texts)
    return Heard(
        group=np.array([group]),
        present=np.array([[said is not None for said in answers]]),
        length=np.log1p([[0.0 if said is None else float(said.characters) for said in answers]]),
    )


_ENCODER = msgspec.msgpack.Encoder(enc_hook=arrays.encode)
_DECODER = msgspec.msgpack.Decoder(Policy, dec_hook=arrays.decode)


def write(policy: Policy, path: Path) -> int:
    """Save; bytes written."""
    return path.write_bytes(_ENCODER.encode(policy))


def load(path: Path) -> Policy:
    """Raises PolicyError for a file that is missing, too large, no policy, or one whose numbers do not fit together."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise PolicyError(f"{path} is larger than {MOST_BYTES // 1_000_000} MB and no policy file")
        policy = _DECODER.decode(path.read_bytes())
    except OSError as error:
        raise PolicyError(f"cannot read the policy file {path}: {error.strerror}") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise PolicyError(
            f"{path} is no policy file of version {VERSION}: {error}; make one with `trunkline fit`"
        ) from error
    _check(policy, path)
    return policy


def _check(policy: Policy, path: Path) -> None:
    """Predict once: numbers that do not fit together show themselves now, not at the first request."""
    try:
        outlook = policy.outlook(None, "hello")
        if outlook.quality.shape != (1, len(policy.models)):
            raise ValueError("its tables have another number of models than its list")
        policy.models[policy.best]
        answers = tuple(Said(model, "1") for model in policy.probes)
        for count in range(1, len(answers) + 1):
            policy.accepts(None, "hello", answers[:count])
    except (ValueError, IndexError) as error:
        raise PolicyError(f"{path} is damaged: {error}; make it again with `trunkline fit`") from error
