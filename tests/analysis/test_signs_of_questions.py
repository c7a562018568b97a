"""The facts behind every answer: linear arithmetic, signs that follow, and cases that are joined."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
import sympy as sp

from stlbounds.analysis.budget import Budget
from stlbounds.analysis.cases import explore
from stlbounds.analysis.facts import Facts, Split
from stlbounds.analysis.linear import Constraint, contradictory
from stlbounds.errors import InvalidArgumentError, UndecidedError
from stlbounds.special import geometric_sum
from stlbounds.symbols import G, J, K, alpha, delta, entry, i, kappa, lam, n, r


def constraint(terms, constant, strict=False):
    return Constraint.make({name: Fraction(value) for name, value in terms.items()}, Fraction(constant), strict)


def test_contradictions_are_found():
    x, y = sp.symbols("x y", real=True)
    assert contradictory([constraint({x: 1}, -1), constraint({x: -1}, 0)])  # x >= 1 and x <= 0
    assert not contradictory([constraint({x: 1}, -1), constraint({x: -1}, 1)])  # x = 1
    assert contradictory([constraint({x: 1}, -1), constraint({x: -1}, 1, strict=True)])
    assert contradictory([constraint({x: 1, y: -1}, 0, True), constraint({y: 1, x: -1}, 0)])
    assert contradictory([constraint({i: 1}, 0, True), constraint({i: -1}, 1, True)])  # no integer in (0, 1)


def _random_expression(rng, symbols):
    terms = []
    for _ in range(rng.randint(2, 4)):
        factors = rng.sample(symbols, rng.randint(0, 2))
        terms.append(sp.Rational(rng.randint(-4, 4), rng.randint(1, 3)) * sp.Mul(*factors))
    whole = sp.Add(*terms)
    kind = rng.randint(0, 3)
    if kind == 1:
        return whole * (1 - alpha) / (1 + lam)
    if kind == 2:
        return sp.log(1 + lam) * whole + sp.log(2 / delta) * rng.randint(0, 2)
    return whole + geometric_sum(kappa, i - 1) * rng.randint(0, 1) if kind == 3 else whole


def _point(rng, symbols):
    found = {}
    for name in symbols:
        values = entry(name).range
        high = values.high if values.high != sp.oo else values.low + 3
        found[name] = (sp.Integer(rng.randint(max(1, int(values.low)), 5)) if values.integer
                       else values.low + (high - values.low) * sp.Rational(rng.randint(1, 99), 100))
    return found


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))])
def test_no_decided_sign_is_wrong(seed):
    rng = random.Random(seed)
    symbols = [alpha, kappa, lam, r, delta, i]
    decided = 0
    for _ in range(40):
        expression = _random_expression(rng, symbols)
        sign = Facts().decide(expression)
        if sign is None:
            continue
        decided += 1
        for _ in range(6):
            value = expression.subs(_point(rng, symbols)).evalf(30)
            assert (abs(value) < 1e-20) if sign == 0 else sp.sign(value) == sign, expression
    assert decided >= 8


@pytest.mark.parametrize("expression, sign", [
    (1 - alpha, 1), (alpha - 1, -1), (1 / (1 - alpha), 1), (sp.log(2 / delta), 1), (sp.log(1 - alpha), -1),
    (alpha * lam - lam, -1), (i - 1 + lam, 1), (geometric_sum(kappa, i - 1) + 1, 1), (sp.exp(-lam) - 1, -1),
    (sp.log(lam + 1) - sp.log(lam), 1), ((lam + 1) ** 2 - lam**2, 1), (lam - lam, 0), (K - 1, 1), (n - 1, 1),
    (1 - lam / (2 * (1 + lam)), 1), (sp.log(2) - sp.Rational(1, 2), 1),
])
def test_signs_that_follow(expression, sign):
    assert Facts().decide(expression) == sign


def test_facts_decide_what_their_ranges_do_not():
    assert Facts().decide(kappa - 1) is None
    with pytest.raises(Split):
        Facts().sign(kappa - 1)
    below = Facts(((kappa - 1, -1),))
    assert below.decide(1 - kappa**2) == 1 and below.decide(kappa - 2) == -1 and below.decide(kappa * lam - lam) == -1
    assert below.decide(sp.log(kappa)) == -1 and below.decide(2 * kappa - 1) is None
    assert not below.assume(kappa - 2, 1).consistent
    assert Facts(((2 * r - 1, 0),)).substitution == {r: sp.Rational(1, 2)}


def test_cases_that_agree_are_joined_and_others_are_not():
    def question(facts):
        first = facts.sign(2 * kappa - 1)
        return "small" if first <= 0 or facts.sign(kappa - 1) < 0 else "large"

    cases, _ = explore(question, Budget(10, "a test"))
    found = {case.value: str(case) for case in cases}
    assert found == {"small": "small  if kappa < 1", "large": "large  if kappa >= 1"}


def test_a_budget_gives_up_and_says_what_was_tried():
    with pytest.raises(InvalidArgumentError, match="seconds"):
        Budget(0, "nothing")
    with pytest.raises(UndecidedError, match="tried a long search"):
        Budget(1e-9, "a long search").check()


def test_what_is_nonnegative_in_generation_1():
    steps = sp.Product(1 - 1 / G, (G, J + 1, i))
    for expression in (1 - 1 / i, alpha * (1 - 1 / i), sp.Sum(1 - 1 / G, (G, 1, i)),
                       sp.Sum(steps**2 / (J + 1), (J, 1, i)), sp.Product(2 * G + 1, (G, 0, i))):
        assert Facts().nonnegative(expression)
    for expression in (1 - 2 / i, 1 / i - 1, sp.Sum(1 - 2 / G, (G, 1, i)), sp.Sum(1 / G, (G, 1, i - 3)),
                       sp.Product(2 * G - 1, (G, 0, i))):
        assert not Facts().nonnegative(expression)


def test_a_sum_that_may_be_empty_is_not_positive():
    for last in (i, sp.oo):
        assert Facts().decide(sp.Sum(1 / G, (G, 1, last))) == 1
    # In generation 1 nothing is left of it.
    assert Facts().decide(sp.Sum(1 / G, (G, 1, i - 1))) is None
    assert Facts().nonnegative(sp.Sum(1 / G, (G, 1, i - 1)))
    assert Facts().decide(1 + sp.Sum(1 / G, (G, 1, i - 1))) == 1
