"""What `measure` reports: influence and recursive stability of coupled runs, against theory §3, and the common record.

Expectations are met within 5.5 standard errors (false alarm below 4e-8 each by the normal approximation, and fewer
than 200 of them in this file: below 1e-5 in all); where both loops move alike, influences are exact.
"""

import json
import math

import numpy as np
import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators.attention_sampling import AttentionSampler
from stlbounds.generators.sampling import FiniteAlphabet, uniform, zipf
from stlbounds.learners.judging import FiniteBrierJudge, FiniteLossTable
from stlbounds.learners.mean import MeanJudge
from stlbounds.loops import Accumulate, Augment, FixedMix, Replace, Schedule, Subsample, WeightedMix
from stlbounds.simulation.coupling import MaximalCoupling, coupling_of
from stlbounds.simulation.exact.gaussian import GaussianSampler, LinearLossJudge
from stlbounds.simulation.exact.regression import RegressionJudge, RegressionSampler
from stlbounds.simulation.measure import Simulation, measure
from stlbounds.symbols import alpha, lam, noise, w

WIDTH = 5.5
REPLAY, FRESH = FixedMix(alpha), FixedMix(alpha, "fresh")


def close(part, expected):
    assert np.all(np.abs(part.mean - expected) <= WIDTH * part.standard_error + 1e-9), (part.mean, expected)


def geo(r, k):
    return sum(r**m for m in range(k))


def accumulated(kappa, j, i):
    return math.prod(1 + kappa / m for m in range(j + 1, i + 1))


def subsampled(kappa, j, i):
    """Theory §3: (kappa/(i+1)) G(i+1+kappa) G(j+2)/(G(j+2+kappa) G(i+1)) for j < i."""
    if i == j:
        return 1.0
    g = math.gamma
    return kappa / (i + 1) * g(i + 1 + kappa) * g(j + 2) / (g(j + 2 + kappa) * g(i + 1))


SHARES = [0.5, 0.25, 0.75, 0.5]
#: Loop, values (n, ...), class of the point, generation of its draw, and its influence on T_i written out by hand.
POINTS = {
    "replay, replayed": (REPLAY, {"n": 8, "alpha": 0.25}, "replayed", 0, lambda k, i: geo(k * 0.75, i + 1)),
    "replay, initial": (REPLAY, {"n": 8, "alpha": 0.25}, "initial", 0, lambda k, i: (k * 0.75) ** i),
    "replay, synthetic": (REPLAY, {"n": 8, "alpha": 0.25}, "synthetic", 1, lambda k, i: (k * 0.75) ** (i - 1)),
    "fresh": (FRESH, {"n": 8, "alpha": 0.5}, "any", 0, lambda k, i: (k * 0.5) ** i),
    "replace, later": (Replace(), {"n": 6}, "any", 2, lambda k, i: k ** (i - 2)),
    "augment, real": (Augment(lam), {"n": 4, "lam": 1}, None, 0,
                      lambda k, i: geo(k / 2, i + 1) + (k / 2) ** i if i else 1.0),
    "augment, synthetic": (Augment(lam), {"n": 4, "lam": 1}, None, 1, lambda k, i: (k / 2) ** (i - 1)),
    "accumulate": (Accumulate(), {"n": 5}, "any", 0, lambda k, i: accumulated(k, 0, i)),
    "accumulate, later": (Accumulate(), {"n": 5}, "any", 2, lambda k, i: accumulated(k, 2, i)),
    "subsample": (Subsample(), {"n": 60}, None, 0, lambda k, i: subsampled(k, 0, i)),
    "schedule": (Schedule(SHARES), {"n": 8}, None, 0, lambda k, i: math.prod(k * (1 - a) for a in SHARES[:i])),
}


@pytest.mark.parametrize("name", POINTS)
def test_influence_is_attained_with_equality(name):
    """Finite alphabets for kappa = 1, Gaussian means without walls for every kappa (theory §3)."""
    loop, values, point, born, influence = POINTS[name]
    models = {1.0: FiniteAlphabet(uniform(3)), 1.5: GaussianSampler(fit="mean", pull=1.5),
              0.5: GaussianSampler(fit="mean", pull=0.5)}
    for kappa, sampler in models.items():
        judge = FiniteBrierJudge() if kappa == 1 else LinearLossJudge()
        found = measure(Simulation(loop, sampler, judge), ["influence", "stability"], point=point, born=born, i=4,
                        replicas=3000, seed=5, **values)
        expected = np.array([influence(kappa, i) if i >= born else 0.0 for i in range(5)])
        if name == "schedule":
            # The list of the schedule starts with the proportion of generation 1.
            assert expected[1] == kappa * 0.5
        close(found["influence"], expected)
        if kappa != 1:
            # A Gaussian mean moves by the same amount in every replica.
            assert found["influence"].mean == pytest.approx(expected, rel=1e-9)
        sizes = np.array([float(loop.size(j).subs({part: values[part.name] for part in loop.size(j).free_symbols}))
                          for j in map(sp.Integer, range(5))])
        close(found["stability"], np.concatenate([[0.0], kappa * expected[:-1] / sizes[:-1]]))


