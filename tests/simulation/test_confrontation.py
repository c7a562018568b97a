"""The core of the check: right verdicts for planted numbers, computed from first principles."""

import math

import numpy as np
import pytest

from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.generators.sampling import FiniteAlphabet, uniform
from stlbounds.learners.judging import FiniteLossTable, FiniteMemoriser
from stlbounds.loops import FixedMix
from stlbounds.simulation.confrontation import confront
from stlbounds.simulation.engine import Run, run
from stlbounds.simulation.rounding import Rounding
from stlbounds.simulation.statistics import clopper_pearson, mean_interval, quantile_interval
from stlbounds.symbols import alpha


def planted(gap, mixed_drift=None, **more):
    """A run of generation 0 with these gaps."""
    gap = np.asarray(gap, dtype=float)[:, None]
    drift = np.zeros_like(gap) if mixed_drift is None else np.asarray(mixed_drift, dtype=float)[:, None]
    return Run(generations=0, replicas=len(gap), requested=more.pop("requested", len(gap)), seed=0, chunk=256, gap=gap,
               risk=np.zeros_like(gap), drift=drift, mixed_drift=drift, diversity={}, sizes=(10,),
               rounding=Rounding({}, ()), **more)


def bound(value, **parts):
    """A bound of this value in all, with its parts."""
    return {"drift": 0.0, "bias": 0.0, "concentration": value - sum(parts.values()), **parts}


GRID = (np.arange(2000) + 0.5) / 2000 * np.where(np.arange(2000) % 2, 1, -1)  # |g| uniform on [0, 1]


def test_the_verdict_is_that_of_the_binomial_interval():
    for value in np.linspace(0.85, 1.0, 21):
        found = confront(bound(value), "high-probability", 0.05, planted(GRID), 1.0)
        covered = int(np.count_nonzero(np.abs(GRID) <= value))
        exact = clopper_pearson(covered, 2000)
        assert (found.coverage, found.coverage_low, found.coverage_high) == (covered / 2000, *exact)
        assert found.contradicted is (exact.high < 0.95)
    assert found.verdict == "consistent"


def test_the_factor_is_where_the_verdict_turns():
    true = confront(bound(3.0), "high-probability", 0.05, planted(GRID), 1.0)
    assert not true.contradicted
    assert true["bound"].measured == pytest.approx(0.95, abs=0.001)
    assert true["bound"].low < 0.95 < true["bound"].high
    assert 3 < true.factor < 3.5
    just = confront(bound(3.0 / (true.factor * 0.999999)), "high-probability", 0.05, planted(GRID), 1.0)
    more = confront(bound(3.0 / (true.factor * 1.000001)), "high-probability", 0.05, planted(GRID), 1.0)
    assert not just.contradicted and more.contradicted
    assert just.factor == pytest.approx(1, abs=1e-5)
    assert more.factor < 1


def test_too_few_replicas_contradict_nothing_and_say_so():
    found = confront(bound(0.0), "high-probability", 0.05, planted([0.5, 0.6]), 1.0)
    assert not found.contradicted and found.factor is None
    assert "too few" in found.notes[-1] and "could not contradict" in str(found)


def test_a_vanishing_gap_has_no_factor():
    found = confront(bound(0.5), "high-probability", 0.05, planted(np.zeros(2000)), 1.0)
    assert found.factor is None and math.isinf(found["bound"].ratio)
    assert "the measured gap is 0" in found.notes[-1]
    assert found.to_dict()["comparisons"][0]["ratio"] is None


def test_an_infinite_bound_is_consistent():
    found = confront(bound(math.inf), "high-probability", 0.05, planted(GRID), 1.0)
    assert not found.contradicted and math.isinf(found.factor)
    assert found.to_dict()["factor"] is None and "infinite" in str(found)


def test_expectation_uses_the_mean_and_expected_gap_the_size():
    """Gaps +-0.5, in balance: |E g| = 0 but E|g| = 0.5."""
    gap = np.tile([0.5, -0.5], 1000)
    mean = confront({"drift": 0.0, "bias": 0.001}, "expectation", None, planted(gap), 1.0)
    assert not mean.contradicted and mean.factor is None and "reaches 0" in mean.notes[-1]
    assert [row.part for row in mean.comparisons] == ["bound", "drift", "drift + bias"]
    size = confront(bound(0.4), "expected-gap", None, planted(gap), 1.0)
    assert size.contradicted and size["bound"].measured == 0.5 and size.coverage is None
    assert size["concentration"].measured == 0.5
    assert size["concentration"].verdict == "not tested" and size["concentration"].to_dict()["low"] is None
    shifted = confront({"drift": 0.0, "bias": 0.3}, "expectation", None, planted(-np.abs(gap)), 1.0)
    assert shifted.contradicted and shifted["bound"].measured == 0.5
    assert not confront({"drift": 0.0, "bias": 0.5}, "expectation", None, planted(-np.abs(gap)), 1.0).contradicted


