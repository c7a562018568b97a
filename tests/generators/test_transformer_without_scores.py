"""A transformer without scores, in a symbolic number of layers, is a plain mean: its bounds derive in every loop."""

from __future__ import annotations

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.generators import DepthUniformTransformer, ResidualTransformer, Transformer
from stlbounds.learners import TransformerLearner
from stlbounds.symbols import L, N, alpha, c, ell_L, lam, omega, r

LOOPS = {
    "replay": stl.loops.FixedMix(alpha), "fresh": stl.loops.FixedMix(alpha, real="fresh"),
    "augment": stl.loops.Augment(lam), "accumulate": stl.loops.Accumulate(), "subsample": stl.loops.Subsample(),
    "schedule": stl.loops.Schedule([0.5, 0.4]),
}
MODELS = {"plain": Transformer, "depth-uniform": DepthUniformTransformer}


def test_the_constant_of_a_plain_mean():
    assert Transformer(L, 0).sensitivity == 1
    assert Transformer(L, 0).sensitivity_claim().rhs == 1
    assert [Transformer(layers, 0).sensitivity for layers in (0, 1, 2, 7)] == [0, 1, 1, 1]
    assert TransformerLearner(L, 0).beta_N == 2 * ell_L / N
    assert stl.Proof(TransformerLearner(L, 0).stability_claim()).verify().steps > 10


def test_it_is_the_limit_of_small_scores():
    for layers in (1, 3):
        small = Transformer(layers, sp.Rational(1, 10**9)).sensitivity
        assert float(small) == pytest.approx(float(Transformer(L, 0).sensitivity), abs=1e-7)
    # Residual branches double a displacement without scores as well.
    assert ResidualTransformer(L, 0, 0).sensitivity == 2**L - 1
    assert Transformer(L, omega).sensitivity.subs({L: 4, omega: 0}) == 1


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("loop", LOOPS)
def test_it_derives_and_verifies_in_every_loop(loop, model):
    bound = stl.expected_gap(stl.Setting(LOOPS[loop], MODELS[model](L, 0, c * N**-r)))
    assert bound.proof.verify().checks > 20
