"""Exact worlds, ready to use: a gallery in which every step of theory §3-§5 is nearly tight, and how proofs meet it.

Each world is chosen so that some rule is (nearly) an equality in it; a rule that is wrong by a factor, a sign or an
index is then false in one of them. See `stlbounds.proof.world_values` for what a world is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError, ProofError
from stlbounds.proof.dag import Proof
from stlbounds.proof.protocol import Protocol
from stlbounds.proof.world_check import Counterexample, OutsideWorld, Trial
from stlbounds.proof.world_models import (
    Adversarial,
    Brier,
    Constant,
    Contraction,
    Empirical,
    Expansion,
    FiniteGenerator,
    FiniteLearner,
    Ignorant,
    Law,
    Memoriser,
    Shift,
)
from stlbounds.proof.world_values import World
from stlbounds.symbols import alpha, lam, n, w

__all__ = [
    "Counterexample",
    "OutsideWorld",
    "Trial",
    "World",
    "categorical_worlds",
    "hold_against_worlds",
    "standard_worlds",
]


def _law(text: str) -> Law:
    return tuple(map(Fraction, text.split()))


def _uniform(symbols: int) -> Law:
    return (Fraction(1, symbols),) * symbols


HALF, CERTAIN, SKEWED = _uniform(2), _law("1 0"), _law("1/5 4/5")
#: Binary noise for which Azuma's inequality is tightest at small failure probabilities.
RARE_BIT = _law("17/20 3/20")
#: Almost always the first symbol, as `Adversarial` wants it.
RARE = _law("998/1000 1/1000 1/1000")
UNEVEN = _law("1/2 1/3 1/6")


@dataclass(frozen=True)
class Recipe:
    """A world without its protocol."""

    n: int
    alpha: Fraction
    law: Law
    generator: FiniteGenerator
    learner: FiniteLearner
    generations: int


def _recipe(points: int, proportion: str, law: Law, generator: FiniteGenerator, learner: FiniteLearner,
            generations: int) -> Recipe:
    return Recipe(points, Fraction(proportion), law, generator, learner, generations)


_EMPIRICAL, _BIT = Empirical(), Constant(_law("0 1"))

_RECIPES: tuple[Recipe, ...] = (
    # One coin: variance, Jensen and, at both ends of delta, Azuma.
    _recipe(1, "0", HALF, _EMPIRICAL, _BIT, 3),
    _recipe(1, "0", RARE_BIT, _EMPIRICAL, _BIT, 3),
    _recipe(2, "1", HALF, _EMPIRICAL, _BIT, 3),
    # Drift in one direction: triangle, convexity, duality.
    _recipe(4, "1/2", CERTAIN, Shift(Fraction(1, 4)), Constant(_law("0 1/2")), 2),
    _recipe(4, "1/4", CERTAIN, Shift(Fraction(1, 5)), Constant(_law("0 3")), 2),
    _recipe(4, "0", CERTAIN, Shift(Fraction(1, 4)), _BIT, 3),
    _recipe(4, "3/4", CERTAIN, Shift(Fraction(1, 4)), Constant(_law("0 2")), 2),
    # Equality in the coupling lemma, and in the ranges for a fixed hypothesis.
    _recipe(4, "1/2", HALF, _EMPIRICAL, _BIT, 3),
    _recipe(4, "1/4", SKEWED, Contraction(Fraction(1, 3), HALF), _BIT, 3),
    _recipe(3, "1/3", UNEVEN, _EMPIRICAL, Constant(_law("0 1/2 2")), 2),
    _recipe(4, "1/2", HALF, Expansion(Fraction(3, 2)), _BIT, 3),
    _recipe(4, "1/4", HALF, Expansion(Fraction(5, 4)), Brier(), 3),
    _recipe(3, "0", HALF, Expansion(Fraction(4, 3)), _BIT, 2),
    _recipe(2, "1/2", SKEWED, Ignorant(HALF), Brier(), 3),
    # Stability: bias as large as can be, both risks moving apart.
    _recipe(1, "0", _uniform(12), _EMPIRICAL, Memoriser(), 2),
    _recipe(2, "1", _uniform(5), _EMPIRICAL, Memoriser(Fraction(1, 2)), 1),
    _recipe(2, "1/2", _uniform(8), _EMPIRICAL, Memoriser(Fraction(3)), 2),
    _recipe(3, "2/3", _uniform(11), _EMPIRICAL, Memoriser(), 1),
    _recipe(4, "1/2", UNEVEN, _EMPIRICAL, Memoriser(), 1),
    _recipe(1, "0", RARE, _EMPIRICAL, Adversarial(), 2),
    _recipe(2, "1/2", RARE, _EMPIRICAL, Adversarial(), 2),
    _recipe(4, "1/4", RARE, _EMPIRICAL, Adversarial(), 1),
    _recipe(3, "1/3", RARE, _EMPIRICAL, Adversarial(), 1),
    # Nothing special: whatever the others have in common.
    _recipe(4, "1/4", SKEWED, _EMPIRICAL, Brier(), 3),
    _recipe(3, "1", SKEWED, _EMPIRICAL, Brier(), 2),
    _recipe(2, "1/2", UNEVEN, Contraction(Fraction(1, 4), _law("0 0 1")), Brier(), 2),
)

_CATEGORICAL: tuple[Recipe, ...] = tuple(
    _recipe(points, proportion, law, _EMPIRICAL, Brier(), generations)
    for points, proportion, law, generations in (
        (1, "0", HALF, 3), (1, "1", HALF, 2), (1, "0", RARE_BIT, 3), (2, "0", HALF, 3), (2, "1/2", HALF, 3),
        (2, "1", HALF, 2), (4, "0", HALF, 3), (4, "1/4", HALF, 3), (4, "1/2", SKEWED, 3), (4, "3/4", HALF, 3),
        (3, "1/3", UNEVEN, 2), (3, "2/3", _uniform(3), 2), (2, "1/2", _uniform(5), 2),
    )
)

_MOST_OUTCOMES = 5000


def _built(protocol: Protocol, recipe: Recipe) -> World | None:
    """The world of a recipe, with fewer generations if all of them have too many histories; None if it has none."""
    # A plan without a second generation may not show all symbols of its protocol.
    pools = protocol.plan(1).pools()
    used = set().union(*((pool.size * pool.weight).free_symbols for pool in pools))
    numbers: dict[sp.Symbol, int | Fraction] = {n: recipe.n, alpha: recipe.alpha, w: recipe.alpha, lam: Fraction(1)}
    sizes = {symbol: value for symbol, value in numbers.items() if symbol in used}
    for generations in range(recipe.generations, -1, -1):
        try:
            world = World(protocol, sizes, recipe.law, recipe.generator, recipe.learner, generations)
        except InvalidArgumentError:
            # Not whole numbers of points under this protocol, at least in so many generations.
            continue
        if world.outcomes <= _MOST_OUTCOMES:
            return world
    return None


def _worlds(recipes: Iterable[Recipe], protocols: Iterable[Protocol]) -> Iterator[World]:
    for protocol in protocols:
        built = (_built(protocol, recipe) for recipe in recipes)
        # Recipes that differ in symbols that the protocol does not have are the same world.
        yield from {repr(world): world for world in built if world is not None}.values()


def standard_worlds(*protocols: Protocol) -> tuple[World, ...]:
    """Worlds in which each step of theory §3-§5 is nearly tight, for each protocol.

    Parameters
    ----------
    *protocols : Protocol
        Loops whose plan uses the symbols ``n``, ``alpha``, ``lam`` and ``w`` at most. Recipes that do not give whole
        numbers of points are left out; those that are too large get fewer generations.

    Returns
    -------
    tuple of World
        Nothing is computed in them yet.
    """
    return tuple(_worlds(_RECIPES, protocols))


def categorical_worlds(*protocols: Protocol) -> tuple[World, ...]:
    """Worlds of the empirical generator and the Brier learner only, for claims that are particular to them."""
    return tuple(_worlds(_CATEGORICAL, protocols))


def hold_against_worlds(proof: Proof, worlds: Iterable[World],
                        values: Mapping[sp.Symbol, Any] | None = None) -> tuple[int, ...]:
    """Hold every claim of a proof against exact worlds.

    Parameters
    ----------
    proof : Proof
        The proof; its assumptions must hold in the worlds with the constants of `World.constants`, or `values`.
    worlds : iterable of World
        For example those of `standard_worlds`.
    values : mapping, optional
        As in `World.refute`.

    Returns
    -------
    tuple of int
        How many instances of each step were compared, in the order of ``proof.steps()``.

    Raises
    ------
    ProofError
        Naming the step, its rule, the world and the values, if a claim is false in one of them.
    """
    steps, definitions = proof.steps(), proof.definitions()
    counts = [0] * len(steps)
    for world in worlds:
        for number, claim in enumerate(steps):
            for trial in world.trials(claim.says, definitions, values):
                counts[number] += 1
                if not trial.holds:
                    raise ProofError(f"step {number + 1} ({claim.rule.title}), {claim.says}, is false in an exact "
                                     f"world: {Counterexample(repr(world), trial)}")
    return tuple(counts)