def test_parts_have_verdicts_of_their_own():
    run_ = planted(0.1 * GRID, mixed_drift=np.full(2000, 0.4))
    found = confront(bound(2.0, drift=0.1), "high-probability", 0.05, run_, 1.0)
    assert not found.contradicted
    assert found.contradicted_parts == ("drift",)
    assert found["drift"].measured == pytest.approx(0.4) and found["drift"].factor < 1
    assert found["concentration"].verdict == "consistent"
    assert "but drift contradicted" in str(found)
    scaled = confront(bound(2.0, drift=0.1), "high-probability", 0.05, run_, 0.2)
    assert scaled.contradicted_parts == () and scaled["drift"].measured == pytest.approx(0.08)


def test_bias_is_held_against_the_mean():
    found = confront(bound(2.0, bias=0.1), "high-probability", 0.05, planted(0.3 + 0.01 * GRID), 1.0)
    assert found.contradicted_parts == ("drift + bias",)
    assert found["drift + bias"].measured == pytest.approx(0.3, abs=1e-5)


def test_a_gap_above_the_loss_constant_refutes_the_constant():
    with pytest.raises(AssumptionError, match=r"loss constant 0\.5"):
        confront(bound(2.0), "high-probability", 0.05, planted(GRID), 0.5)


@pytest.mark.parametrize(("terms", "theorem", "delta", "words"), [
    (bound(1.0), "certainty", 0.05, "theorem"), (bound(1.0), "high-probability", None, "delta"),
    (bound(1.0), "high-probability", 1.0, "delta"), (bound(1.0), "expectation", 0.05, "delta"),
    ({"drift": math.nan}, "high-probability", 0.05, "drift"), ({"bias": -1.0}, "expectation", None, "bias"),
])
def test_bad_arguments_are_refused(terms, theorem, delta, words):
    with pytest.raises(InvalidArgumentError, match=words):
        confront(terms, theorem, delta, planted(GRID), 1.0)


def test_an_interrupted_run_is_called_so():
    found = confront(bound(1.0), "high-probability", 0.05, planted(GRID, requested=9000, interrupted=True), 1.0)
    assert found.interrupted and found.requested_replicas == 9000
    assert "interrupted after 2000 of 9000 replicas" in str(found)


def test_json_is_plain_data():
    import json

    found = confront(bound(1.0), "high-probability", 0.05, planted(GRID), 1.0)
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert data["schema"] == "stlbounds/check/1"
    assert data["contradicted"] is False and data["verdict"] == "consistent"
    assert data["coverage"]["claimed"] == 0.95
    assert [row["part"] for row in data["comparisons"]] == ["bound", "drift", "drift + bias", "concentration"]
    with pytest.raises(KeyError):
        found["variance"]


# --- planted errors, in real loops where the theory is tight ------------------------------------------


def amplified(share, size, i):
    """A constant hypothesis on a fair coin: beta = 0, M = 1, so the drift and the concentration are all there is."""
    made = run(FixedMix(alpha), FiniteAlphabet(uniform(2)), FiniteLossTable([0, 1]), {"n": size, "alpha": share}, i,
               2000, 31)
    rho = 1 - share
    plain = math.sqrt(math.log(2 / 0.05) / (2 * size))
    def amplification(k):
        geo = sum(rho**m for m in range(k + 1))
        return math.sqrt(share * geo**2 + rho * sum(rho ** (2 * m) for m in range(k + 1)))

    drift = rho * 0.5 * amplification(i - 1) / math.sqrt(size)
    return made, {"drift": drift, "bias": 0.0, "concentration": amplification(i) * plain}, plain


def test_the_truth_stands_and_its_concentration_alone_nearly_fails():
    made, terms, _ = amplified(0.1, 1000, 20)
    found = confront(terms, "high-probability", 0.05, made, 1.0)
    assert found.contradicted_parts == ()
    assert 1.2 < found["drift"].ratio < 1.4  # sqrt(pi/2) = 1.25 for a normal fluctuation
    assert 1.3 < found["concentration"].ratio < 1.5  # 1.358/0.98 = 1.386
    assert found["concentration"].claimed / found["bound"].measured < 1.5


