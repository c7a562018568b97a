"""The rules for leaves and for algebra: what they conclude, and each side condition that they must refuse."""

from __future__ import annotations

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import AssumptionError, SymbolError, UndecidedError
from stlbounds.proof.claim import Rule, Says
from stlbounds.proof.quantities import (
    D,
    Deviation,
    Distance,
    DistributionShift,
    Dmix,
    DriftBias,
    ExchangeBias,
    FinalInfluence,
    Gap,
    Influence,
    InfluenceSquares,
    LossConstant,
    MeanGap,
    RangeSquares,
    RecursiveStability,
    Sensitivity,
    Stability,
    Str,
    Variance,
)
from stlbounds.proof.rules import algebra, basic
from stlbounds.special import geometric_sum as geo
from stlbounds.symbols import G, J, M, N, Phi, alpha, b, c, delta, e, eta, h_bar, i, kappa, n, rho

A = Str("a")
X, SHIFT = Influence(A, G, J), DistributionShift(A, G, J)
EVENT = frozenset({("concentration", delta)})


def conclude(rule: type[Rule], *premises: Says, **params: object) -> Says:
    return rule.conclude(premises, **params)


# --- leaves ----------------------------------------------------------------------------------------------------


class TestAssumption:
    @pytest.mark.parametrize("quantity", [
        Sensitivity(N), Stability(N), LossConstant(), Distance(Dmix(J), D(J + 1))])
    def test_constants_of_models_are_granted(self, quantity):
        assert conclude(basic.Assumption, quantity=quantity, bound=kappa / N, metric=stl.DISCRETE) == (
            Says(quantity, kappa / N))

    @pytest.mark.parametrize("quantity", [
        Gap(i), MeanGap(i), X, SHIFT, RangeSquares(i), InfluenceSquares(i), Variance(i), FinalInfluence(i),
        RecursiveStability(i), DriftBias(i), kappa])
    def test_nothing_else_is(self, quantity):
        with pytest.raises(AssumptionError, match="not for a reader to grant"):
            conclude(basic.Assumption, quantity=quantity, bound=kappa, metric=stl.DISCRETE)

    @pytest.mark.parametrize("quantity", [
        Distance(D(0), Dmix(i)), Distance(D(0), D(1)), Distance(D(0), Dmix(J)), Distance(Dmix(J), D(J + 2))])
    def test_of_the_distances_the_learning_error_only(self, quantity):
        """Granted, any other one would be printed as a learning error: a drift of 0 in its disguise."""
        with pytest.raises(AssumptionError, match="the learning error, not"):
            conclude(basic.Assumption, quantity=quantity, bound=sp.S.Zero, metric=stl.DISCRETE)

    @pytest.mark.parametrize("metric", ["discrete", None, 1])
    def test_its_metric_must_be_one(self, metric):
        with pytest.raises(AssumptionError, match="metric"):
            conclude(basic.Assumption, quantity=Sensitivity(N), bound=kappa, metric=metric)

    @pytest.mark.parametrize("bound", [rho, Phi / N, h_bar + 1])
    def test_named_parts_are_for_proofs_to_define(self, bound):
        with pytest.raises(AssumptionError, match="proofs define"):
            conclude(basic.Assumption, quantity=Sensitivity(N), bound=bound, metric=stl.DISCRETE)

    @pytest.mark.parametrize("bound", [-kappa, 1 - kappa])
    def test_a_bound_must_be_nonnegative(self, bound):
        with pytest.raises(UndecidedError, match="nonnegative"):
            conclude(basic.Assumption, quantity=Sensitivity(N), bound=bound, metric=stl.DISCRETE)

    def test_symbols_must_be_declared_and_there_are_no_premises(self):
        with pytest.raises(SymbolError):
            conclude(basic.Assumption, quantity=Sensitivity(N), bound=sp.Symbol("nobody"), metric=stl.DISCRETE)
        with pytest.raises(AssumptionError, match="no premises"):
            conclude(basic.Assumption, Says(X, sp.S.One), quantity=Sensitivity(N), bound=kappa, metric=stl.DISCRETE)


