"""Claims of users: true ones survive, false ones are refuted where they are false, and the factors are the right ones.

Each verdict is wrong with probability at most 1e-6, and the seeds are fixed.
"""

from __future__ import annotations

import dataclasses
import json
from functools import cache

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.cli.commands import check_claim as command
from stlbounds.errors import AssumptionError, InvalidArgumentError, ParseError, SymbolError
from stlbounds.simulation.claim_quantities import QUANTITIES
from stlbounds.simulation.engine import run
from stlbounds.simulation.statistics import binomial_cdf
from stlbounds.symbols import K, M, N, Phi, alpha, b, c, declare, delta, i, kappa, n, rho

VALUES = {"n": 100, "alpha": 0.2, "i": 8}


def make_setting(real="replay", loop=None):
    return stl.Setting(loop or stl.loops.FixedMix(alpha, real=real), stl.generators.Categorical(6),
                       stl.learners.BrierFit())


@cache
def claim_of_ours(quantity, setting):
    """Our own bound on a quantity, as an expression."""
    theorem = QUANTITIES[quantity].theorem or "expectation"
    make = {"high-probability": stl.high_probability, "expectation": stl.in_expectation,
            "expected-gap": stl.expected_gap}[theorem]
    terms = make(setting).terms
    return {"drift": terms["drift"], "fluctuation": terms.get("concentration"),
            "variance": terms.get("concentration", sp.S.Zero) ** 2,
            "distance": terms["drift"] / (1 - alpha)}.get(quantity, sp.Add(*terms.values()))


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_our_bound_survives_as_a_claim_and_has_the_factor_one(quantity):
    setting = make_setting()
    values = {**VALUES, **({"delta": 0.1} if QUANTITIES[quantity].random else {})}
    found = stl.check_claim(claim_of_ours(quantity, setting), setting, quantity=quantity, replicas=200, **values)
    assert not found.contradicted
    if quantity != "distance":
        assert found.points[0].to_ours == pytest.approx(1, rel=1e-9)
        assert found.points[0].looseness >= 1
    else:
        assert found.points[0].to_ours is None


@pytest.mark.parametrize(("quantity", "factor"), [
    ("gap", 60), ("expected-gap", 60), ("bias", 20), ("drift", 4), ("distance", 4), ("fluctuation", 250),
    ("variance", 1e5),
])
def test_a_claim_that_is_too_small_by_a_factor_is_contradicted(quantity, factor):
    setting = make_setting()
    values = {**VALUES, **({"delta": 0.1} if QUANTITIES[quantity].random else {})}
    found = stl.check_claim(claim_of_ours(quantity, setting) / sp.Integer(factor), setting, quantity=quantity,
                            replicas=1500, **values)
    point = found.points[0]
    assert found.contradicted and found.counterexamples == (point,)
    assert point.low > point.claimed
    assert "contradicted at 1 of 1 points" in str(found)


def test_the_points_where_a_claim_fails_are_told():
    # A drift that forgets that only the part 1 - alpha is synthetic is too large; one with (1 - alpha)**2 too small.
    claim = "(1-alpha)**4*sqrt(5*(alpha*geometric_sum(1-alpha,i)**2 + (1-alpha)*geometric_sum((1-alpha)**2,i))/n)/2"
    found = stl.check_claim(claim, make_setting(), {"alpha": [0.05, 0.8]}, quantity="drift", n=200, i=6, replicas=1000)
    assert [point.contradicted for point in found.points] == [False, True]
    assert found.counterexamples[0].used["alpha"] == 0.8


def test_text_and_sympy_say_the_same():
    text = stl.check_claim("sqrt(log(2/delta)/(2*n))", make_setting(), delta=0.1, replicas=50, **VALUES)
    tree = stl.check_claim(sp.sqrt(sp.log(2 / delta) / (2 * n)), make_setting(), delta=0.1, replicas=50, **VALUES)
    assert text == tree


def test_names_of_the_theory_stand_for_the_parts_of_the_setting():
    setting, values = make_setting(loop=stl.loops.Accumulate()), {"n": 50, "i": 3}
    for symbol, expected in ((N, 200), (rho, None), (Phi, None)):
        value = stl.check_claim(symbol, setting, quantity="bias", replicas=10, **values).points[0].claimed
        bound = stl.in_expectation(setting)
        parts = bound.evaluate_parts(**values)
        assert value == pytest.approx(expected or {rho: parts["loop_gain"], Phi: parts["amplification"]}[symbol])


def test_a_number_and_a_negative_claim():
    assert not stl.check_claim(1, make_setting(), delta=0.1, replicas=10, **VALUES).contradicted
    found = stl.check_claim(-1, make_setting(), delta=0.1, replicas=10, **VALUES)
    assert found.contradicted and found.points[0].claimed == -1


def test_a_claim_of_infinity_claims_nothing():
    found = stl.check_claim("1/(n - 100)", make_setting(), quantity="bias", replicas=10, **VALUES)
    assert found.points[0].claimed == float("inf") and not found.contradicted
    assert found.to_dict()["points"][0]["claimed"] is None


