"""The check the issue asks for: the categorical bound against its own loop, in many settings, and with planted errors.

No true bound is contradicted: each verdict is wrong with probability at most 1e-6, and the seeds are fixed.
"""

from functools import cache

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.generators.sampling import FiniteAlphabet, uniform, zipf
from stlbounds.learners.judging import FiniteLossTable, FiniteMemoriser
from stlbounds.symbols import K, N, alpha


@cache
def bound(real, theorem="high_probability", drift="sharp"):
    loop = stl.loops.FixedMix(alpha, real=real)
    return getattr(stl, theorem)(stl.Setting(loop, stl.generators.Categorical(K), stl.learners.BrierFit(), drift))


def geometric_law(cells):
    weights = 0.5 ** np.arange(1, cells + 1)
    return weights / weights.sum()


def one_symbol(cells):
    """Nearly everything on one symbol."""
    law = np.full(cells, 0.02 / (cells - 1))
    law[0] = 0.98
    return law


LAWS = {"uniform": uniform, "zipf": zipf, "geometric": geometric_law, "one symbol": one_symbol}

# real data, law, cells, n, alpha, i, delta
SETTINGS = [
    ("replay", "uniform", 2, 50, 0.02, 50, 0.05),
    ("replay", "uniform", 2, 500, 0.02, 50, 0.1),
    ("replay", "uniform", 20, 2000, 0.5, 10, 0.05),
    ("replay", "uniform", 20, 50, 0.3, 5, 0.05),
    ("replay", "uniform", 5, 5000, 0.1, 20, 0.01),
    ("replay", "zipf", 20, 500, 0.3, 7, 0.05),
    ("replay", "zipf", 50, 100, 0.05, 30, 0.05),
    ("replay", "zipf", 10, 1000, 1.0, 10, 0.05),
    ("replay", "zipf", 10, 200, 0.25, 0, 0.05),
    ("replay", "geometric", 8, 300, 0.07, 15, 0.2),
    ("replay", "geometric", 8, 5000, 0.02, 3, 0.05),
    ("replay", "one symbol", 4, 50, 0.5, 25, 0.05),
    ("replay", "one symbol", 10, 1000, 0.9, 2, 0.1),
    ("fresh", "uniform", 2, 50, 0.02, 50, 0.05),
    ("fresh", "uniform", 2, 2000, 0.1, 50, 0.05),
    ("fresh", "uniform", 30, 5000, 0.02, 5, 0.05),
    ("fresh", "uniform", 20, 100, 0.6, 1, 0.1),
    ("fresh", "zipf", 20, 500, 0.3, 7, 0.05),
    ("fresh", "zipf", 10, 50, 1.0, 20, 0.05),
    ("fresh", "zipf", 40, 1000, 0.25, 0, 0.01),
    ("fresh", "geometric", 6, 250, 0.4, 12, 0.05),
    ("fresh", "geometric", 6, 5000, 0.05, 40, 0.05),
    ("fresh", "one symbol", 3, 60, 0.15, 10, 0.05),
    ("fresh", "one symbol", 12, 2500, 0.02, 50, 0.3),
]


@pytest.mark.parametrize(("real", "law", "cells", "size", "share", "generations", "delta"), SETTINGS)
def test_no_true_bound_is_contradicted(real, law, cells, size, share, generations, delta):
    found = stl.check(bound(real), distribution=LAWS[law](cells), seed=4, K=cells, n=size, alpha=share,
                      i=generations, delta=delta)
    assert found.contradicted_parts == ()
    assert found.coverage >= 1 - delta
    assert found.factor is not None and 1 < found.factor < 1e4
    assert f"smaller by a factor above {found.factor:.6g}" in str(found)
    assert len(found.trajectory) == generations + 1
    last = found.trajectory[-1]
    assert last["bound"] == pytest.approx(found.value) == pytest.approx(sum(last["terms"].values()))
    for record in found.trajectory:
        assert record["quantile_gap"] <= record["bound"]
        assert record["mixed_drift"] <= record["terms"]["drift"] + 1e-12
        assert abs(record["mean_gap"]) <= record["terms"]["drift"] + record["terms"]["bias"]


def test_the_settings_cover_what_was_asked():
    assert len(SETTINGS) >= 20
    assert {row[0] for row in SETTINGS} == {"replay", "fresh"}
    assert {row[1] for row in SETTINGS} == set(LAWS)
    for column, least, most in ((3, 50, 5000), (4, 0.02, 1), (5, 0, 50)):
        values = [row[column] for row in SETTINGS]
        assert (min(values), max(values)) == (least, most)


