"""The engine: what it records, reproducibly, in chunks, under interruption."""

import numpy as np
import pytest
from sympy import Rational

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.sampling import FiniteAlphabet, Sampler, uniform, zipf
from stlbounds.learners.judging import FiniteBrierJudge, FiniteLossTable, Judge
from stlbounds.loops import FixedMix, Replace
from stlbounds.proof.protocol import Plan, Pool
from stlbounds.simulation.engine import run
from stlbounds.simulation.exact import pointwise
from stlbounds.simulation.exact.gaussian import GaussianSampler, LinearLossJudge
from stlbounds.simulation.rounding import effective_values, round_plan
from stlbounds.simulation.schedule import schedule
from stlbounds.symbols import alpha, n


def simulate(loop=None, sampler=None, judge=None, count=40, share=0.3, generations=4, replicas=30, seed=1, **more):
    return run(loop or FixedMix(alpha), sampler or FiniteAlphabet(zipf(5)), judge or FiniteBrierJudge(),
               {"n": count, "alpha": share}, generations, replicas, seed, **more)


def test_shapes_and_first_generation():
    found = simulate()
    for array in (found.gap, found.risk, found.drift, found.mixed_drift, *found.diversity.values()):
        assert array.shape == (30, 5)
        assert np.all(np.isfinite(array))
    assert found.sizes == (40,) * 5
    assert np.all(found.drift[:, 0] == 0) and np.all(found.mixed_drift[:, 0] == 0)
    assert (found.replicas, found.requested, found.interrupted) == (30, 30, False)


def test_mixed_drift_is_the_synthetic_share_of_the_drift():
    """With one synthetic source TV(D_0, alpha D_0 + (1 - alpha) D_j) = (1 - alpha) TV(D_0, D_j), exactly."""
    for real in ("replay", "fresh"):
        found = simulate(FixedMix(alpha, real=real))
        assert found.mixed_drift[:, 1:] == pytest.approx(0.7 * found.drift[:, 1:])


def test_only_real_data_has_no_drift_and_replace_drifts_fully():
    real = simulate(share=1)
    assert np.all(real.mixed_drift == 0)
    replaced = run(Replace(), FiniteAlphabet(zipf(5)), FiniteBrierJudge(), {"n": 40}, 3, 30, 1)
    assert np.array_equal(replaced.mixed_drift, replaced.drift)
    assert np.all(replaced.drift[:, 3] > 0)


def test_replayed_data_stay_the_same_when_there_is_nothing_else():
    found = simulate(share=1)
    for generation in range(1, 5):
        assert np.array_equal(found.gap[:, generation], found.gap[:, 0])
    fresh = simulate(FixedMix(alpha, real="fresh"), share=1)
    assert not np.array_equal(fresh.gap[:, 1], fresh.gap[:, 0])


class Recorder(FiniteAlphabet):
    """Remembers the sizes that were drawn, and how many laws were mixed."""

    def __init__(self, probabilities):
        super().__init__(probabilities)
        self.drawn, self.weights = [], []

    def draw(self, law, size, rng):
        self.drawn.append(size)
        return super().draw(law, size, rng)

    def mix(self, laws, weights):
        self.weights.append(tuple(weights))
        return super().mix(laws, weights)


def test_pools_are_drawn_once_and_empty_ones_never():
    sampler = Recorder(uniform(3))
    simulate(sampler=sampler, replicas=5, generations=2, count=10, share=0.26)
    assert sampler.drawn == [3, 7, 7, 7]
    assert sampler.weights == [(1.0,), (0.3, 0.7), (0.3, 0.7)]
    sampler = Recorder(uniform(3))
    simulate(sampler=sampler, replicas=5, generations=2, count=10, share=0.01)
    assert sampler.drawn == [10, 10, 10]
    assert sampler.weights == [(1.0,), (1.0,), (1.0,)]


class Accumulate:
    """A loop that keeps all data, to see that pools and sources live as long as they are needed."""

    def plan(self, generations):
        pools = tuple(Pool("any", k, k, n) for k in range(generations + 1))
        return Plan(tuple(pools[: j + 1] for j in range(generations + 1)))


def test_a_loop_with_growing_training_sets():
    sampler = Recorder(uniform(4))
    found = run(Accumulate(), sampler, FiniteBrierJudge(), {"n": 10}, 3, 7, 0)
    assert found.sizes == (10, 20, 30, 40)
    assert sampler.drawn == [10] * 4
    assert sampler.weights[-1] == (0.25,) * 4