def test_influence_of_weighted_points():
    """Real points weigh w, synthetic ones 1 - w, in units of 1/n: influences are multiples of it (theory §3)."""
    subject = Simulation(WeightedMix(w), FiniteAlphabet(uniform(2)), FiniteBrierJudge())
    found = measure(subject, ["influence"], n=6, w=0.25, i=3, born=1, replicas=3000, seed=6)
    weight = found["influence"].mean[1]
    assert weight in (0.25, 0.75)
    close(found["influence"], weight * np.array([0, 1, 0.75, 0.75**2]))


def test_stability_stays_below_what_the_bound_states():
    """With walls and for kappa < 1 the theory is an upper bound; equality is for kappa = 1 without walls."""
    for generator, learner, more in (
        (stl.generators.LocationModel(noise), stl.learners.MeanFit(), {"noise": 0.25}),
        (stl.generators.CategoricalWithPrior(4, 0.25, 0), stl.learners.BrierFit(), {}),
    ):
        bound = stl.high_probability(stl.Setting(REPLAY, generator, learner))
        part = measure(bound, ["stability"], n=40, alpha=0.5, i=5, delta=0.1, replicas=2000, **more)["stability"]
        assert part.stated is not None and part.stated[0] == 0
        assert np.all(part.mean <= part.stated + WIDTH * part.standard_error + 1e-12)
        assert part.mean[5] > 0.5 * part.stated[5]


def test_maximal_coupling_has_the_right_marginals_and_the_least_displacement():
    laws = np.array([[0.5, 0.3, 0.2, 0.0]]), np.array([[0.1, 0.3, 0.2, 0.4]])
    coupling = MaximalCoupling(FiniteAlphabet(uniform(4)))
    size, replicas = 30, 20_000
    pair = coupling.draw(*(np.tile(law, (replicas, 1)) for law in laws), size, np.random.default_rng(1))
    for counts, law in ((pair.first, laws[0]), (pair.second, laws[1])):
        assert np.all(counts.sum(axis=1) == size)
        error = np.sqrt(size * law * (1 - law) / replicas)
        assert np.all(np.abs(counts.mean(axis=0) - size * law) <= WIDTH * error + 1e-12)
        assert counts.var(axis=0) == pytest.approx((size * law * (1 - law))[0], rel=0.06, abs=1e-12)
    assert np.all(np.abs(pair.first - pair.second).sum(axis=1) <= 2 * pair.displacement)
    spread = math.sqrt(size * 0.4 * 0.6 / replicas)
    assert abs(pair.displacement.mean() - size * 0.4) <= WIDTH * spread
    same = coupling.draw(laws[0], laws[0], size, np.random.default_rng(1))
    assert same.displacement.tolist() == [0] and np.array_equal(same.first, same.second)


def test_the_replaced_point_differs_and_the_others_do_not():
    coupling = MaximalCoupling(FiniteAlphabet(zipf(3)))
    pair = coupling.replaced(np.tile(zipf(3), (500, 1)), 7, np.random.default_rng(0))
    assert np.all(np.abs(pair.first - pair.second).sum(axis=1) == 2)
    assert np.all(pair.first.sum(axis=1) == 7) and np.all(pair.second.sum(axis=1) == 7)


