"""Bounds solved for a parameter, held against counting; what cannot be answered, and what is said then."""

from __future__ import annotations

import random

import pytest
import settings
import sympy as sp

import stlbounds as stl
from stlbounds.errors import InvalidArgumentError, SymbolError, UndecidedError
from stlbounds.symbols import N, alpha, b, c, epsilon, i, n, r

VALUES = dict(M=1, b=1, c=1, delta=0.05, kappa=1, r=0.5)


def several(first, quick, last):
    """Seeds, those from ``quick`` on for the slow suite."""
    return [*range(first, quick), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(quick, last))]


def _settings(seed):
    rng = random.Random(seed)
    loop = rng.choice(["replay", "fresh", "augment", "weighted", "subsample", "accumulate"])
    bound = settings.bound(f"{loop}/generic")
    values = dict(M=1, b=rng.choice([0, 0.5, 2]), c=rng.choice([0.1, 1]), delta=0.05, lam=0.5, w=0.6, n=100,
                  kappa=rng.choice([0.5, 1, 1.25]), r=rng.choice([0.25, 0.5, 1]), alpha=rng.choice([0.1, 0.5]),
                  i=rng.randint(0, 6))
    return rng, bound, {name: value for name, value in values.items() if name in {str(s) for s in bound.symbols}}


@pytest.mark.parametrize("seed", several(0, 3, 8))
def test_sample_size_is_the_smallest_from_which_on_all_work(seed):
    rng, bound, values = _settings(seed)
    values.pop("n")
    target = rng.choice([0.5, 0.8, 1.3])
    found = bound.sample_size(target, **values)
    size = int(found.value)
    assert bound.evaluate(n=size, **values) <= target
    assert size == 1 or bound.evaluate(n=size - 1, **values) > target
    assert (bound.evaluate(n=[size + k for k in range(60)] + [10 * size, 10**6 * size], **values) <= target).all()
    if found.closed_form is not None:
        assert sp.ceiling(found.closed_form.evalf(30)) == size


@pytest.mark.parametrize("beta", [N**-1, N**-sp.Rational(1, 2)])
@pytest.mark.parametrize("target", [0.5, 3])
def test_sample_size_of_bounds_that_jump_with_the_depth_of_a_tree(beta, target):
    generic = stl.generators.Generator("generic", stl.DISCRETE, 1, N**-sp.Rational(1, 2))
    learner = stl.learners.UniformlyStable(beta, 1, stl.DISCRETE)
    bound = stl.weak_stability(stl.Setting(stl.loops.FixedMix(alpha, real="fresh"), generic, learner))
    values = {"alpha": 0.5, "i": 5, "delta": 0.05}
    size = int(bound.sample_size(target, **values).value)
    assert bound.evaluate(n=size - 1, **values) > target
    later = [size + k for k in range(200)] + [2**k + 1 for k in range(size.bit_length(), 60)]
    assert (bound.evaluate(n=later, **values) <= target).all()


@pytest.mark.parametrize("seed", several(8, 10, 16))
def test_horizon_is_the_first_generation_above_the_target(seed):
    rng, bound, values = _settings(seed)
    values.pop("i")
    counted = bound.evaluate(i=list(range(40)), **values)
    target = float(counted[rng.randint(1, 25)]) * 1.0001
    above = [place for place, value in enumerate(counted) if value > target]
    try:
        found = bound.horizon(target, **values)
    except UndecidedError:
        # Accumulating loops have no proof that they stay below a target for ever.
        assert not above and bound.setting.loop.name == "accumulate"
        return
    assert (found.value == above[0]) if above else (found.value == sp.oo or found.value >= 40)


@pytest.mark.parametrize("seed", several(16, 18, 22))
def test_the_least_proportion_of_real_data_works_and_so_do_larger_ones(seed):
    rng = random.Random(seed)
    bound = settings.bound(rng.choice(["replay/generic", "fresh/generic"]))
    values = dict(M=1, b=1, c=1, delta=0.05, kappa=rng.choice([0.5, 1, 1.5]), r=0.5, n=2000, i=rng.randint(1, 12))
    target = 0.3
    found = bound.min_real_fraction(target, **values)
    least = float(found.value)
    grid = [least + (1 - least) * k / 50 for k in range(51)]
    assert (bound.evaluate(alpha=grid, **values) <= target * (1 + 1e-12)).all()
    assert least == 0 or bound.evaluate(alpha=least - 2e-9, **values) > target * (1 - 1e-12)