def test_late_use_of_an_early_source():
    """Like subsample: generation 3 draws from the generator of generation 1."""

    class Late:
        def plan(self, generations):
            return Plan(((Pool("a", 0, 0, n),), (Pool("b", 1, 1, n),), (Pool("c", 2, 0, n),), (Pool("d", 3, 1, n),)))

    found = run(Late(), FiniteAlphabet(uniform(4)), FiniteBrierJudge(), {"n": 10}, 3, 6, 0)
    assert np.array_equal(found.mixed_drift[:, 3], found.drift[:, 1])
    assert np.all(found.mixed_drift[:, 2] == 0)


def test_the_same_seed_gives_the_same_run_and_another_another():
    one, two, three = simulate(seed=5), simulate(seed=5), simulate(seed=6)
    assert np.array_equal(one.gap, two.gap) and np.array_equal(one.drift, two.drift)
    assert not np.array_equal(one.gap, three.gap)


def test_a_chunk_depends_on_its_index_only():
    """More replicas leave the chunks that were there as they were: workers could compute them in any order."""
    few, many = simulate(replicas=20, chunk=10), simulate(replicas=35, chunk=10)
    assert np.array_equal(many.gap[:20], few.gap)
    assert many.gap.shape == (35, 5)
    assert not np.array_equal(many.gap[:10], many.gap[10:20])


def test_large_alphabets_run_in_small_chunks():
    class Wide(FiniteAlphabet):
        def numbers(self, size):
            return 1_000_000

    assert simulate(sampler=Wide(zipf(5)), replicas=3).chunk == 1
    assert simulate(replicas=3).chunk == 16_384 // 10
    assert simulate(replicas=3, generations=1000).chunk == 4_000_000 // 10_010
    assert simulate(replicas=3, sampler=FiniteAlphabet([0.5, 0.5])).chunk == 4096
    assert simulate(sampler=FiniteAlphabet(zipf(400)), replicas=3).chunk == 256


def test_progress_is_reported():
    seen = []
    simulate(replicas=25, chunk=10, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 25), (10, 25), (20, 25), (25, 25)]


def interrupt_at(when):
    def progress(done, total):
        if done >= when:
            raise KeyboardInterrupt

    return progress


def test_an_interrupted_run_keeps_what_is_finished():
    whole = simulate(replicas=30, chunk=10)
    part = simulate(replicas=30, chunk=10, progress=interrupt_at(20))
    assert part.interrupted and (part.replicas, part.requested) == (20, 30)
    assert np.array_equal(part.gap, whole.gap[:20])


def test_an_interruption_inside_a_chunk_loses_that_chunk_only():
    class Stubborn(FiniteAlphabet):
        calls = 0

        def draw(self, law, size, rng):
            self.calls += 1
            if self.calls == 8:
                raise KeyboardInterrupt
            return super().draw(law, size, rng)

    part = simulate(sampler=Stubborn(zipf(5)), replicas=30, chunk=10)
    assert part.interrupted and part.replicas == 10


def test_an_interruption_before_anything_is_finished_goes_on():
    with pytest.raises(KeyboardInterrupt):
        simulate(progress=interrupt_at(0))


def test_an_interruption_after_the_last_chunk_loses_nothing():
    found = simulate(replicas=30, chunk=10, progress=interrupt_at(30))
    assert not found.interrupted and found.replicas == 30


@pytest.mark.parametrize("workers", [2, 3, 8])
def test_workers_change_nothing(workers):
    alone, together = simulate(replicas=95, chunk=10), simulate(replicas=95, chunk=10, workers=workers)
    for name in ("gap", "risk", "drift", "mixed_drift"):
        assert np.array_equal(getattr(alone, name), getattr(together, name))
    seen = []
    simulate(replicas=25, chunk=10, workers=workers, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 25), (10, 25), (20, 25), (25, 25)]


