"""What a theorem says of its symbols and its models is true of how they are used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.proof.claim import Claim
from stlbounds.proof.protocol import Protocol
from stlbounds.render.meanings import meaning
from stlbounds.render.record import statement
from stlbounds.symbols import M, N, alpha, b, c, entry, kappa, r

VOCABULARY = {symbol: entry(symbol).meaning for symbol in (kappa, c, r, b, M)}


def setting(sensitivity: Any = kappa, error: Any = c * N**-r, stability: Any = b / N, loss: Any = M) -> stl.Setting:
    return stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Generator("mine", stl.DISCRETE, sensitivity, error),
                       stl.learners.UniformlyStable(stability, loss))


def test_symbols_in_their_own_places_keep_their_words() -> None:
    for usual in (setting(), setting(error=c / sp.sqrt(N) + r), setting(sensitivity=kappa, error=c * kappa)):
        assert {symbol: meaning(symbol, usual) for symbol in VOCABULARY} == VOCABULARY
    assert meaning(alpha, setting(sensitivity=alpha)) == entry(alpha).meaning


@pytest.mark.parametrize(("found", "symbol", "words"), [
    (setting(stability=b / sp.sqrt(N)), b, "a constant in the stability of the learner"),
    (setting(sensitivity=2 * kappa), kappa, "a constant in the sensitivity of the generator"),
    (setting(loss=2 * M), M, "a constant in the Lipschitz constant of the loss"),
    (setting(sensitivity=b, stability=b / sp.sqrt(N)), b,
     "a constant in the sensitivity of the generator and the stability of the learner"),
    (setting(sensitivity=c, error=1 / N), c, "a constant in the sensitivity of the generator"),
])
def test_other_uses_are_named_by_their_place(found: stl.Setting, symbol: sp.Symbol, words: str) -> None:
    assert meaning(symbol, found) == words
    bound = stl.high_probability(found)
    written = bound.latex("theorem")
    assert words in written and f"$ {VOCABULARY[symbol]}" not in written
    assert words in bound.latex("document") and words in bound.latex("notation")
    assert words.removeprefix("the ") in " ".join(str(bound).split())
    assert statement(bound, bound.proof.verify())["symbols"][str(symbol)]["meaning"] == words


class Quiet(stl.generators.Categorical):
    """Derives its constants by rules about one model, and does not say which model it is."""

    def describe(self, tex: Any) -> str:
        return ""


class Own(stl.generators.Generator):
    """Has a drift of its own."""

    def drift_step_claim(self, protocol: Protocol) -> Claim | None:
        return stl.generators.CategoricalWithPrior(5, 0).drift_step_claim(protocol)


class Judge(stl.learners.BrierFit):
    def describe(self, tex: Any) -> str:
        return ""


@pytest.mark.parametrize("models", [
    (Quiet(5),), (Own("own", stl.DISCRETE, 1, 0.1),), (stl.generators.Categorical(5), Judge())])
def test_a_theorem_about_one_model_does_not_speak_of_all(models: Sequence[Any]) -> None:
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), *models))
    for text in (str(bound), bound.latex("theorem")):
        assert "the proof uses rules that hold for this model" in " ".join(text.split())
    silent = "learning error only" if len(models) == 1 else "constant of its loss only"
    assert silent not in " ".join(str(bound).split())
