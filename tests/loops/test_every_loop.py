"""What holds for every loop: shapes, ranges, limits, monotonicity, and many steps as one step after another."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.entries import LOOPS as REGISTRY
from stlbounds.loops import (
    Accumulate,
    Augment,
    FixedMix,
    Loop,
    Replace,
    Schedule,
    SourceWeights,
    Subsample,
    WeightedMix,
)

LOOPS: dict[str, tuple[Loop, str | None]] = {
    "replay": (FixedMix(s.alpha, "replay"), "alpha"),
    "fresh": (FixedMix(s.alpha, "fresh"), "alpha"),
    "replace": (Replace(), None),
    "augment": (Augment(s.lam), "lam"),
    "accumulate": (Accumulate(), None),
    "subsample": (Subsample(), None),
    "weighted": (WeightedMix(s.w), "w"),
    "schedule": (Schedule(s.alpha / (s.j + 1)), "alpha"),
    "schedule-replay": (Schedule(s.alpha / (s.j + 1), "replay"), "alpha"),
    "schedule-list": (Schedule([0.5, 0, s.alpha, 1, 0.25, 0.25], "replay"), "alpha"),
    "source-weights": (SourceWeights(s.j + 1), None),
}
LAST = 6
NUMBERS = dict(c=1.0, r=0.5, b=2.0, M=1.0, delta=0.05)
SHARES, KAPPAS = st.floats(0, 1), st.floats(0, 2)
few = settings(max_examples=6, deadline=None)


@cache
def bound(name: str) -> stl.Bound:
    generator = stl.generators.Generator("any", stl.DISCRETE, s.kappa, s.c * s.N**-s.r)
    return stl.high_probability(stl.Setting(LOOPS[name][0], generator))


def terms(name: str, share: object, **values: object) -> dict[str, np.ndarray]:
    parameter = LOOPS[name][1]
    given_values = {**NUMBERS, "n": 600, "kappa": 1.0, "i": LAST, **values}
    return bound(name).evaluate_terms(**given_values, **({parameter: share} if parameter else {}))


def at_most(low: np.ndarray, high: np.ndarray) -> bool:
    return bool(np.all(low <= high * (1 + 1e-12)))


LONG = ("schedule-replay", "schedule-list", "source-weights")


def test_every_loop_of_the_registry_is_here() -> None:
    assert {"replace" if loop == Replace() else loop.name for loop, _ in LOOPS.values()} >= set(REGISTRY)


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name
                                  for name in LOOPS])
class TestEveryLoop:
    @few
    @given(share=SHARES, kappa=KAPPAS)
    def test_arrays_broadcast_and_agree_with_numbers(self, name: str, share: float, kappa: float) -> None:
        generations, sizes = np.arange(LAST + 1), np.array([[60.0], [600.0]])
        found = terms(name, share, kappa=kappa, i=generations, n=sizes)
        for part, values in found.items():
            array = np.broadcast_to(values, (2, LAST + 1))
            assert np.isfinite(array).all() and (array >= 0).all()
            for row, size in enumerate((60, 600)):
                for i in (0, 1, LAST):
                    assert terms(name, share, kappa=kappa, i=i, n=size)[part] == pytest.approx(array[row, i], rel=1e-11)

    @few
    @given(share=SHARES, kappa=KAPPAS)
    def test_without_generations_it_is_the_classical_bound(self, name: str, share: float, kappa: float) -> None:
        found = terms(name, share, kappa=kappa, i=0)
        assert found["drift"] == 0
        assert found["bias"] == pytest.approx(2 / 600, rel=1e-12)
        assert found["concentration"] == pytest.approx(5 * (np.log(40) / 1200) ** 0.5, rel=1e-12)

    @few
    @given(share=SHARES)
    def test_a_generator_that_ignores_its_data_amplifies_nothing(self, name: str, share: float) -> None:
        found = terms(name, share, kappa=np.array([1e-9, 0.0]))
        size = {"accumulate": 600 * (LAST + 1), "augment": 600 * (1 + share)}.get(name, 600)
        weights = share**2 + (1 - share) ** 2 if name == "weighted" else 1.0
        classical = 5 * (weights * np.log(40) / (2 * size)) ** 0.5
        if name == "augment":
            # A real point counts once, and so does a synthetic one of the last generation.
            assert found["concentration"][1] == pytest.approx(classical, rel=1e-12)
        elif name != "accumulate":
            assert found["concentration"] == pytest.approx(classical, rel=1e-7)
            assert found["concentration"][1] == pytest.approx(classical, rel=1e-12)
        assert at_most(found["concentration"][1], found["concentration"][0])

    @few
    @given(share=SHARES, one=KAPPAS, other=KAPPAS)
    def test_sensitivity_never_helps(self, name: str, share: float, one: float, other: float) -> None:
        found = terms(name, share, kappa=np.array(sorted((one, other))))
        for part in ("bias", "concentration"):
            values = np.broadcast_to(found[part], 2)
            assert at_most(values[0], values[1])

    @few
    @given(share=SHARES, kappa=KAPPAS, size=st.integers(1, 10**6))
    def test_more_data_and_less_confidence_help(self, name: str, share: float, kappa: float, size: int) -> None:
        found = terms(name, share, kappa=kappa, n=np.array([size, size + 1]))
        assert all(at_most(values[1], values[0]) for values in found.values() if np.ndim(values))
        levels = terms(name, share, kappa=kappa, delta=np.array([0.01, 0.5]))["concentration"]
        assert at_most(levels[1], levels[0])

    @few
    @given(share=SHARES)
    def test_drift_never_shrinks_with_the_error(self, name: str, share: float) -> None:
        drift = terms(name, share, c=np.array([0.0, 0.5, 1.0]))["drift"]
        assert np.broadcast_to(drift, 3)[0] == 0
        assert drift[2] == pytest.approx(2 * drift[1], rel=1e-12) if np.ndim(drift) else drift == 0

    def test_many_steps_are_one_step_after_another(self, name: str) -> None:
        values = {s.alpha: sp.Rational(1, 3), s.lam: sp.Rational(2, 3), s.w: sp.Rational(3, 5)}
        law = LOOPS[name][0].location_law()
        state = {moment.symbol: moment.start.subs(values) for moment in law.moments}
        for generation in range(5):
            folded = law.variance.subs(state).subs(values)
            closed = law.closed(sp.Integer(generation)).subs(values).doit()
            assert sp.simplify(folded - closed) == 0
            here = {**values, s.J: generation}
            state = {moment.symbol: moment.step.subs(state).subs(here).doit() for moment in law.moments}


@few
@given(one=SHARES, other=SHARES, kappa=st.floats(0, 1))
def test_more_real_data_never_hurt_where_the_mathematics_says_so(one: float, other: float, kappa: float) -> None:
    """New real points in every generation: every gain falls as the proportion grows, and so does the drift."""
    for name in ("fresh", "schedule"):
        found = terms(name, np.array(sorted((one, other))), kappa=kappa)
        assert at_most(found["concentration"][1], found["concentration"][0])
        assert at_most(found["drift"][1], found["drift"][0])
    assert at_most(*(np.array(terms("replay", share, kappa=kappa)["drift"]) for share in sorted((one, other))[::-1]))


@pytest.mark.parametrize("name", ["replay", "fresh", "schedule-list"])
def test_all_real_data_leave_the_classical_bound(name: str) -> None:
    loop = {"replay": FixedMix(1, "replay"), "fresh": FixedMix(1, "fresh"), "schedule-list": Schedule([1] * LAST)}[name]
    generator = stl.generators.Generator("any", stl.DISCRETE, s.kappa, s.c * s.N**-s.r)
    found = stl.high_probability(stl.Setting(loop, generator)).evaluate_terms(**NUMBERS, n=600, i=LAST, kappa=1.5)
    assert found["drift"] == 0
    assert found["concentration"] == pytest.approx(5 * (np.log(40) / 1200) ** 0.5, rel=1e-12)
