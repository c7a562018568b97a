"""Whole sizes for pools, and the parameters they amount to."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from stlbounds.errors import InvalidArgumentError, SymbolError
from stlbounds.loops import FixedMix
from stlbounds.proof.protocol import Plan, Pool
from stlbounds.simulation.rounding import effective_values, exact_value, plain, round_plan
from stlbounds.symbols import alpha, lam, n, w


@pytest.mark.parametrize("real", ["replay", "fresh"])
@pytest.mark.parametrize("count", [1, 7, 50, 1001])
@pytest.mark.parametrize("share", [0, 0.001, 0.02, 0.3, 0.5, 0.999, 1])
def test_training_sets_keep_their_size(real, count, share):
    plan = FixedMix(alpha, real=real).plan(4)
    asked = {"n": count, "alpha": share}
    rounding = round_plan(plan, asked)
    for pools in plan.generations:
        assert sum(rounding.sizes[pool] for pool in pools) == count
    assert all(abs(pool.requested - pool.used) <= 0.5 + 1e-9 for pool in rounding.pools)
    used = effective_values(rounding, asked)
    assert used is not None
    assert used["n"] == count
    later = plan.generations[1]
    assert used["alpha"] == sp.Rational(rounding.sizes[later[0]], count)


def test_the_effective_parameter_and_what_changed():
    asked = {"n": 10, "alpha": 0.33}
    rounding = round_plan(FixedMix(alpha).plan(2), asked)
    assert {(pool.name, pool.born, pool.requested, pool.used) for pool in rounding.changed} == {
        ("replayed", 0, 3.3, 3), ("initial", 0, 6.7, 7), ("synthetic", 1, 6.7, 7), ("synthetic", 2, 6.7, 7),
    }
    assert effective_values(rounding, asked) == {"n": 10, "alpha": sp.Rational(3, 10)}


def test_whole_sizes_change_nothing():
    asked = {"n": 10, "alpha": 0.3}
    rounding = round_plan(FixedMix(alpha).plan(3), asked)
    assert rounding.changed == ()
    assert effective_values(rounding, asked) == {"n": 10, "alpha": sp.Rational(3, 10)}


def test_a_fraction_of_linear_functions_is_solved():
    loop = FixedMix(1 / (1 + lam))
    asked = {"n": 10, "lam": 2}
    used = effective_values(round_plan(loop.plan(1), asked), asked)
    assert used is not None
    assert used["lam"] == sp.Rational(7, 3)


def test_a_fixed_proportion_cannot_be_rounded():
    asked = {"n": 7}
    rounding = round_plan(FixedMix(sp.Rational(1, 2)).plan(1), asked)
    assert effective_values(rounding, asked) is None
    assert effective_values(round_plan(FixedMix(sp.Rational(1, 2)).plan(1), {"n": 8}), {"n": 8}) == {"n": 8}


def test_many_pools_fill_a_training_set():
    """Like subsample: n/(j+1) points of each generation; cumulative rounding keeps the total."""
    start = (Pool("any", 0, 0, n),)
    later = tuple(Pool(f"from {k}", 1, k % 2, n / 7) for k in range(7))
    rounding = round_plan(Plan((start, later)), {"n": 10})
    sizes = [rounding.sizes[pool] for pool in later]
    assert sum(sizes) == 10
    assert set(sizes) == {1, 2}


def test_missing_and_empty_are_refused():
    plan = FixedMix(alpha).plan(1)
    with pytest.raises(InvalidArgumentError, match="no value for alpha"):
        round_plan(plan, {"n": 10})
    with pytest.raises(InvalidArgumentError, match="alpha"):
        round_plan(plan, {"n": 10, "alpha": 1.2})
    with pytest.raises(InvalidArgumentError, match="empty training set of generation 0"):
        round_plan(Plan(((Pool("any", 0, 0, alpha),),)), {"alpha": 0.1})


@pytest.mark.parametrize("value", [3, 3.0, Fraction(3), np.int64(3), np.float64(3.0), sp.Integer(3)])
def test_numbers_of_many_kinds_are_exact(value):
    number = exact_value("n", value)
    assert number == 3 and isinstance(number, sp.Integer) and type(plain(number)) is int


def test_floats_are_the_decimals_they_print():
    assert exact_value("alpha", 0.1) == sp.Rational(1, 10)
    assert plain(exact_value("alpha", 1e-12)) == 1e-12


@pytest.mark.parametrize(("name", "value"), [
    ("n", 2.5), ("n", 0), ("n", -3), ("n", True), ("n", "3"), ("alpha", 1.2), ("alpha", float("nan")),
    ("delta", 0), ("delta", 1), ("i", -1), ("i", 0.5), ("n", float("inf")), ("alpha", None), ("alpha", [0.5]),
    ("alpha", sp.sqrt(2) / 2), ("alpha", alpha),
])
def test_bad_numbers_are_refused(name, value):
    with pytest.raises(InvalidArgumentError, match=name):
        exact_value(name, value)


def test_unknown_names_are_refused():
    with pytest.raises(SymbolError, match="no_such"):
        exact_value("no_such", 1)


def test_one_of_two_proportions_is_rounded_where_the_other_gives_whole_sizes():
    kept, new = Pool("kept", 0, 0, alpha * n), (1 - alpha) * n
    split = (Pool("new", 1, 0, w * new), Pool("new", 1, 1, (1 - w) * new))
    plan = Plan(((kept, Pool("initial", 0, 0, new)), (kept, *split)))
    for size, known in ((100, {"alpha": 1 / 4, "w": Fraction(38, 75)}), (77, {"alpha": Fraction(19, 77), "w": 1 / 2})):
        asked = {"n": size, "alpha": 0.25, "w": 0.5}
        rounding = round_plan(plan, asked)
        found = effective_values(rounding, asked)
        assert found == {"n": size, **{name: exact_value(name, value) for name, value in known.items()}}
        for pool, used in rounding.sizes.items():
            assert pool.size.subs({n: size, alpha: found["alpha"], w: found["w"]}) == used
