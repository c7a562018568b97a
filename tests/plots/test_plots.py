"""The pictures: what they show are the numbers of the library, and their files are the same for the same numbers."""

from __future__ import annotations

import pickle

import matplotlib
import numpy as np
import pytest

import stlbounds as stl
from stlbounds import plots
from stlbounds.errors import AssumptionError, InvalidArgumentError, OutputError
from stlbounds.plots.influence import influences
from stlbounds.plots.style import COLUMN, PAGE
from stlbounds.symbols import G, N, alpha, c, kappa, lam, w

VALUES = {"n": 200, "alpha": 0.3, "i": 6, "delta": 0.1}


def make_setting(loop=None, generator=None):
    return stl.Setting(loop or stl.loops.FixedMix(alpha), generator or stl.generators.Categorical(6),
                       stl.learners.BrierFit())


@pytest.fixture(scope="module")
def bound():
    return stl.high_probability(make_setting())


def line(picture, label, axes=0):
    """The numbers of the line with that label."""
    (found,) = [item for item in picture.axes[axes].lines if item.get_label() == label]
    return np.asarray(found.get_xdata(), dtype=float), np.asarray(found.get_ydata(), dtype=float)


# --- what is drawn ---------------------------------------------------------------------------------------------


def test_the_gap_is_drawn_below_the_bound(bound):
    picture = plots.plot_gap(bound, replicas=300, **VALUES)
    generations, values = line(picture, "bound")
    assert generations.tolist() == list(range(7))
    expected = [bound.evaluate(**{**VALUES, "i": j}) for j in range(7)]
    assert values == pytest.approx(expected, rel=1e-12)
    assert np.all(line(picture, "0.9 quantile")[1] < values)
    again = stl.check(bound, replicas=300, **VALUES)
    assert line(picture, "0.9 quantile")[1][-1] == pytest.approx(again.comparisons[0].measured, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("theorem", "label"), [("expected_gap", "mean of $|g|$"),
                                                ("in_expectation", r"$|\mathrm{mean}\ g|$")])
def test_other_theorems_are_drawn_beside_what_they_bound(theorem, label):
    bound = getattr(stl, theorem)(make_setting())
    values = {name: value for name, value in VALUES.items() if name != "delta"}
    assert len(line(plots.plot_gap(bound, replicas=50, **values), label)[0]) == 7


def test_terms_are_stacked_or_drawn_as_lines(bound):
    stacked = plots.plot_terms(bound, **VALUES)
    tops = [patch.get_y() + patch.get_height() for patch in stacked.axes[0].patches]
    assert max(tops) == pytest.approx(bound.evaluate(**VALUES), rel=1e-12)
    result = stl.check(bound, replicas=50, **VALUES)
    lines = plots.plot_terms(bound, result, **VALUES)
    assert lines.axes[0].get_yscale() == "log"
    assert line(lines, "bound")[1][-1] == pytest.approx(result.value)
    assert line(lines, "mean of |g|, simulated")[1][-1] == result.trajectory[-1]["mean_absolute_gap"]


@pytest.mark.parametrize(("loop", "values"), [
    (stl.loops.FixedMix(alpha), {"alpha": 0.3}), (stl.loops.FixedMix(alpha, real="fresh"), {"alpha": 0.3}),
    pytest.param(stl.loops.Replace(), {}, marks=pytest.mark.slow),
    pytest.param(stl.loops.Augment(lam), {"lam": 2}, marks=pytest.mark.slow), (stl.loops.Accumulate(), {}),
    (stl.loops.Subsample(), {}), (stl.loops.WeightedMix(w), {"w": 0.4}),
    (stl.loops.Schedule([0.5, 0.4, 0.3, 0.2, 0.1, 0.3]), {}),
])
def test_influences_add_up_to_the_amplification(loop, values):
    """``Phi**2 = (1/N_i) sum x_X**2`` over all points: the curves and the bound say the same."""
    size, last = 60, 5
    generator = stl.generators.Generator("mine", stl.DISCRETE, kappa, c / N)
    setting = stl.Setting(loop, generator)
    curves = influences(setting, {**values, "i": last, "kappa": 0.8, "n": size})
    known = {stl.symbols.symbol(name): value for name, value in {**values, "n": size}.items()}
    total = 0.0
    for point in loop.classes:
        for born, influence in curves.get(point.meaning, {}).items():
            count = point.count.subs(G, born).subs(known)
            total += float(count) * influence**2
    bound = stl.high_probability(setting)
    rest = {"i": last, "kappa": 0.8, "n": size, "c": 1, "M": 1, "b": 1, "delta": 0.1}
    parts = bound.evaluate_parts(**values, **rest)
    final = float(loop.size(stl.symbols.i).subs(known).subs(stl.symbols.i, last))
    assert total / final == pytest.approx(parts["amplification"] ** 2, rel=1e-9)