def test_a_bound_that_is_not_monotone_in_the_proportion():
    # A little real data, replayed, makes the concentration term larger.
    bound = settings.bound("replay/e-khalf")
    values = dict(M=1, b=0, e=0, delta=0.05, n=100, i=4)
    grid = bound.evaluate(alpha=[0, 0.05, 0.1, 0.2, 0.4, 1], **values)
    assert grid[1] > grid[0] * 1.002 > grid[5]
    target = float(grid[0]) * 1.001
    found = bound.min_real_fraction(target, **values)
    assert found.value > 0.05 and bound.evaluate(alpha=0, **values) < target


def test_vacuity():
    bound = settings.bound("real/generic")
    size = int(bound.vacuous_below(M=2, b=1, delta=0.01).value)
    assert not bound.is_vacuous(n=size, M=2, b=1, delta=0.01) and bound.is_vacuous(n=size - 1, M=2, b=1, delta=0.01)


@pytest.mark.parametrize(("name", "values"), [
    ("subsample/generic", dict(i=0, c=3, r=0.5)), ("subsample/generic", dict(i=4, c=0, r=0.5)),
    ("accumulate/generic", dict(i=0, c=3, r=0.5, kappa=2))])
def test_a_target_that_is_met_exactly_beside_a_sum_of_nothing(name, values):
    bound = settings.bound(f"{name}/mean")
    assert bound.sample_size(1, b=4, M=1, **values).value == 4
    assert bound.vacuous_below(b=4, M=1, **values).value == 5


def test_branches_that_are_not_taken_may_be_undefined():
    bound = settings.bound("augment/generic/mean")
    assert bound.sample_size(1, b=4, M=1, i=0, c=0, r=0.5, lam=0, kappa=0.5).value == 4


def test_large_answers_are_exact():
    found = settings.bound("real/generic/mean").sample_size(sp.Rational(1, 10**15), b=1)
    assert found.value == 10**15


def values_of(bound, **values):
    return {name: value for name, value in values.items() if name in {str(s) for s in bound.symbols}}


def test_schedules_end():
    mine = settings.generic(1)
    bound = stl.in_expectation(stl.Setting(stl.loops.Schedule([0.5, 0.25, 0]), mine))
    values = dict(M=1, b=0, c=1, r=0.5, n=100)
    assert bound.horizon(10, **values).value == sp.oo
    assert bound.horizon(0.12, **values).value == 3
    whole = bound.max_generations(10, **values)
    assert whole.value == 3 and "where the schedule ends" in str(whole)
    with pytest.raises(InvalidArgumentError, match="schedule"):
        bound.rate(i)
    # t_3 = 1 + (3/4)(1 + 1/2) errors, and alpha_3 = 0.
    assert bound.rate(n, i=3, **values_of(bound, r=0.5, M=1, c=1)).value.constant == sp.Rational(17, 8)


def test_what_is_missing_is_named():
    bound = settings.bound("replay/generic")
    with pytest.raises(InvalidArgumentError, match="alpha, b, c, delta, i, kappa, r = missing"):
        bound.sample_size(0.1, M=1)
    with pytest.raises(InvalidArgumentError, match="epsilon"):
        bound.sample_size(0, **VALUES)
    with pytest.raises(InvalidArgumentError, match="epsilon"):
        bound.horizon(epsilon, **VALUES, n=10, alpha=0.5)
    with pytest.raises(InvalidArgumentError, match="alpha = 2"):
        bound.sample_size(0.1, **VALUES, i=1, alpha=2)
    with pytest.raises(InvalidArgumentError, match="n = 5"):
        bound.sample_size(0.1, **VALUES, i=1, alpha=0.5, n=5)
    with pytest.raises(InvalidArgumentError, match="loop = subsample"):
        settings.bound("subsample/generic").min_real_fraction(0.1, **VALUES, n=10, i=1)
    with pytest.raises(SymbolError, match="lam does not occur"):
        bound.rate("lam")


