"""Upper bounds that hold for every number of generations, held against the sums that they replace."""

from __future__ import annotations

import pytest
import settings
import sympy as sp

from stlbounds.analysis.tails import above_for_ever
from stlbounds.growth import growth_sum
from stlbounds.symbols import i, symbol

VALUES = dict(M=1, b=1, c=0.1, delta=0.05, r=0.5, n=1000)


@pytest.mark.parametrize("name, kappa", [("accumulate/generic", "0.3"), ("accumulate/generic", "0.5"),
                                         ("accumulate/generic", "1"), ("accumulate/generic", "1.5"),
                                         ("accumulate/categorical", "1"), ("subsample/categorical", "1")])
def test_what_replaces_the_sums_is_larger(name, kappa):
    bound = settings.bound(name)
    values = {s: sp.Rational(str({**VALUES, "kappa": kappa}[s.name])) for s in bound.expr.free_symbols if s != i}
    found = above_for_ever(bound.expr, i, values)
    if found is None:
        assert name.startswith("subsample")
        return
    larger, y = found
    assert not larger.has(growth_sum)
    for generations in (1, 2, 3, 7, 30, 100):
        exact = bound.evaluate(i=generations, **{s.name: float(value) for s, value in values.items()})
        above = float(larger.subs(y, generations + 1).evalf())
        assert exact <= above
    # Beyond the first generations little is given away while the bound stays finite.
    assert above <= 1.05 * exact or kappa != "1"


@pytest.mark.parametrize("name", ["accumulate/k1", "accumulate/categorical"])
def test_an_accumulating_loop_is_proved_to_stay_below_a_target_for_ever(name):
    bound = settings.bound(name)
    values = {key: value for key, value in VALUES.items() if symbol(key) in bound.symbols}
    early, late = bound.evaluate(i=[20, 200], **values)
    assert bound.horizon(1.15 * late, **values).value == sp.oo
    assert bound.max_generations(early * (1 - 1e-9), **values).value == 19
