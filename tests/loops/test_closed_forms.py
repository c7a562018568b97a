"""Every loop against a recursion over its pools that knows no closed form, and the exact variances of theory §11."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.loops import Accumulate, Augment, FixedMix, Loop, Schedule, Subsample, WeightedMix
from stlbounds.proof.protocol import Plan, Pool, Share

LOOPS: list[tuple[Loop, dict[sp.Symbol, sp.Rational]]] = [
    (FixedMix(s.alpha, "replay"), {s.alpha: sp.Rational(3, 10)}),
    (FixedMix(s.alpha, "fresh"), {s.alpha: sp.Rational(3, 10)}),
    (FixedMix(0, "fresh"), {}),
    (Augment(s.lam), {s.lam: sp.Rational(3, 2)}),
    (Accumulate(), {}),
    (Subsample(), {}),
    (WeightedMix(s.w), {s.w: sp.Rational(3, 5)}),
    (Schedule(1 / (s.j + 1)), {}),
    (Schedule([0.5, 0.4, 0.3, 0.25, 0.2, 0.1]), {}),
    (Schedule([0.3, 0.6, 0, 0.6, 1, 0.25], real="replay"), {}),
    (Schedule(1 / (s.j + 1), real="replay"), {}),
    (Schedule(1 / s.j), {}),
    (Schedule(1 - 1 / s.j), {}),
    (Schedule([s.alpha, s.alpha / 2, 1, s.alpha / 2, s.alpha, s.alpha / 3], "replay"), {s.alpha: sp.Rational(2, 5)}),
]
KAPPAS = [pytest.param(sp.S.Zero, marks=pytest.mark.slow), pytest.param(sp.Rational(1, 2), marks=pytest.mark.slow),
          pytest.param(sp.S.One, marks=pytest.mark.slow), sp.Rational(13, 10)]
IDS = [f"{loop.name}-{k}" for k, (loop, _) in enumerate(LOOPS)]
SIZE = sp.Integer(1000)


class Recursion:
    """Influence by theory §3, pool by pool, in exact numbers: no closed form, no classes."""

    def __init__(self, loop: Loop, values: dict[sp.Symbol, sp.Rational], kappa: sp.Rational, generations: int) -> None:
        self.plan: Plan = loop.plan(generations)
        self.values = {**values, s.n: SIZE}
        self.kappa = kappa

    def number(self, expression: sp.Expr) -> sp.Rational:
        return sp.S(expression).subs(self.values)

    def weight_of(self, generation: int) -> sp.Rational:
        """The size ``N_j``: the sum of the weights of the points."""
        return sp.Add(*(self.number(p.size) * self.number(p.weight) for p in self.plan.generations[generation]))

    def influence(self, pool: Pool, last: int) -> sp.Rational:
        shifts: dict[int, sp.Rational] = {}
        present = sp.S.Zero
        for generation in range(pool.born, last + 1):
            members = self.plan.generations[generation]
            present = self.number(pool.weight) if pool in members else sp.S.Zero
            for other in members:
                present += self.number(other.size) * self.number(other.weight) * shifts.get(other.source, sp.S.Zero)
            shifts[generation + 1] = self.kappa / self.weight_of(generation) * present
        return present

    def squares(self, last: int) -> sp.Rational:
        drawn = [pool for pool in self.plan.pools() if pool.born <= last]
        return sp.Add(*(self.number(pool.size) * self.influence(pool, last) ** 2 for pool in drawn))

    def mean(self, last: int) -> sp.Rational:
        members = self.plan.generations[last]
        total = sp.Add(*(self.number(p.size) * self.number(p.weight) * self.influence(p, last) for p in members))
        return total / self.weight_of(last)

    def drift(self, error: dict[int, Any], last: int) -> Any:
        """``s_i`` by the drift lemma: ``t_{j+1} = e_j + sum_k w_jk t_k``."""
        distances: dict[int, Any] = {0: sp.S.Zero}
        mixed: Any = sp.S.Zero
        for generation in range(last + 1):
            members = self.plan.generations[generation]
            mixed = sp.Add(*(self.number(p.size) * self.number(p.weight) * distances[p.source] for p in members))
            mixed /= self.weight_of(generation)
            distances[generation + 1] = error[generation] + mixed
        return mixed


def setting(loop: Loop, kappa: sp.Expr) -> stl.Setting:
    return stl.Setting(loop, stl.generators.Generator("any", stl.DISCRETE, kappa, s.c * s.N**-s.r))


@pytest.mark.parametrize("kappa", KAPPAS, ids=str)
@pytest.mark.parametrize(("loop", "values"), LOOPS, ids=IDS)
def test_every_part_agrees_with_the_recursion(loop: Loop, values: dict[sp.Symbol, sp.Rational],
                                              kappa: sp.Rational) -> None:
    generations = 6
    recursion = Recursion(loop, values, kappa, generations)
    bound = stl.high_probability(setting(loop, kappa))
    c, r, b, m, delta = Fraction(2), Fraction(1, 2), Fraction(3), Fraction(3, 2), Fraction(1, 20)
    known = {symbol.name: value for symbol, value in values.items()}
    for last in (0, 1, 2, 6):
        found = bound.evaluate_terms(n=int(SIZE), i=last, c=c, r=r, b=b, M=m, delta=delta, **known)
        size = recursion.weight_of(last)
        errors = {j: c * sp.sqrt(1 / recursion.weight_of(j)) for j in range(last + 1)}
        expected = {
            "drift": m * recursion.drift(errors, last),
            "bias": b / size * recursion.mean(last),
            "concentration": (2 * b + m) * sp.sqrt(recursion.squares(last) / size)
            * sp.sqrt(sp.log(2 / sp.Rational(1, 20)) / (2 * size)),
        }
        for name, value in expected.items():
            assert found[name] == pytest.approx(float(value), rel=1e-12, abs=1e-15), (name, last)


@pytest.mark.parametrize("kappa", KAPPAS[1:], ids=str)
@pytest.mark.parametrize(("loop", "values"), LOOPS, ids=IDS)
def test_recursive_stability_agrees_with_the_recursion(loop: Loop, values: dict[sp.Symbol, sp.Rational],
                                                       kappa: sp.Rational) -> None:
    recursion = Recursion(loop, values, kappa, 5)
    bound = stl.in_expectation(setting(loop, kappa))
    for last in (1, 2, 5):
        start = [pool for pool in recursion.plan.generations[0] if recursion.number(pool.size) > 0]
        most = max(recursion.influence(pool, last - 1) for pool in start)
        expected = kappa / recursion.weight_of(last - 1) * most
        found = bound.recursive_stability.subs({s.i: last, **recursion.values}).doit()
        assert sp.simplify(found - expected) == 0


#: Theory §11, in units of sigma**2/n: the variance of the mean of a location model after ``i`` generations.
EXACT_VARIANCES = {
    "fixed-mix-0": lambda i, a: (a * sum((1 - a) ** k for k in range(i)) ** 2
                                 + (1 - a) * sum((1 - a) ** (2 * k) for k in range(i))),
    "fixed-mix-1": lambda i, a: sum((1 - a) ** (2 * k) for k in range(i)),
    "augment-3": lambda i, a: 1 + a * (1 - a) * sum((1 - a) ** (2 * k) for k in range(i - 1)),
    "accumulate-4": lambda i, a: sum(Fraction(1, m * m) for m in range(1, i + 1)),
}


@pytest.mark.parametrize("name", EXACT_VARIANCES)
@pytest.mark.parametrize("generation", [1, 2, 5])
def test_the_amplification_is_the_exact_variance_of_a_location_model(name: str, generation: int) -> None:
    """``(n/N_i) Phi**2`` at ``kappa = 1`` is ``v_{i+1}``."""
    loop, values = LOOPS[IDS.index(name)]
    amplification = stl.in_expectation(setting(loop, sp.S.One))._derivation.lemmas.setting.loop
    gain = loop.gain(sp.S.One) if loop.constant_gain else sp.S.One
    squared = amplification.amplification_squared(gain).subs({s.i: generation - 1, **values})
    size = loop.size(sp.Integer(generation - 1)).subs({s.n: 1, **values})
    proportion = Fraction(3, 10) if name.startswith("fixed") else Fraction(2, 5)
    assert sp.nsimplify(squared / size) == sp.Rational(EXACT_VARIANCES[name](generation, proportion))


def test_the_published_values_of_the_variance() -> None:
    replay = FixedMix(s.alpha, "replay").amplification_squared(1 - s.alpha)
    assert replay.subs({s.alpha: sp.Rational(1, 4), s.i: 1}) == sp.Rational("1.9375")
    assert replay.subs({s.alpha: sp.Rational(1, 2), s.i: 4}) == sp.Rational("2.54296875")


def test_a_schedule_with_one_proportion_is_a_fixed_mix() -> None:
    values = dict(n=500, c=1, r=0.5, b=2, M=1, delta=0.05, alpha=0.3, kappa=1.2)
    one = stl.high_probability(setting(Schedule(s.alpha), s.kappa))
    other = stl.high_probability(setting(FixedMix(s.alpha, "fresh"), s.kappa))
    for i in (0, 1, 4, 12):
        assert one.evaluate(i=i, **values) == pytest.approx(other.evaluate(i=i, **values), rel=1e-12)


def test_a_finite_schedule_ends() -> None:
    bound = stl.high_probability(setting(Schedule([0.5, 0.4]), s.kappa))
    values = dict(n=500, c=1, r=0.5, b=2, M=1, delta=0.05, kappa=1.2)
    assert bound.evaluate(i=2, **values) > 0
    with pytest.raises(stl.errors.InvalidArgumentError, match="at most 2"):
        bound.evaluate(i=3, **values)


@pytest.mark.parametrize(("make", "text"), [
    (lambda: Schedule([0.5, 1.4]), "in \\[0, 1\\]"),
    (lambda: Schedule([]), "nonempty"),
    (lambda: Schedule(s.j), "in \\[0, 1\\]"),
    (lambda: Schedule(s.alpha, real="again"), "'fresh' or 'replay'"),  # type: ignore[arg-type]
    (lambda: Augment(-1), ">= 0"),
    (lambda: WeightedMix(1.5), "in \\[0, 1\\]"),
])
def test_bad_parameters_are_refused(make: Any, text: str) -> None:
    with pytest.raises(stl.errors.InvalidArgumentError, match=text):
        make()


def test_proportions_that_come_and_go_are_listed() -> None:
    # What cannot be proved to be a proportion is not called none; endless distinctions were a RecursionError.
    with pytest.raises(stl.errors.InvalidArgumentError, match=r"provably in.*can be listed, as in"):
        Schedule(s.alpha * (1 + (-1)**s.j) / 2)
    alternating = sp.Piecewise((s.alpha, sp.Eq(sp.Mod(s.j, 2), 0)), (0, True))
    with pytest.raises(stl.errors.UndecidedError, match=r"do not end.*can be listed, as in"):
        stl.high_probability(setting(Schedule(alternating), s.kappa))
    assert stl.high_probability(setting(Schedule([0, s.alpha] * 2), s.kappa)).proof.verify()


class LastTwo(stl.loops.FixedMix):
    """A window: the newest two generators are sampled anew, which the lemma of one generation does not solve."""

    def mixture(self, generation: sp.Expr) -> tuple[Share, ...]:
        part = (1 - self.alpha) / 2
        return Share(sp.S.Zero, self.alpha), Share(generation, part), Share(generation - 1, part)


def test_a_longer_memory_is_named_where_the_induction_fails() -> None:
    chosen = stl.Setting(LastTwo(s.alpha), stl.generators.Categorical(5), stl.learners.BrierFit(), drift="lemma")
    with pytest.raises(stl.errors.AssumptionError, match=r"rests on Distance\(D\(0\), D\(_j - 1\)\) too, .* one gene"):
        stl.in_expectation(chosen)


@pytest.mark.slow
@pytest.mark.parametrize(("loop", "values"), LOOPS, ids=IDS)
def test_every_loop_verifies_with_every_theorem(loop: Loop, values: dict[sp.Symbol, sp.Rational]) -> None:
    for theorem in ("high-probability", "expectation", "expected-gap"):
        assert stl.Bound(setting(loop, s.kappa), theorem).proof.verify().checks > 5
    for drift in ("sharp", "lemma"):
        model = stl.Setting(loop, stl.generators.Categorical(5), stl.learners.BrierFit(), drift=drift)
        assert stl.high_probability(model).proof.verify().checks > 5


def test_accumulated_data_amplify_by_less_than_pi_squared_over_six() -> None:
    bound = stl.high_probability(setting(Accumulate(), sp.S.One))
    values = dict(n=1, c=0, r=1, b=0, M=1, delta=0.5)
    concentration = [bound.evaluate_terms(i=i, **values)["concentration"] for i in (0, 1, 10, 1000)]
    ratios = [(value / concentration[0]) ** 2 for value in concentration]
    assert ratios == sorted(ratios)
    assert ratios[-1] < float(sp.pi**2 / 6)
    assert ratios[-1] == pytest.approx(float(sp.pi**2 / 6), rel=1e-3)
