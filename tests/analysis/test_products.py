"""Products over generations in closed form, sums of powers, and the rates of loops that are made of them."""

from __future__ import annotations

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.analysis.products import closed_products
from stlbounds.errors import UndecidedError
from stlbounds.growth import STEP, growth
from stlbounds.symbols import G, N, c, i, j, kappa, r

GENERIC = stl.generators.Generator("generic", stl.DISCRETE, kappa, c * N**-r)


def _bound(loop: stl.loops.Loop) -> stl.Bound:
    return stl.high_probability(stl.Setting(loop, GENERIC))


@pytest.mark.parametrize("factor", [1 - 1 / STEP, kappa * (1 - 1 / STEP), 1 + kappa / (STEP + 1),
                                    1 - 1 / (STEP + 1) ** 2, (STEP + 3) / (2 * STEP + 2),
                                    kappa * STEP / (STEP + 1)], ids=str)
def test_a_closed_product_is_the_product(factor):
    product = sp.Product(factor, (STEP, G + 1, i))
    closed = closed_products(product**2, i)
    assert not closed.has(sp.Product)
    for born, last in ((0, 5), (2, 4), (3, 9)):
        values = {G: born, i: last, kappa: sp.Rational(3, 7)}
        assert sp.simplify(closed.subs(values).doit() - product.subs(values).doit() ** 2) == 0


@pytest.mark.parametrize("factor", [1 - kappa / (STEP + 1), 1 + kappa / (STEP + sp.Rational(1, 2)), 2**STEP,
                                    1 + STEP**2, 1 + 1 / (1 + STEP**2)], ids=str)
def test_other_products_stay(factor):
    product = sp.Product(factor, (STEP, G + 1, i))
    assert closed_products(product, i) == product
    assert closed_products(sp.Product(1 + kappa / STEP, (STEP, 1, G)), i).has(sp.Product)


def test_a_product_of_growing_factors_is_a_growth():
    product = sp.Product(1 + 2 * kappa / (STEP + 1), (STEP, G + 1, i - 1))
    assert closed_products(product, i) == growth(2 * kappa, 0, i) / growth(2 * kappa, 0, G + 1)


#: Of weights and schedules with a closed product, where the concentration is of the stated order, and a check of it.
@pytest.mark.parametrize(("loop", "orders"), [
    (stl.loops.SourceWeights(1), {3: i**2, sp.Rational(1, 2): sp.S.One}),
    (stl.loops.SourceWeights(1 + j), {2: i**2, sp.Rational(1, 4): sp.S.One}),
    (stl.loops.Schedule(1 / j), {2: 2**i / i, 1: sp.sqrt(i), sp.Rational(1, 2): sp.S.One}),
    (stl.loops.Schedule(1 / (j + 1)), {sp.Rational(3, 2): sp.Rational(3, 2)**i / i, 1: sp.sqrt(i)}),
], ids=str)
def test_rates_over_the_generations(loop, orders):
    bound = _bound(loop)
    rate = bound.rate(i, term="concentration")
    values = {"n": 100, "b": 1, "M": 1, "c": 1, "r": 0.5, "delta": 0.05}
    for strength, order in orders.items():
        found = rate.at(kappa=strength)
        assert sp.simplify(found.order.subs(kappa, strength) / order) == 1
        first, later = (float(bound.evaluate_terms(i=last, kappa=strength, **values)["concentration"]
                              / order.subs(i, last)) for last in (150, 300))
        assert later == pytest.approx(first, rel=0.03)


def test_a_constant_that_converges_is_the_one_of_the_values():
    rate = _bound(stl.loops.Schedule(1 / j)).rate(i, term="concentration", kappa=2, n=1, b=1, M=1, delta=1 / sp.E * 2)
    # The sum of g**2/4**g is 20/27.
    assert sp.simplify(rate.constant.doit() - 3 / sp.sqrt(2) * sp.sqrt(sp.Rational(20, 27))) == 0
    assert rate.order == 2**i / i


def test_what_is_missing_is_said():
    with pytest.raises(UndecidedError, match=r"does not factor out: .*evaluate the bound at several values of i"):
        _bound(stl.loops.SourceWeights(2**j)).rate(i)
    generator = stl.generators.Generator("any", stl.DISCRETE, kappa, c, point_variance=sp.Rational(1, 9))
    with pytest.raises(UndecidedError, match="give the generator a number for its sensitivity"):
        stl.bernstein(stl.Setting(stl.loops.SourceWeights((1 + j) ** 2), generator))
