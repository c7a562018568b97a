"""Networks: one model is the single loop, influences against linear responses, drift, bounds, what is refused."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import stlbounds as stl
from stlbounds import symbols as s
from stlbounds.errors import AssumptionError, InvalidArgumentError, MetricError, SymbolError, UndecidedError
from stlbounds.matrices import power_entry, power_entry_array, power_sum_entry, power_sum_entry_array
from stlbounds.networks import Model, Network
from stlbounds.networks.lemmas import NetworkLemmas
from stlbounds.proof.claim import Claim, Rule, Says
from stlbounds.proof.identities import equal
from stlbounds.proof.quantities import InfluenceSquares, Str
from stlbounds.proof.rules import networks as rules
from stlbounds.symbols import G, J, alpha, delta, i, kappa, n

_MUTANTS = Path(__file__).parents[1] / "theorems" / "rule_mutants.py"
_spec = importlib.util.spec_from_file_location("rule_mutants", _MUTANTS)
_module = importlib.util.module_from_spec(_spec)
__import__("sys").modules["rule_mutants"] = _module
_spec.loader.exec_module(_module)
Mutant, mostly_slow, planted = _module.Mutant, _module.mostly_slow, _module.planted

HALF = sp.Rational(1, 2)
GENERIC = stl.generators.Generator("any", stl.DISCRETE, kappa, s.e)
JUDGE = stl.learners.UniformlyStable(s.b / s.N)
CATEGORICAL = Model(stl.generators.Categorical(4), stl.learners.BrierFit())
#: The network of theory §10 in which the first model sees no real data.
BLIND = Network([CATEGORICAL, CATEGORICAL], [[0, 1], [HALF, 0]])


# --- powers of matrices ----------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3), st.integers(0, 12), st.integers(0, 2**30))
def test_entries_of_powers_agree_in_every_evaluation(size, k, seed):
    rng = np.random.default_rng(seed)
    exact = [sp.Rational(int(x), 4) for x in rng.integers(0, 6, size * size)]
    matrix = sp.Matrix(size, size, exact)
    a, c = int(rng.integers(size)), int(rng.integers(size))
    power, total = (matrix**k)[a, c], sum(((matrix**m)[a, c] for m in range(k)), sp.S.Zero)
    assert power_entry(k, a, c, *exact) == power and power_sum_entry(k, a, c, *exact) == total
    floats = [float(x) for x in exact]
    assert power_entry_array(k, a, c, *floats) == pytest.approx(float(power), rel=1e-12)
    assert power_sum_entry_array(np.array([k, 0]), a, c, *floats) == pytest.approx([float(total), 0], rel=1e-12)
    free = power_sum_entry(i, a, c, *exact) + power_entry(i, a, c, *exact)
    assert float(free.subs(i, k)) == pytest.approx(float(power + total), rel=1e-12)


def test_powers_overflow_to_infinity_and_keep_zeros():
    assert power_entry_array(5000, 0, 0, 2.0, 0.0, 0.0, 0.5) == np.inf
    assert power_entry_array(5000, 0, 1, 2.0, 0.0, 0.0, 0.5) == 0
    assert power_entry(i, 0, 1, kappa, 1, 1, 0).is_nonnegative
    assert power_entry(i, 0, 1, kappa - 1, 1, 1, 0).is_nonnegative is None


# --- one model is the single loop --------------------------------------------------------------------------------


@pytest.mark.parametrize("real", ["fresh", "replay"])
@pytest.mark.parametrize("theorem", ["high_probability", "in_expectation"])
def test_a_network_of_one_model_is_the_single_loop(real, theorem):
    one = getattr(Network([Model(GENERIC, JUDGE)], [[1 - alpha]], real), theorem)(0)
    loop = getattr(stl, theorem)(stl.Setting(stl.loops.FixedMix(alpha, real), GENERIC, JUDGE, drift="lemma"))
    assert one.terms.keys() == loop.terms.keys()
    for name, term in loop.terms.items():
        assert equal(one.terms[name], term), name
    assert one.proof.verify().steps > 20
    assert one.failure_probability == loop.failure_probability
    assert one.network.loop_gain == loop.loop_gain == kappa * (1 - alpha)
    if theorem == "high_probability":
        assert equal(one.amplification, loop.amplification)


# --- influence is the linear response of unprojected means ---------------------------------------------------------


def response(flows: np.ndarray, gains: np.ndarray, sizes: np.ndarray, last: int, owner: int, born: int,
             kept: bool) -> np.ndarray:
    """How far all training sets of generation `last` move when a point of `owner`, drawn in `born`, moves by 1.

    Means ``theta_b = kappa_b (mean of T^b)`` of models without walls, every new point moving with its source.
    """
    moved = np.eye(len(sizes))[owner]  # total displacement of each training set
    for _ in range(born, last):
        theta = gains * moved / sizes
        moved = sizes * (flows @ theta) + (np.eye(len(sizes))[owner] if kept else 0)
    return moved


NETWORKS = {
    "blind": (np.array([[0, 1], [0.5, 0]]), np.array([1.0, 1.0]), np.array([40, 40])),
    "uneven": (np.array([[0.2, 0.3], [0.6, 0.1]]), np.array([1.3, 0.7]), np.array([40, 120])),
    "three": (np.array([[0, 0.5, 0.25], [0.5, 0, 0], [0, 0.75, 0.2]]), np.array([1.2, 0.5, 2.0]),
              np.array([20, 40, 80])),
}


def network_of(name: str, real: str = "fresh") -> Network:
    flows, gains, sizes = NETWORKS[name]
    models = [Model(stl.generators.Generator("g", stl.DISCRETE, float(gain), 0.01 * (k + 1)), JUDGE, int(size))
              for k, (gain, size) in enumerate(zip(gains, sizes, strict=True))]
    return Network(models, flows, real)


def squares(name: str, real: str, model: int, last: int) -> float:
    """``sum of x_X**2`` from the linear responses."""
    flows, gains, sizes = NETWORKS[name]
    shares = 1 - flows.sum(axis=1)
    total = 0.0
    for owner, size in enumerate(sizes):
        for born in range(last + 1):
            once = response(flows, gains, sizes, last, owner, born, False)[model] ** 2
            if real == "fresh":
                total += size * once
            elif born == 0:
                kept = response(flows, gains, sizes, last, owner, 0, True)[model] ** 2
                total += size * (shares[owner] * kept + (1 - shares[owner]) * once)
            else:
                total += size * (1 - shares[owner]) * once
    return total


@pytest.mark.parametrize("real", ["fresh", "replay"])
@pytest.mark.parametrize("name", ["blind", "uneven"])
def test_the_amplification_is_that_of_linear_responses(name, real):
    network = network_of(name, real)
    for model in range(len(network.models)):
        bound = network.high_probability(model)
        size = NETWORKS[name][2][model]
        for last in (0, 1, 4):
            expected = math.sqrt(squares(name, real, model, last) / size)
            assert bound.evaluate_amplification(i=last) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("real", ["fresh", "replay"])
@pytest.mark.parametrize("name", ["uneven", "three"])
def test_drift_and_bias_are_those_of_the_recursions(name, real):
    flows, gains, sizes = NETWORKS[name]
    network = network_of(name, real)
    errors = 0.01 * np.arange(1, len(sizes) + 1)
    for model in range(len(sizes)):
        bound = network.in_expectation(model)
        for last in (0, 1, 2, 6):
            drift = np.zeros(len(sizes))
            for _ in range(last):
                drift = errors + flows @ drift
            own = 0.0
            if real == "replay":
                own = (1 - flows.sum(axis=1)[model]) * (response(flows, gains, sizes, last, model, 0, True)[model] - 1)
            terms = bound.evaluate_terms(i=last, b=2, M=3)
            assert terms["drift"] == pytest.approx(3 * (flows @ drift)[model], rel=1e-12)
            assert terms["bias"] == pytest.approx(2 / sizes[model] * (1 + own), rel=1e-12)
            assert float(network.drift(model).subs(i, last)) == pytest.approx(drift[model], rel=1e-12)


@pytest.mark.slow
def test_three_models_have_a_proof_that_verifies():
    assert network_of("three").high_probability(1).proof.verify().steps > 60


@pytest.mark.slow
def test_two_symbolic_models_have_a_proof_that_verifies():
    first, second = (Model(stl.generators.Generator("g", stl.DISCRETE, gain, s.e), JUDGE, size)
                     for gain, size in ((kappa, n), (s.eta, 2 * n)))
    network = Network([first, second], [[0, alpha], [1 - alpha, 0]])
    assert network.real == (1 - alpha, alpha)
    assert equal(network.loop_gain, sp.sqrt(alpha * (1 - alpha) * kappa * s.eta))
    bound = network.high_probability(1)
    assert bound.proof.verify().leaves > 5
    at = {"n": 300, "alpha": 0.3, "kappa": 1.2, "eta": 0.5, "e": 0.01, "b": 1, "M": 1, "delta": 0.05}
    flows, gains = np.array([[0, 0.3], [0.7, 0]]), np.array([1.2, 0.5])
    sizes = np.array([300, 600])
    total = sum(size * response(flows, gains, sizes, 3, owner, born, False)[1] ** 2
                for owner, size in enumerate(sizes) for born in range(4))
    concentration = (2 + 1) * math.sqrt(total / 600) * math.sqrt(math.log(40) / 1200)
    assert bound.evaluate_terms(i=3, **at)["concentration"] == pytest.approx(concentration, rel=1e-12)
    assert float(bound.evaluate(i=3, digits=30, **at)) == pytest.approx(bound.evaluate(i=3, **at), rel=1e-13)


# --- the network of theory §10 -----------------------------------------------------------------------------------


def test_it_is_finite_although_one_model_sees_no_real_data():
    assert BLIND.loop_gain == sp.sqrt(2) / 2 and BLIND.gain() == pytest.approx(math.sqrt(0.5))
    assert (BLIND.regime(), BLIND.sufficient_gain, BLIND.real) == ("forgets", 1, (0, HALF))
    assert BLIND.reaches_real_data()
    values = BLIND.all_at_once().evaluate(n=10**6, i=np.array([0, 10, 100, 400]), delta=0.05)
    for found in values.values():
        assert np.isfinite(found).all() and found[3] == pytest.approx(found[2], rel=1e-9)
    # Closed loops of two models amplify noise by at most sum over m of (1/2)^m twice: Phi^2 < 1 + 1 + 1/2 + ...
    assert BLIND.high_probability(0).evaluate_amplification(i=400) == pytest.approx(math.sqrt(8 / 3), rel=1e-12)


def test_a_simulation_does_not_contradict_it():
    """4000 replicas; the bounds hold with room to spare, so a false alarm is next to impossible."""
    last, size = 6, 60
    run = BLIND.simulate(last, replicas=4000, seed=4, n=size)
    assert run.gap.shape == (2, 4000, last + 1) and run.sizes == ((0, 0, 60), (30, 30, 0))
    for model, name in enumerate(BLIND.names):
        bound, mean = BLIND.high_probability(model), BLIND.in_expectation(name)
        for j in range(last + 1):
            assert (np.abs(run.gap[model, :, j]) > bound.evaluate(n=size, i=j, delta=0.05)).mean() <= 0.05
            terms = mean.evaluate_terms(n=size, i=j)
            assert abs(run.gap[model, :, j].mean()) <= sum(terms.values())
            assert run.mixed_drift[model, :, j].mean() <= terms["drift"]
    assert (run.mixed_drift[:, :, 0] == 0).all()
    # The drift is real, and not far below what is claimed.
    assert run.mixed_drift[0, :, last].mean() > 0.2 * BLIND.in_expectation(0).evaluate_terms(n=size, i=last)["drift"]


def test_all_at_once_pays_the_union_bound():
    joint = BLIND.all_at_once()
    assert joint.failure_probability == delta
    assert {bound.failure_probability for bound in joint.bounds.values()} == {delta / 2}
    values = joint.evaluate(n=1000, i=3, delta=0.05)
    for model, name in enumerate(BLIND.names):
        alone = BLIND.high_probability(model).evaluate(n=1000, i=3, delta=0.025)
        assert values[name] == pytest.approx(alone, rel=1e-14)


def test_replay_and_location_models_can_be_simulated():
    located = Model(stl.generators.LocationModel(noise=0.1), stl.learners.MeanFit())
    network = Network([located, located], [[0.25, 0.25], [0.5, 0]], real="replay")
    run = network.simulate(4, replicas=300, seed=1, n=40)
    assert run.sizes == ((20, 10, 10), (20, 20, 0))
    assert 0 < run.drift[0, :, 4].mean() < 0.1
    with pytest.raises(InvalidArgumentError, match="whole number of points"):
        network.simulate(1, replicas=2, n=41)


# --- gains and regimes -------------------------------------------------------------------------------------------


def test_gains_of_rings_chains_and_pairs():
    def ring(*flows: sp.Expr) -> Network:
        count = len(flows)
        return Network([Model(GENERIC, JUDGE)] * 0 + [Model(GENERIC, JUDGE, name=str(k)) for k in range(count)],
                       [[flow if c == (a + 1) % count else 0 for c in range(count)] for a, flow in enumerate(flows)])

    assert ring(HALF, HALF, HALF).loop_gain.subs(kappa, 3) == sp.Rational(3, 2)
    assert ring(HALF, HALF, HALF).regime(kappa=3) == "amplifies"
    assert ring(HALF, HALF, HALF).regime(kappa=2) == "keeps"
    assert ring(alpha, 1 - alpha, HALF, HALF).gain(alpha=0.5, kappa=1) == pytest.approx(0.5)
    chain = Network([Model(GENERIC, JUDGE, name=x) for x in "abc"], [[0, 1, 0], [0, 0, 1], [0, 0, 0]])
    assert chain.loop_gain == 0 and chain.reaches_real_data()
    closed = Network([Model(GENERIC, JUDGE, name=x) for x in "ab"], [[0, 1], [1, 0]])
    assert not closed.reaches_real_data() and closed.loop_gain == kappa
    full = Network([Model(GENERIC, JUDGE, name=x) for x in "abc"], [[0.1, 0.2, 0.3], [0.3, 0.1, 0.2], [0.2, 0.3, 0.4]])
    with pytest.raises(UndecidedError, match=r"network\.gain"):
        _ = full.loop_gain
    flows = np.array([[0.1, 0.2, 0.3], [0.3, 0.1, 0.2], [0.2, 0.3, 0.4]])
    assert full.gain(kappa=1.5) == pytest.approx(1.5 * np.abs(np.linalg.eigvals(flows)).max())
    with pytest.raises(InvalidArgumentError, match="kappa"):
        full.gain()


def test_cycles_of_gain_1_that_feed_each_other_amplify():
    """The powers of the gain matrix grow like ``i``, although its spectral radius is 1."""
    flows = ((0, HALF, 0, 0), (HALF, 0, 0, 0), (0, HALF, 0, HALF), (0, 0, HALF, 0))
    models = [Model(stl.generators.Generator(f"m{k}", stl.DISCRETE, 2, 0)) for k in range(4)]
    chained = Network(models, flows)
    powers = [np.linalg.matrix_power(chained._numbers(chained.gain_matrix, {}), k).max() for k in (10, 100)]
    assert powers[1] > 5 * powers[0]
    assert chained.regime() == "amplifies"
    assert chained.gain() == pytest.approx(1, abs=1e-12)
    apart = Network(models, (*flows[:2], (0, 0, 0, HALF), flows[3]))
    assert apart.regime() == "keeps"


def test_a_picture_is_drawn(tmp_path):
    path = BLIND.picture(tmp_path / "network.svg")
    text = path.read_text()
    assert path.exists() and "<svg" in text and not list(tmp_path.glob(".*"))
    assert Network([Model(GENERIC, JUDGE)], [[1 - alpha]]).picture(tmp_path / "one.png").stat().st_size > 1000


def test_a_bound_prints_itself():
    bound = BLIND.high_probability("2")
    assert "model 2" in str(bound) and "1 - delta" in str(bound)
    assert r"\underbrace" in bound.latex() and r"\Phi^2" in bound.latex()


# --- rules -------------------------------------------------------------------------------------------------------


MODULE = "stlbounds.proof.rules.networks"
MUTANTS = (
    Mutant(MODULE, "NetworkInfluenceAtBirth", "sp.Integer(model == owner)", "sp.S.Zero"),
    Mutant(MODULE, "NetworkInfluenceAtBirth", "model == owner", "model != owner"),
    Mutant(MODULE, "NetworkCouplingStep", "/ size * Net", "/ size**2 * Net"),
    Mutant(MODULE, "NetworkCouplingStep", "NetworkSensitivity(label, size) / size", "1 / size"),
    Mutant(MODULE, "NetworkCouplingDraw", "wiring.flows.row(model)", "wiring.flows.col(model)"),
    Mutant(MODULE, "NetworkCouplingDraw", "wiring.sizes[model] * share", "wiring.sizes[b] * share"),
    Mutant(MODULE, "NetworkCouplingDraw", "sp.Integer(point.kept and model == owner)", "sp.S.Zero"),
    Mutant(MODULE, "NetworkSquares", "in enumerate(wiring.sizes)", "in enumerate(wiring.sizes[:1])"),
    Mutant(MODULE, "NetworkSquares", "** 2", ""),
    Mutant(MODULE, "NetworkSquares", "(G, sp.Integer(point.first), i)", "(G, sp.Integer(point.first) + 1, i)"),
)


@pytest.mark.parametrize("mutant", mostly_slow(MUTANTS, 3), ids=str)
def test_a_slip_in_a_rule_of_influence_is_seen(mutant, monkeypatch):
    """By the linear responses of an uneven network, which attain every influence with equality."""
    honest = NetworkLemmas(network_of("uneven", "replay"), 1).squares.rhs.subs(i, 3).doit()
    assert float(honest) == pytest.approx(squares("uneven", "replay", 1, 3), rel=1e-12)
    _, false = planted(mutant)
    monkeypatch.setattr(rules, mutant.rule, false)
    claimed = float(NetworkLemmas(network_of("uneven", "replay"), 1).squares.rhs.subs(i, 3).doit())
    assert claimed != pytest.approx(squares("uneven", "replay", 1, 3), rel=1e-6)


@pytest.mark.parametrize(("rule", "old", "new"), [
    ("NetworkConvexity", "_mixed(wiring, model, i)", "_mixed(wiring, model, i) / 2"),
    ("NetworkConvexity", "_mixed(wiring, model, J)", "_mixed(wiring, 0, J)"),
    ("NetworkTriangle", " + NetworkLearningError(label, J)", ""),
    ("NetworkTriangle", "NetworkMixedDistance(label, J) + ", ""),
])
def test_a_slip_in_a_rule_of_drift_is_seen(rule, old, new, monkeypatch):
    _, false = planted(Mutant(MODULE, rule, old, new))
    monkeypatch.setattr(rules, rule, false)
    claimed = float(NetworkLemmas(network_of("uneven"), 1).drift.rhs.subs(i, 3).doit())
    flows, drift = NETWORKS["uneven"][0], np.zeros(2)
    for _ in range(3):
        drift = np.array([0.01, 0.02]) + flows @ drift
    assert claimed != pytest.approx((flows @ drift)[1])


class Given(Rule):
    """A statement to start from."""

    title = "given"

    @classmethod
    def conclude(cls, premises: tuple[Says, ...], *, says: Says) -> Says:
        return says

    @classmethod
    def explain(cls, tex: object, **_: object) -> str:
        return "Given."


def says(lhs: sp.Expr, rhs: object) -> Claim:
    return Given.apply(says=Says(lhs, sp.S(rhs)))


def test_the_matrix_recurrence_checks_its_premises():
    x, y = (rules.NetworkDistance(Str(name), J) for name in "xy")
    later = [part.subs(J, J + 1) for part in (x, y)]
    start = [says(part.subs(J, 0), value) for part, value in ((x, 1), (y, 2))]
    steps = [says(later[0], x / 2 + y), says(later[1], x + 3)]
    claim = rules.MatrixRecurrence.apply(*steps, *start, component=0)
    values = [1.0, 2.0]
    for step in range(6):
        assert float(claim.rhs.subs(J, step)) == pytest.approx(values[0])
        values = [values[0] / 2 + values[1], values[0] + 3]
    for bad, why in (
        ([says(later[0], x / 2 - y), steps[1], *start], "nonnegative"),
        ([says(later[0], x**2), steps[1], *start], "affine"),
        ([says(later[0], J * x), steps[1], *start], "affine"),
        ([says(later[0], InfluenceSquares(i)), steps[1], *start], "affine"),
        ([*steps, start[1], start[0]], "base case"),
        ([*steps, start[0]], "each component"),
        ([steps[0], steps[0], start[0], start[0]], "differ"),
        ([*steps, says(x.subs(J, 0), G), start[1]], "index"),
    ):
        with pytest.raises((AssumptionError, UndecidedError), match=why):
            rules.MatrixRecurrence.apply(*bad, component=0)


# --- what is refused -----------------------------------------------------------------------------------------------


def test_bad_networks_are_refused():
    model = Model(GENERIC, JUDGE)
    for flows in ([[0.5, 0.6], [0, 0]], [[-0.1, 0], [0, 0]], [[0, 1]], [[0]], [[kappa, 0], [0, 0]]):
        with pytest.raises(InvalidArgumentError):
            Network([model, Model(GENERIC, JUDGE, name="other")], flows)
    with pytest.raises(InvalidArgumentError, match="no two have one name"):
        Network([Model(GENERIC, JUDGE, name="x"), Model(GENERIC, JUDGE, name="x")], [[0, 1], [1, 0]])
    with pytest.raises(InvalidArgumentError, match="nonempty"):
        Network([], [])
    with pytest.raises(InvalidArgumentError, match="'fresh' or 'replay'"):
        Network([model], [[0]], real="again")
    with pytest.raises(SymbolError):
        Network([model], [[1 / n]])
    with pytest.raises(InvalidArgumentError, match="at least 1"):
        Network([Model(GENERIC, JUDGE, n - 1)], [[0]])
    with pytest.raises(MetricError, match="one metric"):
        Network([model, Model(stl.generators.LocationModel(), stl.learners.MeanFit())], [[0, 1], [1, 0]])
    with pytest.raises(MetricError, match="discrete metric only"):
        Network([Model(stl.generators.LocationModel(), JUDGE)], [[0]])
    nameless = Network([Model(stl.generators.Generator("g", stl.DISCRETE, kappa), JUDGE)], [[HALF]])
    with pytest.raises(AssumptionError, match="learning error"):
        nameless.high_probability(0)
    for bad in (2, -1, "x", True):
        with pytest.raises(InvalidArgumentError, match="model"):
            BLIND.high_probability(bad)


def test_precision_of_the_powers_by_mpmath():
    with mpmath.workdps(40):
        found = power_entry(i, 0, 0, HALF, HALF, 1, 0).evalf(40, subs={i: 30})
    assert abs(found - (sp.Matrix([[HALF, HALF], [1, 0]]) ** 30)[0, 0]) < sp.Rational(1, 10**30)


def test_it_is_found_among_the_loops():
    assert stl.loops.Network is Network


# --- what a proof takes for granted --------------------------------------------------------------------------------


def test_the_learning_error_that_is_granted_is_one_that_kernel_densities_have():
    """Their distance from what they were trained on is not bounded by it, only what a generation adds to the drift."""
    model = stl.generators.KernelDensity("box", 0.25, 1, 0)
    network = Network([Model(model, JUDGE), Model(model, JUDGE, size=1)], [[0, 1], [0, 0]])
    granted = {str(leaf.lhs.args[0]): leaf for leaf in network.in_expectation(0).assumptions
               if isinstance(leaf.lhs, rules.NetworkLearningError)}
    assert set(granted) == {"1", "2"} and network.in_expectation(0).proof.verify().checks > 0
    # The second model was trained on one real point, so that its output is spiky; the first smooths a lot of that.
    sampler, replicas, size, rng = model.sampler({}), 400, 4000, np.random.default_rng(3)
    spiky = sampler.fit(sampler.draw(sampler.real(replicas), 1, rng), 1)
    smooth = sampler.fit(sampler.draw(spiky, size, rng), size)
    real, stated = sampler.real(replicas), float(granted["1"].rhs.subs(n, size))
    assert sampler.distance(spiky, smooth).mean() > 2 * stated
    assert sampler.distance(real, smooth).mean() <= sampler.distance(real, spiky).mean() + stated
