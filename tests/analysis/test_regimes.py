"""Uniformity, the paper's form up to constants, phase diagrams, critical values without closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import settings
import sympy as sp

import stlbounds as stl
from stlbounds.analysis.rate import without_numbers
from stlbounds.analysis.roots import root_in
from stlbounds.errors import UndecidedError
from stlbounds.symbols import M, alpha, b, c, delta, i, kappa, lam, n, omega, r


def test_a_fixed_mix_is_uniform_in_the_generations_below_loop_gain_one():
    uniform = settings.bound("fresh/generic").rate(n).uniform_in(i)
    assert uniform.at(kappa=1, alpha=0.5) is True
    assert uniform.at(kappa=2, alpha=0.5) is False and uniform.at(kappa=4, alpha=0.5) is False


@pytest.mark.parametrize("name, parameter, point, expected", [
    ("accumulate/k1", i, {}, True),  # pi**2/6
    ("accumulate/k2", i, {}, False),
    ("subsample/e-k1", i, {}, False),
    ("replay/generic", delta, {}, False),  # log(2/delta)
    ("replay/generic", alpha, dict(r=1), True),
    ("replay/generic", alpha, dict(r=0.25), False),  # without synthetic data the order is another one
    ("replay/generic", r, dict(), False),
])
def test_uniformity(name, parameter, point, expected):
    answer = settings.bound(name).rate(n).uniform_in(parameter)
    assert (answer.at(**point) if point else answer.value) is expected


def test_the_form_up_to_constants_lists_what_it_drops():
    leading = settings.bound("real/generic").rate(n).value
    assert leading.up_to_constants == (M + b) * sp.sqrt(sp.log(2 / delta)) / sp.sqrt(n)
    assert set(leading.dropped) == {sp.Integer(2), sp.sqrt(2), sp.Rational(1, 2)}
    assert without_numbers(1 - alpha) == (1 - alpha, ())
    assert without_numbers(3 * c * (1 + 5 * lam)) == (c * (1 + lam), (3, 5))


def test_a_phase_diagram_agrees_with_the_verdicts_and_the_formula():
    bound = settings.bound("fresh/generic")
    diagram = bound.phase_diagram(alpha, kappa, [0, 0.25, 0.5, 0.75, 1], [0, 0.5, 1, 2, 4])
    expected = [
        ["critical", *["guaranteed"] * 4],  # the drift of theory §4 needs some real data
        ["critical", *["guaranteed"] * 4],
        ["critical", *["guaranteed"] * 4],
        ["no guarantee", "no guarantee", "critical", "guaranteed", "guaranteed"],
        ["no guarantee"] * 3 + ["critical", "guaranteed"],
    ]
    assert diagram.regimes.tolist() == expected
    assert [boundary.curve for boundary in diagram.boundaries] == [1 / (1 - alpha)]
    assert len(diagram.records()) == 25 and diagram.records()[7]["regime"] == "guaranteed"
    default = bound.phase_diagram(alpha, kappa)
    assert default.codes.shape == (41, 41)
    across, up = np.meshgrid(default.x_values, default.y_values)
    clear = (np.abs(up * (1 - across) - 1) > 1e-9) & (across > 0)
    assert ((default.regimes == "guaranteed") == (up * (1 - across) < 1))[clear].all()


def test_the_amount_of_synthetic_data_that_a_loop_bears():
    critical = settings.bound("augment/generic").threshold(lam).critical
    assert critical.subs(kappa, 3) == sp.Rational(1, 2) and critical.subs(kappa, sp.Rational(1, 2)) == sp.oo


def test_a_symbolic_transformer():
    found = settings.bound("replay/transformer").threshold(alpha)
    whole = stl.generators.Transformer().sensitivity
    assert found.critical == sp.Max(0, 1 - 1 / whole)


def test_critical_values_without_a_closed_form_are_bracketed():
    root = root_in(sp.exp(omega) + omega**3 - 3, omega)
    low, high = root.bracket
    assert high - low < 1e-11
    assert (sp.exp(low) + low**3).evalf(30) < 3 < (sp.exp(high) + high**3).evalf(30)
    with pytest.raises(UndecidedError, match="give values for kappa"):
        root_in(sp.exp(omega) + omega**3 - 3 - kappa, omega)


def test_an_iterated_and_a_joint_limit_differ():
    # alpha -> 0 with i alpha fixed: (1 - exp(-t))/t of i, between the two iterated limits.
    bound = settings.bound("fresh/e-k1/mean")
    joint = bound.rate(i, alpha=2 / i, e=1, M=1).value
    assert joint.order == i and sp.simplify(joint.constant - (1 - sp.exp(-2)) / 2) == 0
    assert bound.rate(i, alpha=0, e=1, M=1).value.constant == 1
    assert bound.limit(i, sp.oo, e=1, M=1, b=0).value == (1 - alpha) / alpha


def test_more_terms_tell_more():
    found = settings.bound("replay/generic").expansion(n, order=2, alpha=1).value
    assert [term.order for term in found.terms] == [n ** -sp.Rational(1, 2), 1 / n] and found.exact
    one = settings.bound("real/categorical/hp/brier").expansion(n, order=1).value
    assert not one.exact and len(one.terms) == 1