@pytest.mark.parametrize("theorem", ["in_expectation", "expected_gap"])
@pytest.mark.parametrize("real", ["replay", "fresh"])
def test_the_theorems_in_expectation_stand(theorem, real):
    for drift in ("sharp", "lemma"):
        found = stl.check(bound(real, theorem, drift), distribution=zipf(5), K=5, n=40, alpha=0.25, i=8)
        assert found.contradicted_parts == ()
        assert found.delta is None and found.coverage is None
        assert found.factor is not None and found.factor > 1
        assert ("concentration" in found.trajectory[0]["terms"]) is (theorem == "expected_gap")


def test_rounding_moves_the_bound_to_the_loop_that_was_run():
    found = stl.check(bound("replay"), K=3, n=50, alpha=0.33, i=2, delta=0.05, replicas=500)
    assert found.requested["alpha"] == 0.33 and found.used["alpha"] == 0.34
    assert found.value == pytest.approx(bound("replay").evaluate(K=3, n=50, alpha=0.34, i=2, delta=0.05))
    assert "alpha = 0.33 was rounded to 17/50 = 0.34" in str(found)
    exact = stl.check(bound("replay"), K=3, n=50, alpha=0.34, i=2, delta=0.05, replicas=500)
    assert exact.notes == () and exact.value == found.value


def test_the_loop_replace_is_checked_too():
    setting = stl.Setting(stl.loops.Replace(), stl.generators.Categorical(4), stl.learners.BrierFit())
    found = stl.check(stl.high_probability(setting), n=100, i=12, delta=0.05)
    assert found.contradicted_parts == ()
    assert found.trajectory[12]["diversity"]["heterozygosity"] < found.trajectory[0]["diversity"]["heterozygosity"]


def test_the_result_is_reproducible_and_plain():
    import json

    one, two, other = (stl.check(bound("fresh"), K=4, n=60, alpha=0.2, i=3, delta=0.05, replicas=600, seed=seed)
                       for seed in (7, 7, 8))
    assert one == two and str(one) == str(two) and one != other
    data = json.loads(json.dumps(one.to_dict(), allow_nan=False))
    assert data["schema"] == "stlbounds/check/1" and data["value"] == one.value
    assert data["used"] == {"K": 4, "n": 60, "alpha": 0.2, "i": 3, "delta": 0.05}
    assert [record["generation"] for record in data["trajectory"]] == [0, 1, 2, 3]
    assert set(data["trajectory"][0]) == {
        "generation", "size", "mean_gap", "mean_absolute_gap", "quantile_gap", "drift", "mixed_drift", "risk",
        "diversity", "terms", "bound"}


def test_an_interrupted_check_reports_what_is_finished():
    def stop(done, total):
        if done >= 200:
            raise KeyboardInterrupt

    found = stl.check(bound("fresh"), K=4, n=60, alpha=0.2, i=3, delta=0.05, replicas=1000, chunk=100, progress=stop)
    assert found.interrupted and (found.replicas, found.requested_replicas) == (200, 1000)
    assert "interrupted after 200 of 1000 replicas" in str(found)


def test_one_replica_is_enough_to_run_and_too_few_to_say_anything():
    found = stl.check(bound("fresh"), K=4, n=60, alpha=0.2, i=3, delta=0.05, replicas=1)
    assert not found.contradicted and found.factor is None
    assert "too few" in str(found)


# --- planted wrong models: the same machinery, with constants that do not hold ----------------------------


class Wrong(stl.generators.Generator):
    """A categorical generator that claims other constants than it has."""

    def sampler(self, values, distribution=None):
        return FiniteAlphabet(uniform(2))


class Constant(stl.learners.UniformlyStable):
    """A constant hypothesis: beta = 0 and M = 1 hold."""

    def judge(self, values):
        return FiniteLossTable([0, 1])


class Memoriser(stl.learners.UniformlyStable):
    """Claims the stability b/N, but memorises."""

    def judge(self, values):
        return FiniteMemoriser()


def made(generator, learner, loop=None):
    return stl.high_probability(stl.Setting(loop or stl.loops.FixedMix(alpha), generator, learner))


CONSTANT = Constant(sp.S.Zero, sp.S.One)
ERROR = 1 / (2 * sp.sqrt(N))
VALUES = {"n": 1000, "alpha": 0.05, "i": 30, "delta": 0.05}


def test_the_tight_model_stands():
    found = stl.check(made(Wrong("honest", stl.DISCRETE, 1, ERROR), CONSTANT), seed=2, **VALUES)
    assert found.contradicted_parts == ()
    assert found["bound"].ratio < 9


