"""Questions on bounds with sums over generations, and on the smallest of several bounds."""

from __future__ import annotations

import dataclasses

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.analysis.facts import Facts
from stlbounds.analysis.minimize import minimize_expression
from stlbounds.errors import InvalidArgumentError, UndecidedError
from stlbounds.interval.by_values import ByValues
from stlbounds.sequences import listed
from stlbounds.symbols import N, alpha, c, i, j, kappa, n, r

GENERIC = stl.generators.Generator("generic", stl.DISCRETE, kappa, c * N**-r)
LISTED = stl.loops.Schedule([0.5, 0.4, 0.3])
VALUES = {"n": (100, 10_000), "kappa": 1, "M": 1, "b": 1, "c": 1, "r": 0.5, "delta": 0.05}


def _bound(loop: stl.loops.Loop) -> stl.Bound:
    return stl.high_probability(stl.Setting(loop, GENERIC))


def _number(expression: sp.Expr, values: dict[str, float]) -> float:
    known = {symbol: sp.Rational(str(values[symbol.name])) for symbol in expression.free_symbols
             if symbol.name in values}
    return float(expression.subs(known).doit().evalf())


class TestSchedules:
    """Finite lists and formulas."""

    @pytest.mark.parametrize("loop", [LISTED, stl.loops.Schedule(1 / (j + 1))])
    def test_the_rate_in_n_needs_no_number_of_generations(self, loop):
        bound = _bound(loop)
        rate = bound.rate(n)
        assert [case.value.order for case in rate.cases] == [n**sp.Rational(-1, 2), n**sp.Rational(-1, 2), n**-r]
        values = {"kappa": 1.2, "c": 0.7, "r": 0.8, "M": 1, "b": 2, "delta": 0.05, "i": 3}
        constant = _number(rate.at(r=0.8).constant, values)
        assert bound.evaluate(n=1e24, **values) * 1e12 == pytest.approx(constant, rel=1e-6)

    @pytest.mark.parametrize("real", ["fresh", "replay"])
    def test_a_schedule_that_has_all_real_points_once_has_a_rate(self, real):
        bound = _bound(stl.loops.Schedule(1 / j, real=real))
        rate = bound.rate(n)
        # There is no drift in generation 1, whose points are real.
        assert [str(case.value.order) for case in rate.cases] == ["1/sqrt(n)", "1/sqrt(n)", "n**(-r)", "1/sqrt(n)"]
        values = {"kappa": 1.2, "c": 0.7, "r": 0.3, "M": 1, "b": 2, "delta": 0.05, "i": 3}
        constant = _number(rate.at(r=0.3, i=3).constant, values)
        assert bound.evaluate(n=1e60, **values) * 1e18 == pytest.approx(constant, rel=1e-6)
        assert bound.limit(n, sp.oo).value == 0

    def test_many_generations_stay_open(self):
        with pytest.raises(UndecidedError, match="sum whose terms change"):
            _bound(stl.loops.Schedule(sp.exp(-j))).rate(i)

    def test_a_list_is_compared_generation_by_generation(self):
        other = _bound(stl.loops.FixedMix(alpha, real="fresh"))
        found = _bound(LISTED).compare(other, budget=60.0, alpha=0.2, i=(0, 3), **VALUES)
        assert found.proved and isinstance(found.verdict.certificate, ByValues)
        certificate = found.verdict.certificate
        assert len(certificate.parts) == 4 and certificate.replay() and "i = 3" in str(found.verdict)
        # A part for another generation, or one part too few, is no proof.
        assert not dataclasses.replace(certificate, parts=certificate.parts[::-1]).replay()
        assert not dataclasses.replace(certificate, parts=certificate.parts[:-1]).replay()

    def test_no_question_goes_beyond_the_end_of_a_list(self):
        bound, other = _bound(LISTED), _bound(stl.loops.FixedMix(alpha, real="fresh"))
        point = {**VALUES, "n": 1000}
        rest = {key: value for key, value in point.items() if key != "n"}
        for question in (lambda: bound.enclose_grid(i=[1, 4], **point), lambda: bound.sample_size(0.5, i=4, **rest),
                         lambda: bound.rate(n, i=4), lambda: bound.limit(n, sp.oo, i=4),
                         lambda: bound.minimize(i, over=(0, 4), **point), lambda: bound.compare(bound, i=4, **point),
                         lambda: other.compare(bound, i=(0, 4), alpha=0.2, **point)):
            with pytest.raises(InvalidArgumentError, match=r"i = .*at most 3"):
                question()
        assert bound.minimize(i, **point).where == ((0, 0),)
        box = other.compare(bound, alpha=0.2, **point).verdict.box
        assert box.high[box.symbols.index(i)] == 3

    def test_and_refuted_at_one_of_them(self):
        other = _bound(stl.loops.FixedMix(alpha, real="fresh"))
        found = _bound(LISTED).compare(other, budget=60.0, alpha=0.45, i=(0, 3), **VALUES)
        assert found.refuted and found.verdict.point[i] >= 2
        point = {str(key): value for key, value in found.verdict.point.items()}
        values = {key: point.get(key, value) for key, value in VALUES.items()}
        assert _bound(LISTED).evaluate(i=point["i"], **values) > other.evaluate(alpha=0.45, i=point["i"], **values)