class TestDefinition:
    def test_named_parts_are_defined(self):
        assert conclude(basic.Definition, symbol=rho, value=kappa * (1 - alpha)) == (
            Says(rho, kappa * (1 - alpha), "="))
        assert conclude(basic.Definition, symbol=Phi, value=geo(rho, i)).rhs == geo(rho, i)

    @pytest.mark.parametrize("symbol", [kappa, alpha, n, i, delta, J])
    def test_parameters_are_not(self, symbol):
        with pytest.raises(AssumptionError, match="parameter of the setting"):
            conclude(basic.Definition, symbol=symbol, value=sp.S.One)

    @pytest.mark.parametrize("value", [rho + 1, Sensitivity(n), 1 + Gap(i)])
    def test_not_by_itself_and_not_by_quantities(self, value):
        with pytest.raises(AssumptionError, match="scalar expression without itself"):
            conclude(basic.Definition, symbol=rho, value=value)

    @pytest.mark.parametrize(("symbol", "value"), [(rho, kappa**i), (rho, kappa / N), (Phi, rho**J), (h_bar, kappa**G)])
    def test_not_by_an_index_that_they_do_not_have(self, symbol, value):
        with pytest.raises(AssumptionError, match="must not depend on an index"):
            conclude(basic.Definition, symbol=symbol, value=value)

    def test_not_by_what_may_be_negative(self):
        with pytest.raises(UndecidedError, match="at least 0"):
            conclude(basic.Definition, symbol=rho, value=1 - kappa)


# --- algebra ---------------------------------------------------------------------------------------------------


class TestInstantiate:
    family = Says(Influence(A, G, G + J), rho**J)

    def test_special_cases(self):
        says = conclude(algebra.Instantiate, self.family, index=((G, sp.S(0)), (J, i)))
        assert (says.lhs, says.rhs) == (Influence(A, 0, i), rho**i)
        # All indices at once: swapping two of them must not merge them.
        swapped = conclude(algebra.Instantiate, Says(X, rho**J * kappa**G), index=((J, G), (G, J)))
        assert (swapped.lhs, swapped.rhs) == (Influence(A, J, G), rho**G * kappa**J)

    @pytest.mark.parametrize("index", [(kappa, sp.S.One), (alpha, sp.S.Zero), (n, sp.S.One), (delta, sp.S.Half)])
    def test_parameters_are_no_indices(self, index):
        with pytest.raises(AssumptionError, match="not an index"):
            conclude(algebra.Instantiate, self.family, index=(index,))

    @pytest.mark.parametrize("value", [J - 1, i - 1, -i - 1, i - G, i / 2, kappa, alpha, sp.Rational(1, 2)])
    def test_a_value_must_be_in_the_range_of_the_index(self, value):
        with pytest.raises(UndecidedError, match="range of the index"):
            conclude(algebra.Instantiate, self.family, index=((J, value),))

    def test_sizes_start_at_1(self):
        with pytest.raises(UndecidedError, match="range of the index N"):
            conclude(algebra.Instantiate, Says(Sensitivity(N), kappa), index=((N, i),))
        assert conclude(algebra.Instantiate, Says(Stability(N), b / N), index=((N, n),)).rhs == b / n

    @pytest.mark.parametrize("rhs", [Phi, h_bar + 1])
    def test_parts_that_depend_on_i_must_be_unfolded_first(self, rhs):
        with pytest.raises(AssumptionError, match="unfold"):
            conclude(algebra.Instantiate, Says(InfluenceSquares(i), rhs), index=((i, J),))
        # Their other indices may be replaced.
        assert conclude(algebra.Instantiate, Says(Influence(A, G, i), rhs), index=((G, sp.S(0)),)).rhs == rhs

    def test_a_bound_variable_is_not_captured(self):
        with pytest.raises(AssumptionError, match="captured"):
            conclude(algebra.Instantiate, Says(FinalInfluence(i), sp.Sum(rho ** (i - G), (G, 0, i))), index=((i, G),))


