"""The rules that read a loop, and the steps of the main theorem: what they conclude, and what they must refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import AssumptionError, SymbolError, UndecidedError
from stlbounds.growth import growth, growth_sum
from stlbounds.proof.claim import Rule, Says
from stlbounds.proof.protocol import PointClass, Share
from stlbounds.proof.quantities import (
    D,
    Deviation,
    Distance,
    DistributionShift,
    Dmix,
    DriftBias,
    ExchangeBias,
    ExpectedDeviation,
    ExpectedGap,
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
from stlbounds.proof.rules import drift, gap, influence, series
from stlbounds.proof.trusted import CORE_RULES, trusted_rules
from stlbounds.symbols import G, J, alpha, b, delta, eta, i, j, kappa, n, rho, w

REPLAY, FRESH = stl.loops.FixedMix(alpha), stl.loops.FixedMix(alpha, real="fresh")
ACCUMULATE, SUBSAMPLE = stl.loops.Accumulate(), stl.loops.Subsample()
LOOPS = (REPLAY, FRESH, ACCUMULATE, SUBSAMPLE, stl.loops.Replace(), stl.loops.Augment(w))


def conclude(rule: type[Rule], *premises: Says, **params: object) -> Says:
    return rule.conclude(premises, **params)


def first(loop: stl.loops.Loop) -> str:
    return loop.classes[0].name


class Lying(stl.loops.FixedMix):
    """A fixed mix whose symbolic description can be bent."""

    shares: tuple[Share, ...] = ()
    points: tuple[PointClass, ...] = ()

    def mixture(self, generation):
        return self.shares or super().mixture(generation)

    @property
    def classes(self):
        return self.points or super().classes


def lying(*, shares: tuple[Share, ...] = (), points: tuple[PointClass, ...] = ()) -> Lying:
    loop = Lying(alpha)
    object.__setattr__(loop, "shares", shares)
    object.__setattr__(loop, "points", points)
    return loop


LIES = {
    "weights that sum to less than 1": (Share(sp.S(0), alpha), Share(J, (1 - alpha) / 2)),
    "weights that sum to more than 1": (Share(sp.S(0), sp.S(1)), Share(J, 1 - alpha)),
    "a weight that may be negative": (Share(sp.S(0), 1 + kappa), Share(J, -kappa)),
    "no source": (Share(sp.S(0), sp.S(0)),),
}


# --- drift -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize(("rule", "params"), [
    (drift.Convexity, {}), (drift.StartsReal, {}), (influence.CouplingDraw, {"point": "replayed"})])
def test_a_mixture_must_add_up(rule, params, lie):
    with pytest.raises(AssumptionError, match=r"sum to|may be negative"):
        conclude(rule, protocol=lying(shares=LIES[lie]), **params)


def test_convexity():
    says = conclude(drift.Convexity, protocol=REPLAY)
    assert (says.lhs, says.rhs) == (Distance(D(0), Dmix(J)), (1 - alpha) * Distance(D(0), D(J)))
    averaged = conclude(drift.Convexity, protocol=ACCUMULATE).rhs
    # The real part is at distance 0 from itself.
    assert sp.expand(averaged.subs(J, 2).doit() - (Distance(D(0), D(1)) + Distance(D(0), D(2))) / 3) == 0


def test_distances():
    assert conclude(drift.SelfDistance) == Says(Distance(D(0), D(0)), sp.S.Zero)
    says = conclude(drift.Triangle)
    assert (says.lhs, says.rhs) == (Distance(D(0), D(J + 1)), Distance(D(0), Dmix(J)) + Distance(Dmix(J), D(J + 1)))


def test_the_first_training_set_is_real():
    for loop in (ACCUMULATE, SUBSAMPLE):
        assert conclude(drift.StartsReal, protocol=loop) == Says(Distance(D(0), Dmix(0)), sp.S.Zero)
    with pytest.raises(AssumptionError, match="generation 0 uses source"):
        conclude(drift.StartsReal, protocol=lying(shares=(Share(sp.S(0), alpha), Share(sp.S(1), 1 - alpha))))


def test_a_growing_average():
    says = conclude(drift.MixtureStep, protocol=ACCUMULATE)
    assert says.lhs == Distance(D(0), Dmix(J + 1))
    assert sp.expand(says.rhs.subs(J, 1) - (2 * Distance(D(0), Dmix(1)) + Distance(D(0), D(2))) / 3) == 0
    unequal = (Share(j, 2 * (j + 1) / ((J + 1) * (J + 2)), (j, sp.S(0), J)),)
    for loop in (REPLAY, lying(shares=unequal)):
        with pytest.raises((AssumptionError, ValueError)):
            conclude(drift.MixtureStep, protocol=loop)


# --- influence -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.name)
class TestInfluence:
    def test_at_birth(self, loop):
        for point in loop.classes:
            says = conclude(influence.InfluenceAtBirth, protocol=loop, point=point.name)
            assert says.rhs == 1
            assert says.lhs.args[1] == says.lhs.args[2] == (G + point.first if point.recurring else point.first)

    def test_a_step_divides_by_the_size_of_the_training_set(self, loop):
        for point in loop.classes:
            says = conclude(influence.CouplingStep, protocol=loop, point=point.name)
            kind, birth, now = (*says.lhs.args[:2], says.lhs.args[2] - 1)
            size = loop.size(now)
            assert says.rhs == Sensitivity(size) / size * Influence(kind, birth, now)

    @pytest.mark.parametrize("rule", [influence.InfluenceAtBirth, influence.CouplingStep, influence.CouplingDraw])
    def test_a_class_that_does_not_exist(self, loop, rule):
        with pytest.raises(KeyError):
            conclude(rule, protocol=loop, point="imaginary")

    def test_real_points_count_for_recursive_stability(self, loop):
        says = conclude(influence.RecursiveStabilityMax, protocol=loop)
        assert says.lhs == RecursiveStability(J + 1)
        assert says.rhs.atoms(DistributionShift) == {
            DistributionShift(Str(point.name), 0, J + 1) for point in loop.classes if point.real}


def test_new_points_come_from_later_sources_only():
    kept = conclude(influence.CouplingDraw, protocol=REPLAY, point="replayed")
    assert kept.rhs == 1 + n * (1 - alpha) * DistributionShift(Str("replayed"), 0, J + 1)
    used_once = conclude(influence.CouplingDraw, protocol=REPLAY, point="initial")
    assert used_once.rhs == n * (1 - alpha) * DistributionShift(Str("initial"), 0, J + 1)
    many = conclude(influence.CouplingDraw, protocol=SUBSAMPLE, point="any").rhs.subs({G: 1, J: 1}).doit()
    assert many == n / 4 * (DistributionShift(Str("any"), 1, 2) + DistributionShift(Str("any"), 1, 3))


def test_a_source_of_unknown_time_is_undecided():
    with pytest.raises(UndecidedError, match="comes after"):
        conclude(influence.CouplingDraw, protocol=lying(shares=(Share(j, sp.S(1)),)), point="replayed")


def test_kept_points_keep_their_displacement():
    says = conclude(influence.CouplingKept, protocol=ACCUMULATE, point="any")
    kind = Str("any")
    assert says.rhs == Influence(kind, G, G + J) + n * DistributionShift(kind, G, G + J + 1)
    with pytest.raises(AssumptionError, match="does not keep"):
        conclude(influence.CouplingKept, protocol=SUBSAMPLE, point="any")


def test_the_final_training_set():
    says = conclude(influence.FinalInfluenceSum, protocol=REPLAY)
    replayed = Influence(Str("replayed"), 0, i)
    assert sp.expand(says.rhs - (alpha * replayed + 1 - alpha)) == 0
    assert conclude(influence.FinalInfluenceSum, protocol=FRESH) == Says(FinalInfluence(i), sp.S.One)


def test_classes_with_more_points_than_there_are():
    crowd = (PointClass("crowd", "too many points", 0, False, n * (1 + kappa), True, True),)
    with pytest.raises(UndecidedError, match="nonnegative number"):
        conclude(influence.FinalInfluenceSum, protocol=lying(points=crowd))


@pytest.mark.parametrize("count", [n / 2, 2 * n, alpha * n, n - 1, sp.S.Zero])
def test_the_classes_must_account_for_all_points_of_the_start(count):
    some = (PointClass("some", "some points", 0, True, count, False, True),)
    with pytest.raises(AssumptionError, match="the classes account for"):
        conclude(influence.InfluenceSquaresSum, protocol=lying(points=some))


@pytest.mark.parametrize("count", [sp.S.Zero, (1 - alpha) * n / 2, n])
def test_the_classes_must_account_for_all_points_of_later_generations(count):
    """A loop that draws points which no class counts would have too small an amplification."""
    points = tuple(replace(point, count=count) if point.name == "synthetic" else point for point in REPLAY.classes)
    with pytest.raises(AssumptionError, match="points of later training sets"):
        conclude(influence.InfluenceSquaresSum, protocol=lying(points=points))
    for loop in (*LOOPS, stl.loops.WeightedMix(w), stl.loops.Schedule([0.5, w, 1], "replay")):
        assert conclude(influence.InfluenceSquaresSum, protocol=loop).lhs == InfluenceSquares(i)


def test_all_points_ever_drawn():
    says = conclude(influence.InfluenceSquaresSum, protocol=FRESH)
    assert says.rhs == sp.Sum(n * Influence(Str("any"), G, i) ** 2, (G, 0, i))
    apart = conclude(influence.InfluenceSquaresSum, protocol=FRESH, newest_apart=True)
    assert sp.expand(says.rhs.subs(i, 2).doit() - apart.rhs.subs(i, 2).doit()) == 0
    with pytest.raises(AssumptionError, match="not drawn in generation 0"):
        conclude(influence.InfluenceSquaresSum, protocol=REPLAY, newest_apart=True)


# --- sums over generations -------------------------------------------------------------------------------------

GROWING = Says(FinalInfluence(i), sp.Sum(growth(kappa, G, i), (G, 0, i)))


def test_a_series_by_induction():
    says = conclude(series.SeriesByInduction, GROWING, closed=growth_sum(kappa, i, 1))
    assert says.rhs == growth_sum(kappa, i, 1)
    assert len(says.checks) == 1


@pytest.mark.parametrize("closed", [
    growth_sum(kappa, i, 2), growth_sum(kappa, i, 1) + 1, 2 * growth_sum(kappa, i, 1), growth_sum(kappa, i + 1, 1),
    i + 1])
def test_a_wrong_closed_form_of_a_series(closed):
    with pytest.raises(AssumptionError):
        conclude(series.SeriesByInduction, GROWING, closed=closed)


@pytest.mark.parametrize("rhs", [
    kappa, sp.Sum(rho**G, (G, 0, i)) + sp.Sum(kappa**G, (G, 0, i)), sp.Sum(rho ** (G * i), (G, 0, i)),
    sp.Sum(rho ** (i - G), (G, J, i)), sp.Sum(rho ** (i - G), (G, 0, 2 * i))])
def test_what_is_no_series_that_grows_by_one_factor(rhs):
    with pytest.raises((AssumptionError, UndecidedError)):
        conclude(series.SeriesByInduction, Says(FinalInfluence(i), rhs), closed=sp.S.One)


class TestStrongRecurrence:
    any = Str("any")
    step = Says(Influence(any, 0, J + 1), kappa / (J + 2) * sp.Sum(Influence(any, 0, j), (j, 0, J)))
    base = Says(Influence(any, 0, 0), sp.S.One)
    closed = kappa / (J + 2) * growth(kappa, 1, J + 1)

    def test_the_closed_form_is_proved(self):
        says = conclude(series.StrongRecurrence, self.step, self.base, closed=self.closed)
        assert (says.lhs, says.rhs) == (self.step.lhs, self.closed)

    @pytest.mark.parametrize("closed", [
        kappa / (J + 1) * growth(kappa, 1, J + 1), kappa / (J + 2) * growth(kappa, 0, J + 1), kappa / (J + 2),
        sp.S.One])
    def test_a_wrong_closed_form(self, closed):
        with pytest.raises(AssumptionError):
            conclude(series.StrongRecurrence, self.step, self.base, closed=closed)

    @pytest.mark.parametrize(("lhs", "rhs"), [
        (Influence(any, 0, 0), sp.S(2)), (Influence(any, 0, 1), sp.S.One), (MeanGap(i), sp.S.One)])
    def test_a_wrong_base_case(self, lhs, rhs):
        with pytest.raises(AssumptionError, match="base case"):
            conclude(series.StrongRecurrence, self.step, Says(lhs, rhs), closed=self.closed)

    @pytest.mark.parametrize("rhs", [
        kappa / (J + 2) * sp.Sum(Influence(any, 0, j), (j, 0, J - 1)), kappa * Influence(any, 0, J),
        kappa * sp.Sum(Influence(any, 0, j) ** 2, (j, 0, J)), (1 - kappa) * sp.Sum(Influence(any, 0, j), (j, 0, J)),
        kappa * sp.Sum(J * Influence(any, 0, j), (j, 1, J))])
    def test_another_recurrence(self, rhs):
        with pytest.raises((AssumptionError, UndecidedError)):
            conclude(series.StrongRecurrence, Says(self.step.lhs, rhs), self.base, closed=self.closed)

    def test_random_statements(self):
        step = Says(self.step.lhs, self.step.rhs, "<=", frozenset({("concentration", delta)}))
        with pytest.raises(AssumptionError, match="deterministic"):
            conclude(series.StrongRecurrence, step, self.base, closed=self.closed)


# --- the main theorem ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "lhs", "rhs"), [
    (gap.KantorovichRubinstein, DriftBias(i), LossConstant() * Distance(D(0), Dmix(i))),
    (gap.MeanSplit, MeanGap(i), DriftBias(i) + ExchangeBias(i)),
    (gap.GapSplit, Gap(i), MeanGap(i) + Deviation(i)),
    (gap.ExpectedGapSplit, ExpectedGap(i), MeanGap(i) + ExpectedDeviation(i)),
    (gap.Jensen, ExpectedDeviation(i), sp.sqrt(Variance(i))),
    (gap.MartingaleVariance, Variance(i), RangeSquares(i) / 4),
])
def test_classical_steps(rule, lhs, rhs):
    says = conclude(rule)
    assert (says.lhs, says.rhs, says.events) == (lhs, rhs, frozenset())


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.name)
def test_steps_that_use_the_size_of_the_final_training_set(loop):
    size = loop.size(i)
    assert conclude(gap.ExchangeableCopies, protocol=loop).rhs == Stability(size) * FinalInfluence(i)
    ranges = (2 * Stability(size) + LossConstant() / size) ** 2 * InfluenceSquares(i)
    assert conclude(gap.BoundedDifferences, protocol=loop).rhs == ranges


class TestAzumaMcDiarmid:
    def test_its_event_carries_its_probability(self):
        says = conclude(gap.AzumaMcDiarmid, delta=delta, event="concentration")
        assert (says.lhs, says.rhs) == (Deviation(i), sp.sqrt(sp.log(2 / delta) * RangeSquares(i) / 2))
        assert (says.events, says.failure_probability) == (frozenset({("concentration", delta)}), delta)

    @pytest.mark.parametrize("probability", [sp.Rational(1, 20), sp.S.One])
    def test_a_number_will_do(self, probability):
        assert conclude(gap.AzumaMcDiarmid, delta=probability, event="x").failure_probability == probability

    @pytest.mark.parametrize("probability", [
        sp.S.Zero, sp.S(2), sp.Rational(-1, 2), alpha, eta, kappa, n, 1 - delta, 2 * delta, sp.oo, sp.nan, sp.I])
    def test_anything_else_is_refused(self, probability):
        with pytest.raises(AssumptionError, match=r"in \(0, 1\]"):
            conclude(gap.AzumaMcDiarmid, delta=probability, event="x")

    def test_an_undeclared_symbol(self):
        with pytest.raises(SymbolError):
            conclude(gap.AzumaMcDiarmid, delta=sp.Symbol("nobody", positive=True), event="x")


# --- all of them -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", trusted_rules(), ids=lambda rule: rule.__name__)
def test_every_rule_introduces_itself(rule):
    assert rule.title and not rule.title.endswith(".")
    assert rule.kind in ("step", "assumption", "definition", "cited")
    assert (rule.reference is not None) if rule.kind == "cited" else True
    assert rule.__doc__


def test_the_trusted_list_is_explicit_and_has_no_doubles():
    rules = trusted_rules()
    assert len(set(rules)) == len(rules) and set(CORE_RULES) < set(rules)
    assert all(not rule.__subclasses__() or rule not in rule.__subclasses__() for rule in rules)


@pytest.mark.parametrize("theorem", ["high-probability", "expected-gap"])
@pytest.mark.parametrize("model", ["generic", "sharp"])
def test_every_step_explains_itself_in_balanced_latex(standard_bound, theorem, model):
    for claim in standard_bound(theorem, "replay", model).proof.steps():
        text = claim.rule.explain(sp.latex, **claim.params)
        assert text.endswith(".") and text[0].isupper()
        assert text.count("$") % 2 == 0 and text.count("{") == text.count("}")


def test_a_statement_in_words():
    says = Says(Gap(i), b, "<=", frozenset({("concentration", delta)}))
    assert str(says) == "Gap(i) <= b  with probability >= 1 - (delta)"
    assert says.is_random and not Says(MeanGap(i), b).is_random
