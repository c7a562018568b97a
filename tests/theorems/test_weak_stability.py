"""The weak-stability theorem: every rule by enumeration, every constant again, mutants, where it says something."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import sympy as sp
from rule_mutants import Mutant, mostly_slow, planted
from sample_world import SampleWorld, sample_worlds

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.loops import Accumulate, Augment, FixedMix, Loop, Replace, Schedule, Subsample, WeightedMix
from stlbounds.proof import quantities
from stlbounds.proof.claim import Claim, Says
from stlbounds.proof.quantities import InfluenceSquares
from stlbounds.proof.rules import weak_stability as weak
from stlbounds.special import binary_depth
from stlbounds.symbols import alpha, b, delta, i, kappa, n, p
from stlbounds.theorems.weak import near_best_order

ROOT_STABLE = stl.learners.UniformlyStable(b / sp.sqrt(s.N))
GENERIC = stl.generators.Generator("any", stl.DISCRETE, kappa, s.e)
FRESH: tuple[Loop, ...] = (FixedMix(alpha, "fresh"), Replace(), Subsample(), Schedule((0.5, 0.25, 0.4)))
REAL = FixedMix(1)


def bound_of(loop: Loop, order: object = None) -> stl.Bound:
    return stl.weak_stability(stl.Setting(loop, GENERIC, ROOT_STABLE), order)


def rules(order: sp.Expr = p) -> list[Claim]:
    """One application of each rule about independent points."""
    common = {"protocol": REAL, "p": order}
    kinds = (weak.IndependentCopies, weak.BinaryTree, weak.OwnParts, weak.RioOverBlocks, weak.SiblingBlocks)
    return [kind.apply(**common) for kind in kinds] + [weak.MarkovOfNorm.apply(p=order, delta=delta, event="sample")]


@pytest.fixture(scope="module")
def worlds() -> list[SampleWorld]:
    return list(sample_worlds())


# --- each rule, by complete enumeration ------------------------------------------------------------------------


def test_no_rule_is_false_by_enumeration(worlds):
    for claim in rules():
        for world in worlds:
            assert not world.refutes(claim.says), claim


def test_the_pieces_of_the_enumeration_fit_together(worlds):
    """The differences telescope, and ``g_k`` is centred in its own point and near its summand of the gap."""
    for world in worlds:
        beta = world.value(quantities.Stability(n), 2) if world.size > 0 else 0.0
        own = [world._mean(g, [j for j in range(world.size) if j != k]) for k, g in enumerate(world.g)]
        for k, g in enumerate(world.g):
            assert np.allclose(world._mean(g, [k]), 0)
            assert np.allclose(own[k] + sum((level[k] for level in world.steps), np.zeros(())), g)
            assert max(np.ptp(g, axis=j).max() for j in range(world.size) if j != k or world.size == 1) <= max(
                2 * beta, np.ptp(g)) + 1e-12
        assert np.abs(world.gap - np.asarray(sum(np.broadcast_to(g, world.gap.shape) for g in world.g)) / world.size
                      ).max() <= 2 * beta + 1e-12


def test_blocks_are_those_of_the_lower_level():
    """Over the blocks of the upper one, Rio's step is false: their differences depend on two points each."""
    claim = weak.RioOverBlocks.apply(protocol=REAL, p=p).says
    assert "$B$ runs over the blocks of level $l$" in weak.LevelNorm.words
    same = np.eye(2)
    # The loss at z is the number of training points that equal z.
    world = SampleWorld(np.full((2, 2), 0.5), same[:, None, :] + same[None, :, :], "two bits")
    assert not world.refutes(claim)
    upper = SampleWorld(world.laws, world.table, world.name)
    upper.__dict__.update(steps=world.steps, levels=world.levels[1:])
    assert upper.refutes(claim)