class TestSubstitute:
    outer = Says(MeanGap(i), DriftBias(i) + ExchangeBias(i))

    def test_into_a_sum(self):
        says = conclude(algebra.Substitute, self.outer, Says(DriftBias(i), M * e))
        assert (says.lhs, says.rhs) == (MeanGap(i), M * e + ExchangeBias(i))

    def test_an_instance_of_a_family(self):
        outer = Says(DistributionShift(A, G, J + 1), Sensitivity(n) / n * X)
        assert conclude(algebra.Substitute, outer, Says(Sensitivity(N), kappa / N), index=((N, n),)).rhs == (
            kappa / n**2 * X)

    def test_under_a_sum_the_values_may_depend_on_its_index(self):
        outer = Says(FinalInfluence(i), sp.Sum(n * Influence(A, G, i), (G, 1, i)))
        says = conclude(algebra.Substitute, outer, Says(Influence(A, G, G + J), rho**J), index=((J, i - G),))
        assert says.rhs == sp.Sum(n * rho ** (i - G), (G, 1, i))

    def test_under_a_sum_they_must_stay_in_range(self):
        outer = Says(FinalInfluence(i), sp.Sum(n * Influence(A, G, i), (G, 1, i + 1)))
        with pytest.raises(UndecidedError, match="range of the index"):
            conclude(algebra.Substitute, outer, Says(Influence(A, G, G + J), rho**J), index=((J, i - G),))

    def test_inside_and_outside_of_a_sum_at_once_is_undecided(self):
        outer = Says(FinalInfluence(i), sp.Sum(Influence(A, G, i), (G, 1, i)) + Influence(A, G, i))
        with pytest.raises(UndecidedError, match="under a sum and outside"):
            conclude(algebra.Substitute, outer, Says(Influence(A, G, i), rho))

    def test_what_does_not_occur(self):
        with pytest.raises(AssumptionError, match="does not occur"):
            conclude(algebra.Substitute, self.outer, Says(Gap(i), kappa))

    def test_named_parts_are_not_replaced_by_bounds(self):
        with pytest.raises(AssumptionError, match="not a quantity"):
            conclude(algebra.Substitute, Says(MeanGap(i), rho), Says(rho, kappa))

    @pytest.mark.parametrize("rhs", [
        -DriftBias(i), 1 - DriftBias(i), 1 / (1 + DriftBias(i)), DriftBias(i) * (1 - kappa), 2 ** DriftBias(i),
        sp.exp(-DriftBias(i)), (DriftBias(i) - 1) ** 2, rho ** DriftBias(i), DriftBias(i) * (DriftBias(i) - 1),
        sp.sqrt(kappa - DriftBias(i)), sp.Sum(rho**G, (G, 1, DriftBias(i)))])
    def test_positions_that_are_not_monotone(self, rhs):
        with pytest.raises(UndecidedError, match="nondecreasing"):
            conclude(algebra.Substitute, Says(MeanGap(i), rhs), Says(DriftBias(i), M * e))

    @pytest.mark.parametrize("rhs", [
        DriftBias(i) ** 2, sp.sqrt(DriftBias(i)), DriftBias(i) * (1 - alpha), sp.Max(DriftBias(i), kappa),
        DriftBias(i) * ExchangeBias(i), DriftBias(i) - kappa, (2 * DriftBias(i) + 1) ** sp.Rational(3, 2)])
    def test_positions_that_are(self, rhs):
        says = conclude(algebra.Substitute, Says(MeanGap(i), rhs), Says(DriftBias(i), M * e))
        assert says.rhs == rhs.xreplace({DriftBias(i): M * e})
        assert len(says.checks) == 1

    def test_events_are_united_and_shared_ones_count_once(self):
        other = frozenset({("other", eta)})
        outer = Says(Gap(i), MeanGap(i) + Deviation(i), "<=", EVENT)
        says = conclude(algebra.Substitute, outer, Says(Deviation(i), kappa, "<=", EVENT | other))
        assert says.events == EVENT | other
        assert says.failure_probability == delta + eta