def test_transformers_are_coupled_by_their_inputs():
    """Common inputs and noise: displacements are those of the outputs, and far below what theory §8 allows.

    The self-check of theory §8: kappa <= Lambda^2 - C^2 with A = (1 + omega) e^omega, C = omega/2, Lambda = A + C.
    """
    omega, size = 0.5, 30
    sampler = AttentionSampler(layers=2, omega=omega)
    coupling = coupling_of(sampler)
    law = sampler.fit(sampler.draw(sampler.real(50), size, np.random.default_rng(0)), size)
    other = sampler.fit(sampler.draw(sampler.real(50), size, np.random.default_rng(1)), size)
    pair = coupling.draw(law, other, 4000, np.random.default_rng(2))
    for tokens, of in ((pair.first, law), (pair.second, other)):
        assert np.array_equal(np.unique(tokens.points[0][:, :2], axis=0), np.unique(sampler.inputs[:, :2], axis=0))
        assert tokens.moments / 4000 == pytest.approx(of.moments, abs=0.03)
    # An optimal coupling: the mean displacement is the distance.
    spread = np.abs(pair.first.points - pair.second.points).sum(axis=2).std(axis=1) / 2
    assert np.all(np.abs(pair.displacement / 4000 - sampler.distance(law, other)) <= WIDTH * spread / 4000**0.5 + 1e-12)
    same = coupling.draw(law, law, 10, np.random.default_rng(3))
    assert np.all(same.displacement == 0)
    found = measure(Simulation(Replace(), sampler, MeanJudge()), ["influence", "gap"], n=size, i=3, replicas=300)
    constant = ((1 + omega) * math.exp(omega) + omega / 2) ** 2 - (omega / 2) ** 2
    assert found["influence"].mean[0] == 1
    assert 0.01 < found["influence"].mean[1] < constant


def test_location_models_lose_their_variance_at_the_walls_only():
    generator = stl.generators.LocationModel(noise)
    setting = stl.Setting(Replace(), generator, stl.learners.MeanFit())
    far, near = (measure(setting, "diversity", n=20, i=30, replicas=400, noise=value) for value in (0.02, 0.45))
    assert far["variance"].mean == pytest.approx(np.full(31, 0.02**2))
    assert near["variance"].mean[0] == pytest.approx(0.45**2) and near["variance"].mean[30] < 0.9 * 0.45**2


# --- the other quantities ---------------------------------------------------------------------------------


SETTING = stl.Setting(REPLAY, stl.generators.Categorical(4), stl.learners.BrierFit())
NUMBERS = {"n": 40, "alpha": 0.25, "i": 6}


def test_the_record_agrees_with_the_run_and_with_itself():
    result = measure(SETTING, replicas=1500, seed=9, levels=(0.5, 0.95), **NUMBERS)
    assert list(result) == ["gap", "bias", "fluctuation", "drift", "mixed drift", "risk", "entropy", "support",
                            "heterozygosity"]
    assert len(result) == 9 and result.statistic and not result.partial
    for part in result.quantities.values():
        assert part.mean.shape == part.standard_error.shape == (7,)
        assert set(part.quantiles) == {0.5, 0.95}
    for name in ("gap", "bias", "drift", "mixed drift"):
        part = result[name]
        assert np.all(part.low <= part.mean) and np.all(part.mean <= part.high)
    assert result["mixed drift"].mean[1:] == pytest.approx(0.75 * result["drift"].mean[1:])
    # The Brier gap has mean sum_z Var D_{j+1}(z), and its fluctuation is about that mean.
    assert result["bias"].mean[0] == pytest.approx(0.75 / 40, rel=0.1)
    spread = result["fluctuation"]
    assert spread.mean == pytest.approx(result["bias"].standard_error * math.sqrt(1500))
    # Heterozygosity falls in every generation: collapse seen.
    assert np.all(np.diff(result["heterozygosity"].mean) < 0)


def test_the_error_of_the_fluctuation_is_that_of_a_deviation():
    """For normal values the deviation has standard error sigma/sqrt(2R), here within 10 %."""
    found = measure(Simulation(Replace(), GaussianSampler(fit="mean"), LinearLossJudge()), ["fluctuation"], n=4, i=2,
                    replicas=5000)["fluctuation"]
    assert found.standard_error == pytest.approx(found.mean / math.sqrt(2 * 5000), rel=0.1)
    close(found, np.sqrt(np.arange(1, 4) / 4))


def test_a_bound_states_what_it_bounds():
    bound = stl.expected_gap(SETTING)
    result = measure(bound, ["gap", "bias", "mixed drift", "drift"], replicas=1500, **NUMBERS)
    for name in ("gap", "bias", "mixed drift"):
        part = result[name]
        assert np.all(np.abs(part.mean) <= part.stated)
    assert result["drift"].stated is None
    assert result["gap"].stated[6] == pytest.approx(bound.evaluate(n=40, alpha=0.25, i=6))
    assert measure(stl.high_probability(SETTING), "bias", replicas=10, delta=0.1, **NUMBERS)["bias"].stated is not None
    assert measure(stl.high_probability(SETTING), "gap", replicas=10, **NUMBERS)["gap"].stated is None


