"""Li et al. 2023: a transformer that learns in context is stable; its output moves by O(1/N) with one of N examples.

We state only what is ours (theory §8): with scores in ``[-omega/2, omega/2]``, ``A = (1 + omega) e**omega``,
``C = omega/2`` and ``Lambda = A + C``, the output of ``L`` layers moves by at most ``(Lambda**L - C**L)/N`` per unit of
displacement. That the stability is of order ``1/N``, and exponential in the depth, is what the paper is known for.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from comparison import Comparison, Disagreement, Row, main

import stlbounds as stl
from stlbounds.symbols import N, ell_L, omega

#: The slopes of a layer in the examples and in the position itself.
CONTEXT, POSITION = (1 + omega) * sp.exp(omega), omega / 2
#: The order in the number of examples, and by how many unit displacements a token of the unit ball can move.
ORDER, DIAMETER = 1 / N, 2


def _by_layers(layers: int) -> sp.Expr:
    """``kappa`` once more: mean displacement and displacement of the query, a layer at a time."""
    mean, query = sp.S.One, sp.S.Zero
    for _ in range(layers):
        mean, query = (CONTEXT + POSITION) * mean, sp.expand(CONTEXT * mean + POSITION * query)
    return query


def compare() -> Comparison:
    """The sensitivity of one to four layers, and the uniform stability of the learner, with its proof."""
    rows = []
    for layers in (1, 2, 3, 4):
        kappa = stl.generators.Transformer(layers, omega).sensitivity
        # Compared at an exact point: expanding the power is a proof for one omega only, and there are four of them.
        for at in (sp.Rational(1, 4), sp.S.One):
            rows.append(Row(f"sensitivity of {layers} layers, omega = {at}", _by_layers(layers).subs(omega, at),
                            kappa.subs(omega, at)))
    learner = stl.learners.TransformerLearner(1, omega, output_lipschitz=ell_L)
    rows.append(Row("uniform stability of one layer", DIAMETER * ell_L * CONTEXT * ORDER, learner.beta_N))
    model = stl.generators.Transformer(2, sp.Rational(1, 2), 1)
    setting = stl.Setting(stl.loops.Replace(), model, stl.learners.TransformerLearner(2, sp.Rational(1, 2),
                                                                                       output_lipschitz=1))
    bound = stl.high_probability(setting)
    if not bound.proof.verify():
        raise Disagreement("the proof for a transformer does not verify")
    return Comparison(
        "Li et al. 2023, Transformers as algorithms: generalization and stability in in-context learning",
        "the output of a transformer in context changes by order 1/N when one of N examples does, with a constant that "
        "is exponential in the depth",
        tuple(rows), _simulated(), "agreement: order 1/N, exponential in the depth; the constants are ours",
        r"\|\Delta\,\mathrm{out}\| \le \frac{\Lambda^L - C^L}{N}\sum_k \|\Delta z_k\|, \quad "
        r"\Lambda = (1+\omega)e^\omega + \omega/2, \quad C = \omega/2",
        "the constants of the paper could not be checked word for word, so none is quoted; 'published' stands for the "
        "recursion of the note, evaluated by hand")


def _output(examples: np.ndarray, query: np.ndarray, weights: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    positions = np.concatenate([examples, query[None]])
    for score, value in weights:
        keys = positions[:-1]
        raw = np.exp(positions @ score @ keys.T)
        positions = raw / raw.sum(axis=1, keepdims=True) @ keys @ value.T
    return positions[-1]


def _ball(rng: np.random.Generator, count: int, width: int) -> np.ndarray:
    points = rng.normal(size=(count, width))
    return points / np.maximum(1, np.linalg.norm(points, axis=1, keepdims=True))


def _simulated(width: int = 3, trials: int = 300) -> str:
    """Random transformers, one example replaced: never more than stated, and halved where examples are doubled."""
    rng = np.random.default_rng(9)
    said, sizes = [], (8, 64)
    for layers, scale in ((1, 1.0), (2, 0.5), (4, 0.25)):
        kappa = float(stl.generators.Transformer(layers, scale).sensitivity)
        worst = {}
        for size in sizes:
            worst[size] = 0.0
            for _ in range(trials):
                weights = [(np.linalg.qr(rng.normal(size=(width, width)))[0] * scale / 2,
                            np.linalg.qr(rng.normal(size=(width, width)))[0]) for _ in range(layers)]
                first, query = _ball(rng, size, width), _ball(rng, 1, width)[0]
                other = first.copy()
                other[0] = -first[0]
                moved = float(np.linalg.norm(_output(first, query, weights) - _output(other, query, weights)))
                worst[size] = max(worst[size], size * moved / float(np.linalg.norm(first[0] - other[0])))
        if max(worst.values()) > kappa:
            raise AssertionError(f"{layers} layers: {worst} exceeds {kappa}")
        said.append(f"{layers} layers, omega = {scale}: at most {worst[8]:.2f}/N for N = 8, {worst[64]:.2f}/N for 64, "
                    f"stated {kappa:.2f}/N")
    return "; ".join(said)


if __name__ == "__main__":
    raise SystemExit(main(compare))