def test_concentration_too_small_is_contradicted_as_a_part():
    """Held against the quantile of |g - E g| even where the drift makes up for it in the sum."""
    made, terms, _ = amplified(0.1, 1000, 20)
    found = confront({**terms, "concentration": terms["concentration"] / 3}, "high-probability", 0.05, made, 1.0)
    assert "concentration" in found.contradicted_parts
    row = found["concentration"]
    # Gaps are nearly normal: the quantile is 1.96 standard deviations.
    assert row.low < 1.96 * made.gap[:, -1].std() < row.high
    assert row.factor == pytest.approx(row.claimed / row.low)


def test_the_interval_for_the_fluctuation_needs_no_knowledge_of_the_mean():
    """Shifting all gaps changes E g and nothing else."""
    rows = [confront(bound(1.0), "high-probability", 0.05, planted(0.2 * GRID + shift), 1.0)["concentration"]
            for shift in (0.0, 0.3)]
    assert rows[0].measured == pytest.approx(rows[1].measured, rel=1e-9)
    assert rows[0].low < 0.19 < rows[0].high and rows[1].low < 0.19 < rows[1].high


def test_three_intervals_share_the_failure_probability():
    """The mean, the quantile of the distance from it, and the pairs: each fails with a third of the probability."""
    gap = 0.3 + 0.2 * GRID
    share = 1 - (1 - 0.9) / 3
    low, high = mean_interval(gap, -1, 1, share)
    least = np.maximum(0, np.maximum(low - gap, gap - high))
    most = np.maximum(np.abs(gap - low), np.abs(gap - high))
    pairs = quantile_interval(np.abs(gap[:1000] - gap[1000:]), 0.9, share).low / 2
    found = confront(bound(1.0), "high-probability", 0.05, planted(gap), 1.0, confidence=0.9)["concentration"]
    assert found.low == max(quantile_interval(least, 0.95, share).low, pairs)
    assert found.high == quantile_interval(most, 0.95, share).high
    assert found.threshold == found.low and found.factor == pytest.approx(found.claimed / found.low)


def test_pairs_of_replicas_say_no_more_than_they_know():
    """P(g = 0) = 0.91, so the 0.9 quantile of |g - E g| is 0, although two gaps differ with probability 0.17."""
    gap = np.zeros(40_000)
    moved = np.random.default_rng(5).random(40_000)
    gap[moved < 0.09] = 0.5
    gap[moved < 0.045] = -0.5
    found = confront({"concentration": 0.0}, "high-probability", 0.1, planted(gap), 1.0)["concentration"]
    assert found.low == 0 and found.verdict == "consistent"
    # A tenth of it elsewhere is too much: 0.85 of the gaps are 0.
    gap[(moved > 0.09) & (moved < 0.15)] = 0.5
    seen = confront({"concentration": 0.0}, "high-probability", 0.1, planted(gap), 1.0)["concentration"]
    assert seen.verdict == "contradicted"


@pytest.mark.parametrize("factor", [3, 10])
def test_concentration_too_small_is_contradicted(factor):
    made, terms, _ = amplified(0.1, 1000, 20)
    wrong = {**terms, "drift": 0.0, "concentration": terms["concentration"] / factor}
    assert confront(wrong, "high-probability", 0.05, made, 1.0).contradicted


def test_a_forgotten_amplification_is_contradicted():
    made, terms, plain = amplified(0.1, 1000, 20)
    assert confront({**terms, "concentration": plain}, "high-probability", 0.05, made, 1.0).contradicted


def test_a_drift_too_small_is_contradicted_as_a_part():
    """Halved, and with the real share in place of the synthetic one."""
    made, terms, _ = amplified(0.1, 1000, 20)
    for wrong in (terms["drift"] / 2, terms["drift"] * 0.1 / 0.9):
        assert confront({**terms, "drift": wrong}, "high-probability", 0.05, made, 1.0).contradicted_parts == ("drift",)


def test_claimed_stability_that_a_memoriser_lacks_is_contradicted():
    """Twenty points on 1000 symbols: the gap is near 1, whatever a bound with beta = 1/n says."""
    made = run(FixedMix(alpha), FiniteAlphabet(uniform(1000)), FiniteMemoriser(), {"n": 20, "alpha": 1.0}, 0, 2000, 32)
    wrong = {"drift": 0.0, "bias": 0.05, "concentration": 3 * math.sqrt(math.log(40) / 40)}
    found = confront(wrong, "high-probability", 0.05, made, 1.0)
    assert found.contradicted_parts == ("bound", "drift + bias")
    for theorem in ("expectation", "expected-gap"):
        small = {"drift": 0.0, "bias": 0.05}
        assert confront(small, theorem, None, made, 1.0).contradicted