class TestBest:
    """The smallest of bounds."""

    def test_its_rate_is_the_smallest_constant_of_the_smallest_order(self):
        bound = stl.best(stl.Setting(stl.loops.FixedMix(alpha, real="fresh"), stl.generators.Categorical(20)))
        rate = bound.rate(n)
        assert rate.order == n**sp.Rational(-1, 2) and isinstance(rate.constant, sp.Min)
        values = {"alpha": 0.3, "i": 4, "M": 1, "b": 2, "delta": 0.01}
        constant = _number(rate.constant, values)
        assert bound.evaluate(n=1e20, **values) * 1e10 == pytest.approx(constant, rel=1e-6)


def test_boundary_values_of_a_rate_are_put_in():
    rate = stl.excess_risk(stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(20))).rate(n)
    assert rate.order == 1
    assert rate.at(comparator=0, opt=0).order == n**sp.Rational(-1, 2)
    assert rate.at(comparator=0).constant == stl.symbols.opt
    assert rate.at(comparator=0.5, opt=0.25).constant == rate.constant
    with pytest.raises(InvalidArgumentError, match="comparator"):
        rate.at(comparator=-1)


class TestSigns:
    """What is known of sums over generations."""

    def test_a_list_inside_of_a_product_takes_every_value(self):
        m = sp.Symbol("m", integer=True, positive=True)
        mixed = sp.Product(listed(m, -1, 1), (m, 1, i)) + 1
        # With -1 throughout, or 1 throughout, it would be another number.
        assert Facts().decide(mixed) is None
        assert not Facts().nonnegative(sp.Product(listed(m, -1, 1), (m, 1, i)))

    def test_entries(self):
        assert Facts().decide(1 - listed(i, sp.Rational(1, 2), sp.Rational(1, 4))) == 1
        assert Facts().decide(1 - listed(i, sp.Rational(1, 2), 2)) is None
        assert Facts().nonnegative(1 - listed(i, sp.Rational(1, 2), 1))

    def test_extremes(self):
        assert Facts().decide(sp.Min(n, kappa)) == 1 and Facts().decide(sp.Max(n, kappa - 7)) == 1
        assert Facts().decide(sp.Min(n, kappa - 7)) is None


def test_a_point_without_a_value_is_no_minimum():
    # The radicand is negative on the whole range, by less than an enclosure can see at its lower end.
    function = alpha + sp.sqrt(sp.Rational(1, 3) - alpha - sp.Rational(1, 10**40))
    with pytest.raises(UndecidedError):
        minimize_expression(function, alpha, over=(sp.Rational(1, 3), sp.Rational(1, 2)), budget=1.0)


@pytest.mark.slow
@pytest.mark.parametrize(("loop", "answer"), [(stl.loops.Accumulate(), 152_912), (stl.loops.Subsample(), 351_596)])
def test_many_generations_are_found_without_walking_there(loop, answer):
    values = {"n": 10**6, "kappa": 1.2, "c": 1, "r": 0.5, "M": 1, "b": 1, "delta": 0.05}
    found = _bound(loop).horizon(0.05, seconds=120, **values)
    assert found.value == answer
    below, above = (_bound(loop).evaluate(i=answer + step, **values) for step in (-1, 0))
    assert below <= 0.05 < above


@pytest.mark.parametrize("rate", [sp.sqrt(2 + sp.sqrt(3)), sp.sqrt(1 + sp.sqrt(2))])
def test_nested_radicals_are_sensitivities(rate):
    mine = stl.generators.Generator("mine", stl.DISCRETE, rate, c * N**-r)
    bound = stl.in_expectation(stl.Setting(stl.loops.FixedMix(alpha), mine))
    assert bound.proof.verify().leaves == 5