class TestRewrite:
    gain = Says(rho, kappa * (1 - alpha), "=")

    def test_an_identity(self):
        assert conclude(algebra.Rewrite, Says(MeanGap(i), 2 * (b + c)), rhs=2 * b + 2 * c).rhs == 2 * b + 2 * c

    def test_with_a_definition(self):
        says = conclude(algebra.Rewrite, Says(X, 1 + kappa * (1 - alpha) * e, "<=", EVENT), self.gain, rhs=1 + rho * e)
        assert (says.lhs, says.rhs, says.events) == (X, 1 + rho * e, EVENT)

    def test_definitions_may_build_on_each_other(self):
        phi = Says(Phi, sp.sqrt(geo(rho, i)), "=")
        assert conclude(algebra.Rewrite, Says(X, geo(kappa * (1 - alpha), i)), phi, self.gain, rhs=Phi**2).rhs == Phi**2

    def test_but_not_in_a_circle(self):
        circle = Says(rho, Phi, "="), Says(Phi, rho, "=")
        with pytest.raises(AssumptionError, match="circular"):
            conclude(algebra.Rewrite, Says(X, rho), *circle, rhs=Phi)

    @pytest.mark.parametrize("rhs", [2 * rho, rho + 1, kappa, rho * (1 - alpha), sp.S.Zero])
    def test_another_value(self, rhs):
        with pytest.raises(AssumptionError, match="not identical"):
            conclude(algebra.Rewrite, Says(X, rho), self.gain, rhs=rhs)

    def test_an_inequality_defines_nothing(self):
        with pytest.raises(AssumptionError, match="definition"):
            conclude(algebra.Rewrite, Says(X, kappa), Says(rho, kappa), rhs=rho)


class TestGeometricSeries:
    def test_closed_form(self):
        says = conclude(algebra.GeometricSeries, Says(X, n + sp.Sum(n * rho ** (2 * (i - G)), (G, 1, i)), "<=", EVENT))
        assert says.rhs == n + n * geo(rho**2, i)
        assert says.events == EVENT

    @pytest.mark.parametrize("rhs", [
        sp.Sum(n * G * rho ** (i - G), (G, 1, i)), sp.Sum(1 / (1 + G), (G, 0, i)),
        sp.Sum(rho ** (G**2), (G, 0, i)), sp.Sum(rho ** (i - G), (G, 5, i)),
        sp.Sum(rho ** (i + J - G), (G, 1, i), (J, 0, i))])
    def test_what_is_not_shown_to_be_a_geometric_series(self, rhs):
        with pytest.raises(UndecidedError):
            conclude(algebra.GeometricSeries, Says(X, rhs))

    def test_without_a_sum(self):
        with pytest.raises(AssumptionError, match="no sum"):
            conclude(algebra.GeometricSeries, Says(X, rho))


