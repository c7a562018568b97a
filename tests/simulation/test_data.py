"""Real distributions from a user's own data, and the two samples that come with the package."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

import stlbounds as stl
from stlbounds import data
from stlbounds.errors import AssumptionError, InvalidArgumentError
from stlbounds.simulation.measure import measure
from stlbounds.symbols import K, alpha, noise

REPLAY = stl.loops.FixedMix(alpha)
WORDS = stl.Setting(REPLAY, stl.generators.Categorical(K), stl.learners.BrierFit())
LINE = stl.Setting(REPLAY, stl.generators.LocationModel(noise), stl.learners.MeanFit())
NUMBERS = {"n": 40, "alpha": 0.5, "i": 3}


def test_arrays_of_numbers_and_of_labels():
    numbers = data.from_array(np.array([3, 1, 2]))
    assert isinstance(numbers, data.Measurements) and numbers.mean == 2 and numbers.size == 3
    labels = data.from_array(["b", "a", "b", "c"])
    assert isinstance(labels, data.SymbolCounts)
    assert (labels.names, labels.counts, labels.cells, labels.size) == (("b", "a", "c"), (2, 1, 1), 3, 4)
    assert data.from_array([True, False, True]).names == ("True", "False")
    assert data.from_array([2, 2, 7], kind="symbols").probabilities == pytest.approx([2 / 3, 1 / 3])
    assert data.from_array(iter([1.5, 2.5])).mean == 2


def test_csv_columns(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('\ufeffname,value,note\n"a, b",1.5,x\nc,2.5,\n"a, b",,y\n', encoding="utf-8")
    assert data.from_csv(path, "value").values.tolist() == [1.5, 2.5]
    assert data.from_csv(path, "name").names == ("a, b", "c")
    assert data.from_csv(path, "note").counts == (1, 1)
    assert data.from_csv(path, "value", kind="symbols").names == ("1.5", "2.5")
    with pytest.raises(InvalidArgumentError, match="'name', 'value', 'note'"):
        data.from_csv(path, "price")
    with pytest.raises(InvalidArgumentError, match="column of numbers"):
        data.from_csv(path, "name", kind="numbers")
    with pytest.raises(InvalidArgumentError, match="missing"):
        data.from_csv(tmp_path / "missing.csv", "name")
    path.write_text('a,b\n"two\nlines",1\n', encoding="utf-8")
    assert data.from_csv(path, "a").names == ("two\nlines",)
    path.write_text("a\n\n", encoding="utf-8")
    with pytest.raises(InvalidArgumentError, match="with some value"):
        data.from_csv(path, "a")
    path.write_bytes(b"a\n\xff\xfe\n")
    with pytest.raises(InvalidArgumentError, match="UTF-8"):
        data.from_csv(path, "a")


def test_words_of_a_text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("Don't panic: the Ärger, the 42 don’t-s. THE end_of it", encoding="utf-8")
    found = data.from_text(path)
    assert dict(zip(found.names, found.counts, strict=True)) == {
        "the": 3, "don't": 1, "don’t": 1, "end": 1, "it": 1, "of": 1, "panic": 1, "s": 1, "ärger": 1}
    assert found.top(3).names == ("the", "don't", "(other)") and found.top(3).counts == (3, 1, 7)
    assert found.top(50) is found
    path.write_text("1234 ...", encoding="utf-8")
    with pytest.raises(InvalidArgumentError, match="at least one"):
        data.from_text(path)


def test_the_samples_that_come_with_the_package():
    """The hashes are those of the files as they were compared with two independent copies each."""
    folder = data._FOLDER
    text = (folder / "gettysburg.txt").read_bytes()
    assert hashlib.sha256(text).hexdigest() == "c7a316077e3f5ae4c7296722f61189e6bc02f40f14cb52a8e5aac3f300e54a0c"
    table = (folder / "michelson.csv").read_bytes()
    assert hashlib.sha256(table).hexdigest() == "17b5f8eeb29fc791ccd21dab7c3e85ccbc5d8c5669e60e620c9a6f129b990a3e"
    words, light = data.gettysburg(), data.michelson()
    assert (words.size, words.cells, words.names[0], words.counts[0]) == (272, 138, "that", 13)
    # The values that textbooks print for these measurements: 852.4 and 79.01.
    assert light.mean == 852.4 and light.values.std(ddof=1) == pytest.approx(79.01, abs=0.005)
    assert "public domain" in (folder / "LICENSE.md").read_text(encoding="utf-8")


def test_a_text_is_the_real_distribution_of_a_loop():
    words = data.gettysburg(cells=20)
    result = measure(WORDS, ["drift", "diversity"], distribution=words, replicas=200, **NUMBERS)
    assert result.used["K"] == 20
    p = words.probabilities
    assert result["entropy"].mean[0] == pytest.approx(-(p * np.log(p)).sum())
    assert result["support"].mean[3] < 20
    bound = stl.high_probability(WORDS)
    found = stl.check(bound, distribution=words, delta=0.1, replicas=300, **NUMBERS)
    assert not found.contradicted and found.used["K"] == 20
    with pytest.raises(InvalidArgumentError, match="a list of 21 probabilities"):
        stl.check(bound, distribution=words, delta=0.1, replicas=10, K=21, **NUMBERS)
    with pytest.raises(AssumptionError, match="not a location model"):
        stl.check(bound, distribution=data.michelson(), delta=0.1, replicas=10, K=2, **NUMBERS)
    histogram = data.michelson().histogram(8)
    assert histogram.size == 100 and histogram.names[0].startswith("[")
    assert not stl.check(bound, distribution=histogram, delta=0.1, replicas=300, **NUMBERS).contradicted_parts


def test_measurements_are_the_noise_of_a_location_model():
    light = data.michelson()
    with pytest.raises(AssumptionError, match="symmetrised"):
        measure(LINE, distribution=light, replicas=10, noise=0.1, **NUMBERS)
    both = light.symmetrised()
    assert both.size == 200
    assert (both.mean, both.deviation) == pytest.approx((light.mean, light.deviation))
    bound = stl.high_probability(LINE)
    found = stl.check(bound, distribution=both, noise=0.15, delta=0.1, replicas=500, **NUMBERS)
    assert found.contradicted_parts == () and "atoms" in found.statistic
    # The mean of T_0 is that of 40 draws from the sample: its error is the deviation, 0.15 B, over sqrt(40).
    spread = measure(LINE, ["drift"], distribution=both, replicas=4000, noise=0.15, **NUMBERS)["drift"]
    assert spread.mean[1] == pytest.approx(0.15 / np.sqrt(40) * np.sqrt(2 / np.pi), rel=0.07)
    with pytest.raises(InvalidArgumentError, match=r"in \(0, 0.1691"):
        measure(LINE, distribution=both, replicas=10, noise=0.2, **NUMBERS)
    with pytest.raises(AssumptionError, match="all values are the same"):
        measure(LINE, distribution=data.from_array([1.0, 1.0]), replicas=10, noise=0.1, **NUMBERS)
    with pytest.raises(AssumptionError, match="finite alphabet"):
        measure(LINE, distribution=data.gettysburg(), replicas=10, noise=0.1, **NUMBERS)


@pytest.mark.parametrize("make", [
    lambda: data.from_array([]), lambda: data.from_array([[1.0, 2.0]]), lambda: data.from_array([1.0], kind="other"),
    lambda: data.from_array(["a"], kind="numbers"), lambda: data.from_array([float("nan")]),
    lambda: data.SymbolCounts((), ()), lambda: data.SymbolCounts(("a", "a"), (1, 2)),
    lambda: data.SymbolCounts(("a",), (1, 2)), lambda: data.SymbolCounts(("a",), (0,)),
    lambda: data.SymbolCounts(("a",), (1.5,)), lambda: data.gettysburg(cells=1),
    lambda: data.michelson().histogram(0), lambda: data.gettysburg().top(2.5),
])
def test_bad_data_are_refused(make):
    with pytest.raises(InvalidArgumentError):
        make()
