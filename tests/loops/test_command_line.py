"""`stlbounds eval generic --loop ...` against a recursion over the pools of the loop, to 12 digits at random points."""

from __future__ import annotations

import json
import random
from fractions import Fraction

import mpmath
import pytest
import sympy as sp
from brute_force import exact, run

from stlbounds import symbols as s
from stlbounds.__main__ import main
from stlbounds.loops import Accumulate, Augment, FixedMix, Loop, Replace, Schedule, Subsample, WeightedMix

#: The loop of a command line, given the value of its parameter; the option that sets it.
LOOPS = {
    "replace": (lambda value: Replace(), None),
    "augment": (Augment, "lam"),
    "accumulate": (lambda value: Accumulate(), None),
    "subsample": (lambda value: Subsample(), None),
    "schedule": (lambda value: Schedule([value, value / 2, 0, value, 1 - value, value / 3]), "alphas"),
    "schedule --real replay": (lambda value: Schedule([value, value / 2, 0, value, 1 - value, value / 3], "replay"),
                               "alphas"),
    "schedule --real replay (expression)": (lambda value: Schedule(value / (s.j + 1), "replay"), "alphas"),
    "fixed-mix --real replay": (lambda value: FixedMix(value, "replay"), "alpha"),
    "fixed-mix --real fresh": (lambda value: FixedMix(value, "fresh"), "alpha"),
    "weighted-mix": (WeightedMix, "w"),
}


def text(loop: Loop, option: str, value: sp.Rational) -> str:
    if isinstance(loop, Schedule):
        return ",".join(map(str, loop.alphas)) if isinstance(loop.alphas, tuple) else f"({value})/(j+1)"
    return str(value)


def expected(loop: Loop, i: int, numbers: dict[str, Fraction]) -> dict[str, mpmath.mpf]:
    """The terms of theory §5 from the pools, in exact fractions up to the last roots."""
    found = run(loop, i, numbers["kappa"], exact({s.n: int(numbers["n"])}))
    size = found.size(i)
    with mpmath.workdps(40):
        real = {name: mpmath.mpf(value.numerator) / value.denominator for name, value in numbers.items()}
        whole = mpmath.mpf(size.numerator) / size.denominator
        drift = found.drift_by_lemma(
            lambda size: real["c"] * (mpmath.mpf(size.numerator) / size.denominator) ** -real["r"])
        mean, squares = (mpmath.mpf(value.numerator) / value.denominator
                         for value in (found.mean_influence(), found.amplification_squared()))
        spread = mpmath.sqrt(squares * mpmath.log(2 / real["delta"]) / (2 * whole))
        return {"drift": real["M"] * drift, "bias": real["b"] / whole * (1 + mean),
                "concentration": (2 * real["b"] + real["M"]) * spread}


#: Their derivations take seconds, so that the quick suite looks at the others.
LONG = ("schedule --real replay", "schedule --real replay (expression)", "schedule", "augment")


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name
                                  for name in LOOPS])
def test_every_loop_agrees_with_its_pools(capsys: pytest.CaptureFixture[str], name: str) -> None:
    make, option = LOOPS[name]
    rng = random.Random(name)
    for _ in range(4):
        value = sp.Rational(rng.randint(1, 19), 20)
        loop, i = make(value), rng.randint(0, 6)
        numbers = {"kappa": Fraction(rng.randint(0, 30), 20), "c": Fraction(rng.randint(1, 40), 10),
                   "r": Fraction(rng.randint(1, 8), 8), "n": Fraction(rng.randint(1, 50) * 120),
                   "b": Fraction(rng.randint(0, 30), 10), "M": Fraction(rng.randint(1, 30), 10),
                   "delta": Fraction(rng.randint(1, 19), 20)}
        arguments = [f"{key}={number}" for key, number in numbers.items()] + [f"i={i}"]
        if option:
            arguments.append(f"{option}={text(loop, option, value)}")
        words = name.partition(" (")[0].split()
        command = ["eval", "generic", "--loop", *words, "--json"]
        command += [part for pair in arguments for part in ("--set", pair)]
        assert main(command) == 0
        terms = json.loads(capsys.readouterr().out)["terms"]
        for part, wanted in expected(loop, i, numbers).items():
            # A convex combination with many terms may lose a digit; 12 are asked for.
            assert terms[part] == pytest.approx(float(wanted), rel=1e-12, abs=1e-300), (part, i, value, numbers)


def test_a_schedule_that_is_shorter_than_the_run_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    values = ["kappa=1", "c=1", "r=1", "n=100", "b=1", "M=1", "delta=0.1", "i=4", "alphas=0.5,0.4,0.3"]
    command = ["eval", "generic", "--loop", "schedule", "--real", "replay",
               *(part for pair in values for part in ("--set", pair))]
    assert main(command) == 2
    assert "at most 3" in capsys.readouterr().err