def test_an_interruption_among_workers_keeps_whole_chunks():
    whole = simulate(replicas=400, chunk=10)
    part = simulate(replicas=400, chunk=10, workers=2, progress=interrupt_at(30))
    assert part.interrupted and 30 <= part.replicas < 400 and part.replicas % 10 == 0
    chunks = {row.tobytes() for row in whole.gap.reshape(40, -1)}
    assert all(row.tobytes() in chunks for row in part.gap.reshape(part.replicas // 10, -1))


def test_an_error_in_a_worker_is_raised():
    class Broken(FiniteAlphabet):
        def fit(self, sample, size):
            raise InvalidArgumentError("sample", "broken", "whole")

    with pytest.raises(InvalidArgumentError, match="broken"):
        simulate(sampler=Broken(zipf(5)), workers=2, replicas=50, chunk=10)


def test_only_what_is_observed_is_recorded():
    found = simulate(observe=("drift",))
    full = simulate()
    assert np.array_equal(found.drift, full.drift)
    assert found.gap.shape == found.risk.shape == found.mixed_drift.shape == (30, 0) and found.diversity == {}
    with pytest.raises(InvalidArgumentError, match="observe"):
        simulate(observe=("everything",))


def test_memory_is_bounded():
    """900 replicas of 20,000 points take 144 MB, and are never there at once."""
    import tracemalloc

    sampler, judge = pointwise(GaussianSampler(fit="mean"), LinearLossJudge())
    tracemalloc.start()
    try:
        run(Replace(), sampler, judge, {"n": 20_000}, 1, 900, 1, observe=("drift",))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 80_000_000


def test_thousands_of_generations():
    """Sizes that are rounded alike in every generation are solved once, and the loop forgets what is of no use."""
    asked = {"n": 10, "alpha": 0.33}
    plan = FixedMix(alpha).plan(5000)
    rounding = round_plan(plan, asked)
    assert effective_values(rounding, asked)["alpha"] == Rational(3, 10)
    steps = schedule(plan, rounding, asked).steps
    assert len(steps) == 5001 and all(step.size == 10 for step in steps)
    assert all(len(step.done_pools) == 1 for step in steps[:-1])
    found = simulate(count=10, generations=5000, replicas=2, observe=("drift",))
    assert found.drift.shape == (2, 5001)


@pytest.mark.parametrize(("name", "value"), [
    ("replicas", 0), ("replicas", 2.5), ("replicas", True), ("seed", -1), ("seed", "x"), ("generations", -1),
    ("generations", 1.0), ("chunk", 0), ("workers", 0),
])
def test_bad_arguments_are_refused(name, value):
    with pytest.raises(InvalidArgumentError, match=name):
        simulate(**{name: value})


def test_the_gap_is_signed():
    """With a constant hypothesis the gap is the mean loss of D_0 minus that of the sample, either sign."""
    gap = simulate(judge=FiniteLossTable([0, 1, 0, 0, 0])).gap
    assert (gap > 0).any() and (gap < 0).any()


class PointsOnALine(Sampler):
    """A location model, sample by sample: laws are means, samples are points; nothing is finite about it."""

    def real(self, replicas):
        return np.zeros(replicas)

    def draw(self, law, size, rng):
        return law[:, None] + rng.standard_normal((len(law), size))

    def join(self, samples):
        return np.concatenate(samples, axis=1)

    def fit(self, sample, size):
        return sample.mean(axis=1)

    def mix(self, laws, weights):
        return sum(weight * law for law, weight in zip(laws, weights, strict=True))

    def distance(self, first, second):
        return np.minimum(np.abs(first - second), 1.0)


class MeanJudge(Judge):
    """A constant hypothesis with loss z."""

    def fit(self, sample, size):
        return None

    def risk(self, hypothesis, law):
        return law

    def empirical_risk(self, hypothesis, sample, size):
        return sample.mean(axis=1)


def test_the_engine_knows_nothing_of_alphabets():
    """Theory §11, location model: Var(mu_i) = v_i/n; replay, alpha = 1/4, i = 2: 1.9375; fresh: geo((3/4)^2, 2).

    The sample variance of 6000 normal values is within 5.5 relative standard errors sqrt(2/6000): alarm <
    1e-7.
    """
    n_points, replicas = 20, 6000
    for real, factor in (("replay", 1.9375), ("fresh", 1.5625)):
        found = run(FixedMix(alpha, real=real), PointsOnALine(), MeanJudge(), {"n": n_points, "alpha": 0.25},
                    1, replicas, 3)
        # The gap of a mean is minus the next generation's mean: mu_2 for the training set T_1.
        variance = found.gap[:, 1].var() * n_points
        assert abs(variance / factor - 1) <= 5.5 * np.sqrt(2 / replicas)
        assert found.diversity == {}