def test_a_sensitivity_that_is_too_small_is_contradicted():
    """kappa = 0 forgets the amplification, an e of 0 the drift; together the bound is that of one generation."""
    found = stl.check(made(Wrong("too stable", stl.DISCRETE, 0, 0), CONSTANT), seed=2, **VALUES)
    assert found.contradicted and found.factor < 0.9
    assert "drift" in found.contradicted_parts
    data = found.to_dict()
    assert data["contradicted"] is True and data["verdict"] == "contradicted"


def test_a_learning_error_that_is_too_small_is_contradicted_as_a_part():
    found = stl.check(made(Wrong("too good", stl.DISCRETE, 1, ERROR / 20), CONSTANT), seed=2, **VALUES)
    assert "drift" in found.contradicted_parts


def test_a_stability_that_is_too_good_is_contradicted():
    found = stl.check(made(stl.generators.Categorical(500), Memoriser(1 / N, sp.S.One)), seed=2, n=60, alpha=0.5, i=1,
                      delta=0.3, replicas=1000)
    assert "drift + bias" in found.contradicted_parts


def test_a_wrong_loop_is_contradicted():
    """The bound of fresh data held against the loop that replays them: a plan that is not the protocol's."""

    class Liar(stl.loops.FixedMix):
        def plan(self, generations):
            return stl.loops.FixedMix(self.alpha, real="replay").plan(generations)

    honest = Wrong("honest", stl.DISCRETE, 1, 0)
    wrong = stl.check(made(honest, CONSTANT, Liar(alpha, real="fresh")), seed=2, n=1000, alpha=0.1, i=50, delta=0.05)
    assert wrong.contradicted_parts[:1] == ("bound",)


# --- bad input --------------------------------------------------------------------------------------------


GOOD = {"K": 3, "n": 50, "alpha": 0.3, "i": 2, "delta": 0.05, "replicas": 20}


@pytest.mark.parametrize(("change", "words"), [
    ({"replicas": 0}, "replicas"), ({"replicas": 1.5}, "replicas"), ({"seed": -1}, "seed"),
    ({"n": 10.5}, "n = 10.5"), ({"n": -3}, "n = -3"), ({"i": 1.5}, "i = 1.5"), ({"i": -1}, "i = -1"),
    ({"alpha": 1.2}, "alpha = 1.2"), ({"alpha": float("nan")}, "alpha"), ({"delta": 0}, "delta = 0"),
    ({"delta": 1}, "delta"), ({"K": 0}, "K = 0"), ({"confidence": 1}, "confidence"), ({"chunk": 0}, "chunk"),
    ({"n": [50, 60]}, "n"), ({"nonsense": 1}, "nonsense"), ({"kappa": 1}, "kappa"),
    ({"distribution": [0.5, 0.6, 0.1]}, "sum to 1"), ({"distribution": [0.5, 0.5]}, "3 probabilities"),
])
def test_bad_input_is_refused(change, words):
    with pytest.raises(stl.errors.InvalidArgumentError, match=words):
        stl.check(bound("replay"), **{**GOOD, **change})


def test_missing_values_are_named():
    with pytest.raises(stl.errors.InvalidArgumentError, match="no value for K, delta"):
        stl.check(bound("replay"), n=50, alpha=0.3, i=2)
    with pytest.raises(stl.errors.InvalidArgumentError, match="delta"):
        stl.check(bound("replay", "in_expectation"), **GOOD)


def test_a_fixed_proportion_needs_whole_pools():
    setting = stl.Setting(stl.loops.FixedMix(sp.Rational(1, 3), real="fresh"), stl.generators.Categorical(3),
                          stl.learners.BrierFit())
    third = stl.high_probability(setting)
    assert not stl.check(third, n=60, i=2, delta=0.05, replicas=300).contradicted
    with pytest.raises(stl.errors.InvalidArgumentError, match=r"16\.6667 points in the pool 'any'"):
        stl.check(third, n=50, i=2, delta=0.05)


def test_a_model_that_cannot_be_simulated_says_so():
    mine = stl.generators.Generator("mine", stl.DISCRETE, 1, ERROR)
    with pytest.raises(stl.errors.AssumptionError, match="mine is known by its constants only"):
        stl.check(made(mine, CONSTANT), **VALUES)
    stable = stl.learners.UniformlyStable(1 / N, 1)
    with pytest.raises(stl.errors.AssumptionError, match="known by its constants only"):
        stl.check(made(stl.generators.Categorical(2), stable), **VALUES)