MODULE = "stlbounds.proof.rules.weak_stability"
MUTANTS = (
    Mutant(MODULE, "IndependentCopies", "CopiesNorm(i, p) + 2", "2"),
    Mutant(MODULE, "IndependentCopies", "+ 2 * Stability", "- 2 * Stability"),
    Mutant(MODULE, "BinaryTree", "binary_depth(protocol.size(i)) * LevelNorm", "LevelNorm"),
    Mutant(MODULE, "BinaryTree", "OwnNorm(i, p) + ", ""),
    Mutant(MODULE, "BinaryTree", " + binary_depth(protocol.size(i)) * LevelNorm(i, p)", ""),
    Mutant(MODULE, "OwnParts", "p / (2 * protocol.size(i))", "p / (16 * protocol.size(i))"),
    Mutant(MODULE, "OwnParts", "sp.sqrt(p / (2 * protocol.size(i)))", "p / (2 * protocol.size(i))"),
    Mutant(MODULE, "OwnParts", "LossConstant() * ", ""),
    Mutant(MODULE, "RioOverBlocks", "sp.sqrt(p - 1) * ", "sp.sqrt(p - 1) / 2 * "),
    Mutant(MODULE, "RioOverBlocks", "sp.sqrt(p - 1) * ", "sp.sqrt(p - 2) * "),
    Mutant(MODULE, "SiblingBlocks", "sp.sqrt(2 * p) * ", "sp.sqrt(p) / 4 * "),
    Mutant(MODULE, "SiblingBlocks", "* Stability(protocol.size(i))", "* Stability(protocol.size(i)) ** 2"),
    Mutant(MODULE, "SiblingBlocks", "sp.sqrt(2 * p) * Stability(protocol.size(i))", "sp.S.Zero"),
    Mutant(MODULE, "MarkovOfNorm", "(1 / delta) ** (1 / p) * ", ""),
    Mutant(MODULE, "MarkovOfNorm", "(1 / delta) ** (1 / p) * ", "delta ** (1 / p) * "),
    Mutant(MODULE, "MarkovOfNorm", "(1 / delta) ** (1 / p)", "(1 / delta) ** (1 / (4 * p))"),
    Mutant(MODULE, "MarkovOfNorm", "frozenset({(event, delta)})", "frozenset()"),
    Mutant(MODULE, "MarkovOfNorm", "frozenset({(event, delta)})", "frozenset({(event, delta**8)})"),
)


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if "/ 4 * 0" not in m.new], ids=str)
def test_a_slip_in_a_rule_is_refused_by_enumeration(mutant, worlds):
    _, rule = planted(mutant)
    chosen = {"delta": delta, "event": "x"} if mutant.rule == "MarkovOfNorm" else {"protocol": REAL}
    says = rule.conclude((), p=p, **chosen)
    assert any(world.refutes(says) for world in worlds)


def test_the_copies_cost_something(worlds):
    """Without the ``2 beta`` the first step is false."""
    says = Says(weak.SampleGapNorm(i, p), weak.CopiesNorm(i, p))
    assert any(world.refutes(says) for world in worlds)


# --- each constant again ---------------------------------------------------------------------------------------


def test_the_norm_of_a_sub_gaussian_variable():
    """``E |X|^p <= 2 (2 s^2)^(p/2) Gamma(p/2 + 1) <= (2 p s^2)^(p/2)``; that is ``2 Gamma(p/2+1) <= p^(p/2)``."""
    for order in (*np.linspace(2, 12, 400), 50, 500):
        assert 2 * mpmath.gamma(mpmath.mpf(order) / 2 + 1) <= mpmath.mpf(order) ** (mpmath.mpf(order) / 2) * (1 + 1e-15)
    for order in (2, 3, 5.5, 20):
        # The moment from the tail 2 exp(-t^2/2), by quadrature.
        moment = mpmath.quad(lambda t, q=order: q * t ** (q - 1) * 2 * mpmath.exp(-t * t / 2), [0, 5, 40])
        assert moment == pytest.approx(float(2 * 2 ** (order / 2) * mpmath.gamma(order / 2 + 1)), rel=1e-9)