def test_the_influence_has_a_curve_for_each_class(bound):
    picture = plots.plot_influence(bound, alpha=0.3, i=6)
    assert len(picture.axes[0].lines) == 3
    generations, values = line(picture, "a synthetic point of generation $g$")
    assert values == pytest.approx(0.7 ** (6 - generations))


def test_the_phase_boundary_is_where_the_gain_is_one():
    generator = stl.generators.Generator("mine", stl.DISCRETE, kappa, c / N)
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), generator))
    picture = plots.plot_phase(bound, "alpha", (0, 0.9), "kappa", (0.5, 3))
    boundary = picture.axes[0].collections[-1].get_paths()[0].vertices
    assert len(boundary) > 20
    assert boundary[:, 1] * (1 - boundary[:, 0]) == pytest.approx(np.ones(len(boundary)), abs=2e-3)
    lines = plots.plot_phase(bound, "alpha", (0, 0.9), "kappa", (0.5, 3), n=1000, i=10, delta=0.05, c=1, M=1, b=1)
    assert "the bound" in [text.get_text() for text in lines.legends[0].get_texts()]


def test_regimes_are_those_of_the_analysis():
    generator = stl.generators.Generator("mine", stl.DISCRETE, kappa, c / N)
    bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), generator))
    diagram = bound.phase_diagram(alpha, kappa, [0.2, 0.4, 0.6, 0.8], [0.5, 1.5, 2.5])
    picture = plots.plot_regimes(diagram)
    (mesh,) = picture.axes[0].collections
    assert np.asarray(mesh.get_array()).tolist() == diagram.codes.tolist()
    fine, curve = (np.asarray(part, dtype=float) for part in picture.axes[0].lines[0].get_data())
    assert np.isfinite(curve).sum() > 200
    assert (curve * (1 - fine))[np.isfinite(curve)] == pytest.approx(1)


def test_tightness_is_a_sweep(bound):
    values = {name: value for name, value in VALUES.items() if name != "n"}
    picture = plots.plot_tightness(bound, grid=[50, 100, 200], replicas=100, seed=3, **values)
    table = stl.sweep(bound, {"n": [50, 100, 200]}, replicas=100, seed=3, **values)
    assert line(picture, "bound")[1] == pytest.approx(table["bound"])
    ratios = np.asarray(picture.axes[1].lines[0].get_ydata(), dtype=float)
    assert ratios == pytest.approx(table["ratio"])


def test_collapse_ends_on_one_symbol():
    picture = plots.plot_collapse(stl.in_expectation(make_setting(stl.loops.Replace())), n=10, i=400, seed=1)
    first, *_, last = picture.axes
    heights = [patch.get_height() for patch in last.patches]
    assert sorted(heights) == [0] * 5 + [1]
    assert [patch.get_height() for patch in first.patches] == pytest.approx([1 / 6] * 6)
    assert last.get_title() == "$D_{400}$"


