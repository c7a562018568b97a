"""Samplers and judges of finite alphabets, against sums over the alphabet."""

import numpy as np
import pytest

from stlbounds.errors import InvalidArgumentError
from stlbounds.generators.sampling import FiniteAlphabet, Sampler, distribution, uniform, zipf
from stlbounds.learners.judging import FiniteBrierJudge, FiniteLossTable, FiniteMemoriser

LAW = np.array([0.5, 0.3, 0.2, 0.0])


def test_draws_are_multinomial():
    """Means and variances of 40,000 counts within 5 standard errors: false alarm below 1e-5 * 8 cells at most."""
    sampler, replicas, size = FiniteAlphabet(LAW), 40_000, 50
    counts = sampler.draw(sampler.real(replicas), size, np.random.default_rng(11))
    assert counts.shape == (replicas, 4)
    assert np.all(counts.sum(axis=1) == size)
    assert np.all(counts[:, 3] == 0)
    spread = size * LAW * (1 - LAW)
    assert np.all(np.abs(counts.mean(axis=0) - size * LAW) <= 5.5 * np.sqrt(spread / replicas))
    squares = (counts - size * LAW) ** 2
    error = squares.std(axis=0) / np.sqrt(replicas)
    assert np.all(np.abs(squares.mean(axis=0) - spread) <= 5.5 * error + 1e-12)


def test_each_replica_draws_from_its_own_law():
    sampler = FiniteAlphabet(uniform(2))
    counts = sampler.draw(np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]), 1000, np.random.default_rng(0))
    assert counts[0].tolist() == [1000, 0]
    assert counts[1].tolist() == [0, 1000]
    assert 300 < counts[2, 0] < 700


def test_join_fit_mix_and_distance():
    sampler = FiniteAlphabet(LAW)
    first, second = np.array([[2, 1, 0, 0]]), np.array([[0, 0, 0, 1]])
    joined = sampler.join([first, second])
    assert joined.tolist() == [[2, 1, 0, 1]] and first.tolist() == [[2, 1, 0, 0]]
    fitted = sampler.fit(joined, 4)
    assert fitted.tolist() == [[0.5, 0.25, 0.0, 0.25]]
    mixed = sampler.mix([sampler.real(1), fitted], [0.25, 0.75])
    assert mixed == pytest.approx(np.array([[0.5, 0.2625, 0.05, 0.1875]]))
    assert sampler.distance(sampler.real(1), fitted) == pytest.approx([0.25])
    assert sampler.distance(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])).tolist() == [1.0]


def test_smoothing_mixes_with_the_prior():
    counts = np.array([[4, 0, 0, 0]])
    plain = FiniteAlphabet(LAW, smoothing=0.2).fit(counts, 4)
    assert plain == pytest.approx(np.array([[0.85, 0.05, 0.05, 0.05]]))
    mine = FiniteAlphabet(LAW, smoothing=0.2, prior=[0, 0, 0, 1]).fit(counts, 4)
    assert mine == pytest.approx(np.array([[0.8, 0, 0, 0.2]]))


def test_diversity_of_extreme_laws():
    sampler = FiniteAlphabet(LAW)
    found = sampler.diversity(np.array([[0.25] * 4, [0, 1, 0, 0]]))
    assert found["entropy"] == pytest.approx([np.log(4), 0])
    assert found["support"].tolist() == [4, 1]
    assert found["heterozygosity"] == pytest.approx([0.75, 0])


def test_brier_risk_is_the_mean_loss():
    judge, rng = FiniteBrierJudge(), np.random.default_rng(5)
    counts = rng.multinomial(9, LAW, size=6)
    hypothesis = judge.fit(counts, 9)
    losses = np.array([[0.5 * np.sum((p - np.eye(4)[z]) ** 2) for z in range(4)] for p in hypothesis])
    assert judge.risk(hypothesis, np.tile(LAW, (6, 1))) == pytest.approx(losses @ LAW)
    assert judge.empirical_risk(hypothesis, counts, 9) == pytest.approx((losses * counts).sum(axis=1) / 9)