def test_the_result_is_plain_and_printable():
    result = measure(stl.expected_gap(SETTING), ["gap", "stability"], replicas=50, n=40, alpha=0.26, i=40)
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert data["schema"] == "stlbounds/measure/1"
    assert data["quantities"]["gap"]["mean"] == result["gap"].mean.tolist()
    assert data["requested"]["alpha"] == 0.26 and data["used"]["alpha"] == 0.25
    assert len(result.records()) == 2 * 41 and result.records()[3]["generation"] == 3
    text = str(result)
    assert "alpha = 0.26 was rounded" in text and "stated" in text and "multinomial" in text
    assert len(text.splitlines()) < 45


def test_pointwise_runs_measure_the_same():
    short, long = (measure(SETTING, ["drift"], replicas=2000, exact=exact, seed=4, **NUMBERS)
                   for exact in (True, False))
    error = np.hypot(short["drift"].standard_error, long["drift"].standard_error)
    assert np.all(np.abs(short["drift"].mean - long["drift"].mean) <= WIDTH * error)
    assert long.statistic == ""
    assert measure(SETTING, ["influence"], exact=False, replicas=20, **NUMBERS)["influence"].mean[0] == 1


def test_regression_and_variance_have_no_theorem_but_can_be_measured():
    subject = Simulation(Accumulate(), RegressionSampler([0.0] * 4), RegressionJudge())
    found = measure(subject, ["risk", "gap"], n=12, i=5, replicas=4000)
    close(found["risk"], 1 + np.cumsum([4 / (k * (12 * k - 5)) for k in range(1, 7)]))
    assert np.all(np.isnan(found["gap"].low))
    shrinking = measure(Simulation(Replace(), GaussianSampler(), LinearLossJudge()), "diversity", n=10, i=30,
                        replicas=4000)["variance"]
    close(shrinking, 0.9 ** np.arange(31))


def test_the_same_seed_and_any_number_of_workers_give_the_same_numbers():
    runs = [measure(SETTING, ["gap", "influence"], replicas=900, chunk=200, workers=workers, **NUMBERS)
            for workers in (1, 2, 5)]
    for other in runs[1:]:
        for name in ("gap", "influence"):
            assert np.array_equal(other[name].mean, runs[0][name].mean)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_measurement_is_partial(workers):
    def stop(done, total):
        if done >= 200:
            raise KeyboardInterrupt

    found = measure(SETTING, ["gap"], replicas=5000, chunk=100, workers=workers, progress=stop, **NUMBERS)
    assert found.partial and 200 <= found.replicas < 5000
    assert "partial: interrupted" in str(found) and found.to_dict()["partial"] is True


@pytest.mark.parametrize(("change", "error"), [
    ({"quantities": ["wrong"]}, InvalidArgumentError), ({"quantities": []}, InvalidArgumentError),
    ({"levels": [1.5]}, InvalidArgumentError), ({"confidence": 0}, InvalidArgumentError),
    ({"replicas": 0}, InvalidArgumentError), ({"workers": 0}, InvalidArgumentError),
    ({"kappa": 1}, InvalidArgumentError), ({"alpha": 2}, InvalidArgumentError),
    ({"quantities": ["influence"], "point": "nobody"}, InvalidArgumentError),
    ({"quantities": ["influence"], "born": 7}, InvalidArgumentError),
])
def test_bad_arguments_are_refused(change, error):
    with pytest.raises(error):
        measure(SETTING, **{"replicas": 10, **NUMBERS, **change})


def test_a_gap_above_the_loss_constant_refutes_the_constant():
    class Wrong(stl.learners.BrierFit):
        def judge(self, values):
            return FiniteLossTable([0, 9, 0, 0])

    with pytest.raises(AssumptionError, match="above the loss constant 1"):
        measure(stl.Setting(Replace(), stl.generators.Categorical(4), Wrong()), "gap", n=10, i=20, replicas=50)


def test_what_cannot_be_measured_says_so():
    regression = Simulation(Replace(), RegressionSampler([0.0]), RegressionJudge())
    with pytest.raises(AssumptionError, match="no coupling is known for RegressionSampler"):
        measure(regression, ["influence"], n=12, i=2)
    with pytest.raises(AssumptionError, match="fit='mean'"):
        coupling_of(GaussianSampler())
    with pytest.raises(InvalidArgumentError, match="one symbol"):
        coupling_of(FiniteAlphabet([1.0]))
    with pytest.raises(InvalidArgumentError, match="subject"):
        measure(REPLAY, n=10, i=1)
    with pytest.raises(InvalidArgumentError, match="alpha"):
        measure(Simulation(REPLAY, FiniteAlphabet(uniform(2)), FiniteBrierJudge()), n=10, i=1)
    with pytest.raises(InvalidArgumentError, match="distribution"):
        measure(regression, n=12, i=2, distribution=[0.5, 0.5])