def test_rio_holds_for_sums_of_signs_and_is_sharp_for_two_and_in_the_limit():
    """``||sum of signs||_p <= sqrt((p-1) m)``: equality at ``p = 2``; the normal limit has ``E|G|^4 = 3 < 3^2``."""
    for count in (1, 2, 5, 40):
        law = np.array([math.comb(count, k) / 2**count for k in range(count + 1)])
        sums = np.abs(2 * np.arange(count + 1) - count)
        for order in (2.0, 2.5, 4.0, 10.0):
            norm = (law * sums**order).sum() ** (1 / order)
            assert norm <= math.sqrt((order - 1) * count) * (1 + 1e-12)
        assert (law * sums**2.0).sum() == pytest.approx(count)
    # Martingales whose step depends on the past: E|a + b X|^p for two steps, by enumeration.
    for order in (2.5, 4.0, 7.0):
        for scale in np.linspace(0, 3, 13):
            values = np.array([1 + scale, 1 - scale, -1.0, -1.0])
            norm = np.mean(np.abs(values) ** order) ** (1 / order)
            second = np.mean(np.array([scale, scale, 0, 0]) ** order) ** (1 / order)
            assert norm**2 <= (order - 1) * (1 + second**2) + 1e-12


def test_siblings_share_out_all_points():
    """``sum over siblings of 2 sqrt(|B||B'|) <= N`` on every level, for sizes that are no powers of two as well."""
    for size in range(2, 200):
        blocks = [size]
        depth = 0
        while max(blocks) > 1:
            pairs = [(-(-block // 2), block // 2) for block in blocks if block > 1]
            assert sum(2 * math.sqrt(a * c) for a, c in pairs) <= size
            blocks = [part for block in blocks for part in ((-(-block // 2), block // 2) if block > 1 else (block,))]
            depth += 1
        assert depth == math.ceil(math.log2(size)) == binary_depth(size)


def test_a_memoriser_of_four_points_obeys_the_whole_bound(worlds):
    bound = bound_of(REAL, p)
    for world in worlds:
        if not np.allclose(world.laws, world.laws[0]):
            continue
        beta, loss = (world.value(part, 2) for part in (quantities.Stability(n), quantities.LossConstant()))
        for order in (2.0, 3.0, 6.0):
            for chance in (0.5, 0.1, 0.01):
                value = bound.evaluate(n=world.size, b=beta * math.sqrt(world.size), M=loss, delta=chance, p=order)
                assert world.norm((np.abs(world.gap) > value).astype(float), 1.0) <= chance


# --- the theorem -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", mostly_slow([FRESH[0], REAL, *FRESH[1:], FixedMix(1, "fresh")], 2),
                         ids=lambda loop: loop.name)
def test_the_proof_verifies_and_names_its_events(loop):
    bound = bound_of(loop)
    bound.proof.verify()
    events = dict(bound.proof.root.says.events)
    assert bound.failure_probability == delta
    if weak.all_real(loop):
        assert events == {"sample": delta}
    else:
        assert events == {"sample": delta / 2, "drift": delta / 2}


def classical(size: int, order: float, chance: float, beta: float, loss: float = 1.0) -> float:
    """``chance^(-1/p) (2 beta + sqrt(2p(p-1)) beta ceil(log2 n) + M sqrt(p/(2n)))``, once more."""
    return chance ** (-1 / order) * (2 * beta + math.sqrt(2 * order * (order - 1)) * beta * math.ceil(math.log2(size))
                                     + loss * math.sqrt(order / (2 * size)))


def test_the_value_is_that_of_the_formula():
    bound = bound_of(REAL, p)
    for size in (1, 2, 3, 1000, 1024, 1025):
        value = bound.evaluate(n=size, b=0.7, M=1.5, delta=0.02, p=3.5)
        assert value == pytest.approx(classical(size, 3.5, 0.02, 0.7 / math.sqrt(size), 1.5), rel=1e-12)
    loop = bound_of(FixedMix(alpha, "fresh"), 4)
    at = {"n": 500, "alpha": 0.3, "kappa": 1.2, "e": 0.01, "i": 3, "b": 0.7, "M": 1.5, "delta": 0.02}
    rho = 1.2 * 0.7
    mean = 0.7 * 0.01 * (1 + 0.7 + 0.49)
    fluctuation = math.sqrt((rho**2 + rho**4 + rho**6) / 500 * math.log(2 / 0.02) / 2)
    expected = 1.5 * (mean + fluctuation) + classical(500, 4, 0.01, 0.7 / math.sqrt(500), 1.5)
    assert loop.evaluate(**at) == pytest.approx(expected, rel=1e-12)


def test_it_says_something_from_some_22000_points_on_where_theory_5_never_does():
    bound = bound_of(REAL)
    at = {"b": 1, "M": 1, "delta": 0.05}
    first = next(size for size in range(20_000, 24_000) if bound.evaluate(n=size, **at) < 1)
    assert 21_000 < first < 22_000
    sizes = np.array([first, 10**5, 10**7, 10**12])
    assert not bound.is_vacuous(n=sizes, **at).any()
    plain = stl.high_probability(stl.Setting(REAL, GENERIC, ROOT_STABLE))
    assert plain.is_vacuous(n=sizes, **at).all()


def test_the_closed_form_of_the_order_is_nearly_the_best():
    grid = np.concatenate([np.linspace(2, 40, 4000)])
    for chance in (0.9, 0.3, 0.05, 1e-3, 1e-6, 1e-9):
        for size in (100, 10**4, 10**7):
            beta = size**-0.5
            depth = math.ceil(math.log2(size))
            best = (chance ** (-1 / grid) * (2 * beta + np.sqrt(2 * grid * (grid - 1)) * beta * depth
                                            + np.sqrt(grid / (2 * size)))).min()
            order = float(near_best_order(delta).subs(delta, chance))
            assert order >= 2
            assert best <= classical(size, order, chance, beta) <= 1.02 * best


def test_the_constants_are_below_the_published_ones():
    """Against ``24 sqrt(2) p beta ceil(log2 n) + 4 M sqrt(p/n) + 2 beta``, the form of the published constants."""
    for order in (2, 3, 10, 100):
        assert math.sqrt(2 * order * (order - 1)) < 24 * math.sqrt(2) * order / 23.9
        assert math.sqrt(order / 2) < 4 * math.sqrt(order) / 5.6


def test_a_loop_of_no_generations_is_the_classical_case():
    loop, real = bound_of(FixedMix(alpha, "fresh"), 3), bound_of(REAL, 3)
    at = {"n": 700, "b": 1, "M": 1}
    start = loop.evaluate(alpha=0.4, kappa=2, e=0.5, i=0, delta=0.05, **at)
    # Half the failure probability is kept for a drift that there is not.
    assert start == pytest.approx(real.evaluate(delta=0.025, **at), rel=1e-12)


def test_tiny_gains_lose_no_digits():
    terms = bound_of(FixedMix(alpha, "fresh")).evaluate_terms(
        n=100, alpha=0.5, kappa=1e-9, e=0, i=4, b=1, M=1, delta=0.05)
    assert terms["fluctuation"] == pytest.approx(0.5e-9 * math.sqrt(math.log(40) / 200), rel=1e-12)


# --- the fluctuation of the drift ------------------------------------------------------------------------------


def test_the_drift_fluctuates_as_claimed_in_exact_worlds():
    """`DriftConcentration`, `DriftDifferences`: ``s_i`` in small loops, enumerated with its law."""
    from stlbounds.proof.world_chain import distance
    from stlbounds.proof.worlds import standard_worlds

    checked = 0
    for loop in (Replace(), FixedMix(alpha, "fresh"), Subsample()):
        for world in standard_worlds(loop):
            if world.outcomes > 200:
                continue
            for now in range(world.generations + 1):
                outcomes = [(distance(world.law, world._mixed(history, now)), chance)
                            for history, chance in world._chain.histories[now]]
                mean = sum(float(value * chance) for value, chance in outcomes)
                size = world.set_sizes[now]
                squares = sum(float(lot.size * world._displacement(lot, now) ** 2)
                              for lot in world._chain.lots if lot.born < now)
                for chance in (0.5, 0.1, 0.01, 1e-4):
                    most = mean + math.sqrt(math.log(1 / chance) / 2 * squares) / size + 1e-12
                    assert sum(float(share) for value, share in outcomes if value > most) <= chance
                    checked += 1
    assert checked > 100


def test_the_past_influence_is_that_of_all_points_but_the_newest():
    for loop in FRESH:
        bound = bound_of(loop)
        (claim,) = (found for found in bound.proof.steps() if isinstance(found.lhs, weak.DriftRangeSquares)
                    and not found.rhs.has(weak.PastInfluenceSquares))
        gain = bound.loop_gain if loop.constant_gain else kappa
        past = claim.rhs * n**2 + n
        whole = InfluenceSquares(i), bound._derivation.lemmas.influence_squares.rhs
        for last in (0, 1, 3):
            numbers = {kappa: sp.Rational(3, 2), alpha: sp.Rational(1, 4), i: last, n: 10}
            one, other = (float(side.subs(s.rho, gain).subs(numbers).doit()) for side in (past, whole[1]))
            assert one == pytest.approx(other, rel=1e-12)


# --- what is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", [FixedMix(alpha), Accumulate(), Augment(1), WeightedMix(0.5),
                                  Schedule([0.5, 0.25], "replay")], ids=lambda loop: loop.name)
def test_dependent_points_are_refused(loop):
    with pytest.raises(AssumptionError, match=r"independent given the past|count alike"):
        bound_of(loop)
    with pytest.raises(AssumptionError, match=r"independent given the past|count alike"):
        weak.IndependentCopies.apply(protocol=loop, p=p)


@pytest.mark.parametrize("order", [1, 1.99, delta, 1 + s.b, -3])
def test_orders_below_two_are_refused(order):
    with pytest.raises(InvalidArgumentError, match="provably at least 2"):
        bound_of(REAL, order)
    with pytest.raises(AssumptionError, match="at least 2"):
        weak.MarkovOfNorm.apply(p=sp.sympify(order), delta=delta, event="x")


def test_an_order_may_be_a_symbol_or_depend_on_delta():
    assert p in bound_of(REAL, p).symbols
    value = bound_of(REAL, 2 + sp.log(1 / delta)).evaluate(n=1000, b=1, M=1, delta=0.05)
    free = bound_of(REAL, p).evaluate(n=1000, b=1, M=1, delta=0.05, p=2 + math.log(20))
    assert value == pytest.approx(free, rel=1e-12)


def test_the_depth_of_a_tree_is_enclosed():
    bound = bound_of(REAL, 3)
    for size in (1, 2, 3, 1023, 1024, 1025, 10**6):
        found = bound.enclose(n=size, b=1, M=1, delta=0.05)
        assert float(found.lower) <= bound.evaluate(n=size, b=1, M=1, delta=0.05) * (1 + 1e-12)
        assert float(found.upper) >= bound.evaluate(n=size, b=1, M=1, delta=0.05) * (1 - 1e-12)
        assert float(found.upper) - float(found.lower) < 1e-9
    wide = bound.enclose(n=(1000, 1100), b=1, M=1, delta=0.05)
    for size in range(1000, 1101, 5):
        assert float(wide.lower) <= bound.evaluate(n=size, b=1, M=1, delta=0.05) <= float(wide.upper)


def test_real_data_only_is_checked():
    with pytest.raises(AssumptionError, match="synthetic"):
        weak.RealMixture.apply(protocol=Replace())


def test_a_generator_with_one_seed_for_all_points_is_refused():
    generator = stl.generators.Generator("any", stl.DISCRETE, kappa, s.e)
    object.__setattr__(generator, "shared_seed", True)
    with pytest.raises(AssumptionError, match="one random seed"):
        stl.weak_stability(stl.Setting(REAL, generator, ROOT_STABLE))