@pytest.mark.slow
def test_points_on_a_line_have_histograms():
    setting = stl.Setting(stl.loops.FixedMix(alpha), stl.generators.LocationModel(0.2), stl.learners.MeanFit())
    picture = plots.plot_collapse(stl.in_expectation(setting), alpha=0.5, n=20, i=4)
    assert [axes.get_title() for axes in picture.axes[:5]] == [f"$D_{{{k}}}$" for k in range(5)]
    # Two-point noise: half of the draws on each side of the centre.
    heights = sorted(patch.get_height() for patch in picture.axes[0].patches if hasattr(patch, "get_height"))
    assert heights[-2:] == pytest.approx([0.5, 0.5], abs=0.02)


def test_what_cannot_be_drawn_is_told(bound):
    with pytest.raises(InvalidArgumentError, match="two or more"):
        plots.plot_tightness(bound, grid=[50], replicas=10, alpha=0.3, i=6, delta=0.1)
    with pytest.raises(InvalidArgumentError, match="lower and an upper end"):
        plots.plot_phase(bound, "alpha", (1, 0), "n", (1, 2))
    with pytest.raises(InvalidArgumentError, match="not both"):
        plots.plot_phase(bound, "alpha", (0, 1), "n", (1, 2), alpha=0.5)
    with pytest.raises(InvalidArgumentError, match="i = missing"):
        plots.plot_influence(bound, alpha=0.5)
    with pytest.raises(InvalidArgumentError, match="alpha = missing"):
        plots.plot_influence(bound, i=5)
    with pytest.raises(InvalidArgumentError, match="every generation"):
        plots.plot_influence(bound, alpha=0.5, i=10**6)
    with pytest.raises(InvalidArgumentError, match="width"):
        plots.plot_terms(bound, width=0.1, **VALUES)
    generic = stl.in_expectation(stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Generator(
        "mine", stl.DISCRETE, kappa, c)))
    with pytest.raises(AssumptionError):
        plots.plot_collapse(generic, alpha=0.5, n=10, i=3, kappa=1, c=1, M=1, b=1)


# --- files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["pdf", "svg", pytest.param("png", marks=pytest.mark.slow)])
def test_the_same_numbers_give_the_same_bytes(bound, tmp_path, ending):
    files = [plots.save(plots.plot_terms(bound, **VALUES), tmp_path / f"{k}.{ending}").read_bytes() for k in range(2)]
    assert files[0] == files[1] and len(files[0]) > 1000
    assert b"CreationDate" not in files[0] and b"<dc:date>" not in files[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"0.{ending}", f"1.{ending}"]


def test_fonts_are_embedded_as_outlines_that_journals_accept(bound, tmp_path):
    content = plots.save(plots.plot_influence(bound, alpha=0.3, i=3), tmp_path / "a.pdf").read_bytes()
    assert b"/Type3" not in content and b"/Subtype /Type3" not in content


def test_pictures_are_as_wide_as_a_column(bound):
    assert plots.plot_terms(bound, **VALUES).get_size_inches()[0] == COLUMN == 3.25
    assert plots.plot_terms(bound, width=PAGE, **VALUES).get_size_inches()[0] == PAGE


def test_notebooks_show_pictures(bound):
    picture = plots.plot_influence(bound, **VALUES)
    shown = picture._repr_png_()
    assert shown.startswith(b"\x89PNG") and shown == picture._repr_png_()
    assert pickle.loads(pickle.dumps(picture))._repr_png_().startswith(b"\x89PNG")


def test_nothing_global_is_changed(bound):
    before = dict(matplotlib.rcParams)
    plots.plot_gap(bound, replicas=20, **VALUES)
    assert dict(matplotlib.rcParams) == before
    import sys

    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_files_that_cannot_be_written(bound, tmp_path):
    picture = plots.plot_terms(bound, **VALUES)
    with pytest.raises(InvalidArgumentError, match=r"ends in \.svg"):
        plots.save(picture, tmp_path / "a.docx")
    with pytest.raises(OutputError, match="cannot write"):
        plots.save(picture, tmp_path / "none" / "a.pdf")
    assert list(tmp_path.iterdir()) == []