def test_brier_stability_is_attained_and_never_exceeded():
    """Theory §7: beta_N = (2 - 1/N)/N, over all pairs of multisets of 4 points on 3 symbols."""
    judge, size = FiniteBrierJudge(), 4
    sets = [(a, b, size - a - b) for a in range(size + 1) for b in range(size + 1 - a)]
    largest = 0.0
    for one in sets:
        for two in sets:
            if np.abs(np.subtract(one, two)).sum() != 2:
                continue
            p, q = (judge.fit(np.array([s]), size) for s in (one, two))
            for z in np.eye(3):
                largest = max(largest, abs(float((judge.risk(p, z[None]) - judge.risk(q, z[None]))[0])))
    assert largest == pytest.approx((2 - 1 / size) / size)


def test_loss_table_ignores_the_data():
    judge = FiniteLossTable([0.0, 1.0, 3.0, 2.0])
    counts = np.array([[1, 1, 1, 1], [4, 0, 0, 0]])
    assert judge.loss_constant == 3
    assert judge.risk(judge.fit(counts, 4), np.tile(LAW, (2, 1))) == pytest.approx([0.9, 0.9])
    assert judge.empirical_risk(None, counts, 4) == pytest.approx([1.5, 0.0])
    with pytest.raises(InvalidArgumentError, match="a list of 3 losses"):
        judge.risk(None, np.ones((2, 3)) / 3)


def test_memoriser_errs_on_the_unseen():
    judge = FiniteMemoriser()
    counts = np.array([[1, 0, 3, 0], [4, 0, 0, 0]])
    hypothesis = judge.fit(counts, 4)
    assert judge.empirical_risk(hypothesis, counts, 4).tolist() == [0, 0]
    assert judge.risk(hypothesis, np.tile(LAW, (2, 1))) == pytest.approx([0.3, 0.5])


def test_zipf():
    assert zipf(3, 0.0) == pytest.approx(uniform(3))
    assert zipf(4, 2.0) == pytest.approx(np.array([1, 1 / 4, 1 / 9, 1 / 16]) / (1 + 1 / 4 + 1 / 9 + 1 / 16))
    assert zipf(5, 1e4).tolist() == [1, 0, 0, 0, 0]


def test_distribution_normalises_within_tolerance():
    found = distribution([0.1] * 10, cells=10)
    assert found.sum() == pytest.approx(1, abs=1e-15)
    assert distribution([0.5, 0.5 + 5e-10]).sum() == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(("values", "cells", "words"), [
    ([0.5, 0.6], None, "sum to 1"), ([0.5, 0.5 + 2e-9], None, "sum to 1"), ([1.5, -0.5], None, "nonnegative"),
    ([float("nan"), 1.0], None, "finite"), ([float("inf"), 1.0], None, "finite"), ([], None, "nonempty"),
    ([[0.5, 0.5]], None, "nonempty"), (1.0, None, "nonempty"), ("uniform", None, "list of numbers"),
    (["a", "b"], None, "list of numbers"), (None, None, "nonempty|finite|numbers"),
    ([0.5, 0.5], 3, "a list of 3 probabilities"),
])
def test_what_is_no_distribution_is_refused(values, cells, words):
    with pytest.raises(InvalidArgumentError, match=words):
        distribution(values, cells)


@pytest.mark.parametrize("make", [
    lambda: FiniteAlphabet([0.5, 0.6]), lambda: FiniteAlphabet([1.0], smoothing=1.1),
    lambda: FiniteAlphabet([1.0], smoothing=float("nan")),
    lambda: FiniteAlphabet([0.5, 0.5], smoothing=0.1, prior=[1.0]), lambda: uniform(0), lambda: uniform(True),
    lambda: zipf(3, -1), lambda: zipf(3, float("nan")), lambda: FiniteLossTable([]),
    lambda: FiniteLossTable([float("nan")]), lambda: FiniteLossTable("ab"),
])
def test_bad_arguments_are_refused(make):
    with pytest.raises(InvalidArgumentError):
        make()


def test_a_sampler_need_not_measure_diversity():
    class Minimal(FiniteAlphabet):
        diversity = Sampler.diversity

    assert Minimal(LAW).diversity(LAW[None]) == {}