def test_claims_are_made_at_the_sizes_that_were_run():
    found = stl.check_claim("1/n + alpha", make_setting(), quantity="drift", replicas=10, n=10, alpha=0.33, i=2)
    assert found.points[0].used["alpha"] == 0.3
    assert found.points[0].claimed == pytest.approx(0.4)
    assert "was rounded to" in str(found)


def test_the_confidence_is_shared_among_the_points():
    one = stl.check_claim("1/10", make_setting(), quantity="drift", replicas=300, **VALUES).points[0]
    grid = [{"n": 100}] * 10
    many = stl.check_claim("1/10", make_setting(), grid, quantity="drift", alpha=0.2, i=8, replicas=300)
    assert many.points[0].seed == one.seed
    assert many.points[0].low < one.low


def test_a_generator_with_one_seed_or_no_sampler():
    model = stl.generators.Generator("mine", stl.DISCRETE, kappa, c)
    setting = stl.Setting(stl.loops.FixedMix(alpha), model, stl.learners.UniformlyStable(b))
    with pytest.raises(AssumptionError):
        stl.check_claim("1", setting, quantity="bias", kappa=0.5, c=0.1, b=0.1, M=1, replicas=10, **VALUES)


def test_results_are_plain_data():
    found = stl.check_claim("sqrt(1/n)", make_setting(), quantity="bias", replicas=20, **VALUES)
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert data["schema"] == "stlbounds/check-claim/1" and data["verdict"] == "consistent"
    assert data["points"][0]["claimed"] == pytest.approx(0.1)


@pytest.mark.parametrize(("claim", "error", "says"), [
    ("sqrt(log(2/delta", ParseError, "parenthesis"),
    ("__import__('os')", ParseError, "no strings"),
    ("zeta(n)", ParseError, "unknown function"),
    ("log(alpha - 1)", InvalidArgumentError, "expression"),
    ("lam/n", InvalidArgumentError, "no value for lam"),
    (sp.Symbol("foreign"), SymbolError, "foreign"),
    (object(), InvalidArgumentError, "a formula as a text"),
])
def test_what_is_no_claim_is_refused(claim, error, says):
    with pytest.raises(error, match=says):
        stl.check_claim(claim, make_setting(), quantity="bias", replicas=10, **VALUES)


def test_other_arguments_are_checked():
    with pytest.raises(InvalidArgumentError, match="quantity"):
        stl.check_claim("1", make_setting(), quantity="gaps", **VALUES)
    with pytest.raises(InvalidArgumentError, match="setting"):
        stl.check_claim("1", stl.in_expectation(make_setting()), **VALUES)
    with pytest.raises(InvalidArgumentError, match="no value for delta"):
        stl.check_claim("1", make_setting(), **VALUES)
    with pytest.raises(InvalidArgumentError, match="replicas"):
        stl.check_claim("1", make_setting(), replicas=1, **VALUES)


def test_a_symbol_of_a_user_may_occur():
    own = declare("tested_slope", "slope of a test", low=0)
    found = stl.check_claim(own / n, make_setting(), quantity="bias", tested_slope=200, replicas=10, **VALUES)
    assert found.points[0].claimed == 2


def test_the_command_offers_every_quantity():
    assert tuple(QUANTITIES) == command.QUANTITIES
    assert {K, M, i}  # the vocabulary that the claims above are written in


# --- the interval of the variance ------------------------------------------------------------------------------


def _run_with(gap):
    setting = make_setting()
    base = run(setting.loop, setting.generator.sampler({}), setting.learner.judge({}), {"n": 5, "alpha": 0.2}, 0, 2, 0)
    return dataclasses.replace(base, gap=np.asarray(gap, dtype=float)[:, None], replicas=len(gap))


def test_the_variance_of_tiny_gaps_is_resolved():
    gap = 0.01 * np.random.default_rng(5).choice([-1.0, 1.0], 4000) + 0.4
    row = QUANTITIES["variance"].compare(1e-4, _run_with(gap), 1.0, None, 1 - 1e-6)
    assert row.verdict == "consistent"
    assert 0.75e-4 < row.low < 1e-4 < row.high
    assert QUANTITIES["variance"].compare(0.7e-4, _run_with(gap), 1.0, None, 1 - 1e-6).verdict == "contradicted"


@pytest.mark.slow
def test_the_lower_end_for_the_variance_is_rarely_too_high_even_with_rare_large_gaps():
    rng, level, trials = np.random.default_rng(6), 0.8, 80
    misses = 0
    for _ in range(trials):
        gap = np.where(rng.random(200) < 0.02, rng.choice([-0.9, 0.9], 200), rng.normal(0, 0.01, 200))
        variance = 0.02 * 0.81 + 0.98 * 1e-4
        misses += QUANTITIES["variance"].compare(1.0, _run_with(gap), 1.0, None, level).low > variance
    # Were each trial to miss with probability 0.2, more would happen with probability below 1e-6.
    limit = next(k for k in range(trials) if 1 - binomial_cdf(k, trials, 1 - level) < 1e-6)
    assert misses <= limit