def test_questions_out_of_range():
    bound = settings.bound("replay/generic")
    with pytest.raises(InvalidArgumentError, match="tend to infinity"):
        bound.rate(alpha)
    with pytest.raises(InvalidArgumentError, match=r"alpha = n\*\*2"):
        bound.rate(n, alpha=n**2)
    with pytest.raises(InvalidArgumentError, match="term"):
        bound.rate(n, term="drfit")
    with pytest.raises(InvalidArgumentError, match="value"):
        bound.limit(alpha, 2)
    with pytest.raises(InvalidArgumentError, match="order"):
        bound.expansion(n, order=0)
    with pytest.raises(InvalidArgumentError, match="towards"):
        bound.threshold(alpha, towards="kappa")
    with pytest.raises(InvalidArgumentError, match="missing"):
        bound.phase_diagram(alpha, r)


def test_every_question_has_a_time_budget():
    bound = settings.bound("augment/generic")
    for ask in (lambda: bound.rate(i, seconds=1e-9), lambda: bound.limit(i, sp.oo, seconds=1e-9),
                lambda: bound.threshold("lam", seconds=1e-9), lambda: bound.expansion(n, seconds=1e-9),
                lambda: bound.sample_size(0.1, seconds=1e-9, **VALUES, lam=1, i=3)):
        with pytest.raises(UndecidedError, match=r"within 1e-09 s; tried \w+"):
            ask()


def test_boundary_values_are_put_in_when_asking():
    bound = settings.bound("fresh/generic")
    answer = bound.limit(i, sp.oo, term="concentration")
    with pytest.raises(InvalidArgumentError, match="put boundary values in"):
        answer.at(alpha=0, kappa=2)
    with pytest.raises(InvalidArgumentError, match="put boundary values in"):
        bound.threshold(alpha).verdict(alpha=0.5, kappa=0)
    assert bound.threshold(alpha, kappa=0).verdict(alpha=0.5) == "guaranteed"


def test_an_answer_with_cases_has_no_single_value():
    answer = settings.bound("replay/generic").rate(n)
    with pytest.raises(UndecidedError, match="depends on the parameters"):
        _ = answer.order
    with pytest.raises(InvalidArgumentError, match="r = missing"):
        answer.at(kappa=1)
    data = answer.to_dict()
    assert len(data["cases"]) == 3 and data["cases"][1]["conditions"] == ["2*r = 1"]


def test_a_logarithmic_learning_error_is_inverted_on_the_right_branch():
    bound = stl.in_expectation(stl.Setting(stl.loops.Replace(), settings.generic(1, sp.log(N) / N)))
    for target in (0.3, 0.05, 0.001):
        found = bound.sample_size(target, M=1, b=0, i=1)
        assert found.value == sp.ceiling(found.closed_form.evalf(30)) and found.value > 2.8


@pytest.mark.parametrize(("stability", "hint"), [
    (b / sp.sqrt(N), "; for a stability of b/sqrt(N) there is stl.weak_stability"),
    (b, "; the stability b of the learner should fall like 1/N"), (b / N, None)])
def test_a_bound_that_never_vanishes_for_its_learner_says_why(stability, hint):
    model = stl.generators.Generator("mine", stl.DISCRETE, 1, c * N**-r)
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha, real="fresh"), model,
                                             stl.learners.UniformlyStable(stability)))
    found = bound.sample_size(0.2, alpha=0.5, i=2, c=1, r=0.5, b=0.5, M=1, delta=0.1)
    assert (found.value is None) == (hint is not None)
    assert (hint or "from n = ") in str(found)
    # Another reason is not blamed on the learner.
    stuck = stl.generators.Generator("stuck", stl.DISCRETE, 1, 0.5)
    other = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha, real="fresh"), stuck))
    assert str(other.sample_size(0.1, alpha=0.5, i=2, b=0.5, M=1, delta=0.1)).endswith("for arbitrarily large n")