class TestRecurrence:
    step = Says(Influence(A, G, G + J + 1), 1 + rho * Influence(A, G, G + J))
    base = Says(Influence(A, G, G), sp.S.One)

    closed = geo(rho, J + 1)

    def solve(self, step=step, base=base, *given, index=J, closed=closed):
        return conclude(algebra.Recurrence, step, base, *given, index=index, closed=closed)

    def test_the_closed_form_is_proved(self):
        says = self.solve()
        assert (says.lhs, says.rhs, says.relation) == (Influence(A, G, G + J), geo(rho, J + 1), "<=")
        assert len(says.checks) == 3

    def test_with_a_definition(self):
        step = Says(self.step.lhs, 1 + kappa * (1 - alpha) * Influence(A, G, G + J))
        assert self.solve(step, self.base, Says(rho, kappa * (1 - alpha), "=")).rhs == geo(rho, J + 1)

    @pytest.mark.parametrize("closed", [
        geo(rho, J), geo(rho, J + 1) + 1, rho**J, 2 * geo(rho, J + 1), geo(kappa, J + 1),
        (1 - rho ** (J + 1)) / (1 + rho), J + 1, sp.S.One])
    def test_a_wrong_closed_form(self, closed):
        with pytest.raises(AssumptionError, match=r"does not satisfy|at the start"):
            self.solve(closed=closed)

    def test_a_higher_start_is_a_bound_too(self):
        assert self.solve(closed=geo(rho, J + 2)).rhs == geo(rho, J + 2)

    def test_a_start_above_the_closed_form(self):
        with pytest.raises(AssumptionError, match="at the start"):
            self.solve(base=Says(self.base.lhs, sp.S(2)))

    @pytest.mark.parametrize("base", [
        Influence(A, G, G + 1), Influence(Str("b"), G, G), Influence(A, 0, 0), MeanGap(i)])
    def test_a_base_case_of_something_else(self, base):
        with pytest.raises(AssumptionError, match="base case"):
            self.solve(base=Says(base, sp.S.One))

    @pytest.mark.parametrize("rhs", [
        1 - rho * Influence(A, G, G + J), (1 - kappa) * Influence(A, G, G + J)])
    def test_a_coefficient_that_may_be_negative(self, rhs):
        with pytest.raises(UndecidedError, match="nonnegative"):
            self.solve(Says(self.step.lhs, rhs))

    @pytest.mark.parametrize("rhs", [Influence(A, G, G + J) ** 2, sp.sqrt(Influence(A, G, G + J))])
    def test_what_is_not_affine(self, rhs):
        with pytest.raises(AssumptionError, match="not affine"):
            self.solve(Says(self.step.lhs, rhs))

    def test_random_statements_and_equalities(self):
        for step, base in [
            (Says(self.step.lhs, self.step.rhs, "<=", EVENT), self.base),
            (self.step, Says(self.base.lhs, sp.S.One, "<=", EVENT)),
            (Says(Gap(J + 1), rho * Gap(J)), Says(Gap(0), sp.S.One)),
            (Says(self.step.lhs, self.step.rhs, "="), self.base),
            (self.step, Says(self.base.lhs, sp.S.One, "=")),
        ]:
            with pytest.raises(AssumptionError):
                self.solve(step, base)
        with pytest.raises(AssumptionError, match="definitions"):
            self.solve(self.step, self.base, Says(rho, kappa))

    def test_the_index_must_be_one_that_starts_at_0(self):
        with pytest.raises(AssumptionError, match="index from 0 on"):
            self.solve(index=n)
        with pytest.raises(AssumptionError, match="index from 0 on"):
            self.solve(Says(Stability(N + 1), Stability(N)), Says(Stability(0), sp.S.Zero), index=N, closed=sp.S.Zero)


class TestMaxAtMost:
    says = Says(RecursiveStability(J + 1), sp.Max(rho**J, geo(rho, J + 1)))

    def test_the_largest_case(self):
        found = conclude(algebra.MaxAtMost, self.says, rhs=geo(rho, J + 1), rest=geo(rho, J))
        assert (found.lhs, found.rhs, len(found.checks)) == (self.says.lhs, geo(rho, J + 1), 2)

    def test_a_case_that_is_not_covered(self):
        with pytest.raises(AssumptionError, match="is neither"):
            conclude(algebra.MaxAtMost, self.says, rhs=rho**J, rest=geo(rho, J))

    def test_a_rest_that_may_be_negative(self):
        with pytest.raises(UndecidedError, match="nonnegative"):
            conclude(algebra.MaxAtMost, self.says, rhs=rho**J - kappa, rest=-kappa)

    def test_only_an_inequality_and_definitions(self):
        with pytest.raises(AssumptionError):
            conclude(algebra.MaxAtMost, Says(rho, kappa, "="), rhs=kappa, rest=sp.S.Zero)
        with pytest.raises(AssumptionError):
            conclude(algebra.MaxAtMost, self.says, Says(rho, kappa), rhs=geo(rho, J + 1), rest=geo(rho, J))


def test_inside_of_a_sum_the_index_lies_between_its_limits():
    value = sp.Dummy("x", nonnegative=True)
    assert algebra.nondecreasing(sp.Sum((1 - 1 / G) * value**2, (G, 1, i)), value)
    assert algebra.nondecreasing(sp.Sum(sp.Sum(value / G, (J, 0, G)), (G, 1, i)), value)
    for first, slope in ((0, 1 - 1 / G), (1, 1 - 2 / G), (1, G - 2), (1, 2 - G)):
        assert not algebra.nondecreasing(sp.Sum(slope * value, (G, first, i)), value)
