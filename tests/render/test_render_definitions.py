"""What a referee asks of a printed theorem: models and symbols are introduced, the order of an author, clear names."""

from __future__ import annotations

import re

import pytest
import sympy as sp
from render.pasted import bound_or_none, parameter, setting

import stlbounds as stl
from stlbounds.bound import Bound
from stlbounds.entries import GENERATORS, LEARNERS, THEOREMS
from stlbounds.errors import InvalidArgumentError
from stlbounds.proof.quantities import (
    Deviation,
    Distance,
    DistributionShift,
    ExpectedDeviation,
    ExpectedGap,
    Gap,
    Quantity,
    Variance,
)
from stlbounds.proof.rules.excess import ComparatorBias, ComparedDeviation, ComparedGap, ExcessRisk, ExpectedExcess
from stlbounds.proof.rules.weak_stability import MixedDrift, OwnNorm, SiblingNorm
from stlbounds.render.latex import document, equation, proof, theorem
from stlbounds.render.notation import quantities_in_words
from stlbounds.render.outline import outline
from stlbounds.render.printer import inline, latex
from stlbounds.render.renaming import rename_mathematics
from stlbounds.render.text import text
from stlbounds.symbols import N, alpha, b, c, kappa, lam, n, r

#: Quantities whose formula says what they are, in terms of what the setting or other quantities introduce.
CLEAR = {Deviation, Distance, DistributionShift, ExpectedDeviation, ExpectedGap, Gap, Variance, ComparatorBias,
         ComparedDeviation, ComparedGap, ExcessRisk, ExpectedExcess, MixedDrift, OwnNorm, SiblingNorm}


def _discrete(learner: str) -> bool:
    return LEARNERS[learner].make(parameter).metric is stl.DISCRETE


def _pairs() -> list[tuple[str, str | None]]:
    return [*((generator, None) for generator in GENERATORS),
            *(("generic" if _discrete(learner) else "contractive", learner) for learner in LEARNERS)]


def generic(loop: stl.loops.Loop) -> stl.Setting:
    return stl.Setting(loop, stl.generators.Generator("generic", stl.DISCRETE, kappa, c * N**-r),
                       stl.learners.UniformlyStable(b / N))


# --- the statement is complete ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", GENERATORS)
def test_a_generator_that_derives_its_constant_is_defined_in_the_theorem(name: str) -> None:
    # Otherwise the theorem would be stated for every generator, and false.
    made = GENERATORS[name].make(parameter)
    known_by_constants = made.sensitivity_claim().rule.kind == "assumption"
    assert bool(made.describe(inline)) is not known_by_constants
    bound = stl.in_expectation(setting("fixed-mix", name))
    for printed in (theorem(bound), document(bound)):
        assert ("enters through its sensitivity and its learning error only" in printed) is known_by_constants


@pytest.mark.parametrize("name", LEARNERS)
def test_a_learner_that_derives_its_constant_is_defined_in_the_theorem(name: str) -> None:
    made = LEARNERS[name].make(parameter)
    known_by_constants = made.stability_claim().rule.kind == "assumption"
    assert bool(made.describe(inline)) is not known_by_constants
    bound = stl.in_expectation(setting("fixed-mix", "generic" if _discrete(name) else "contractive", learner=name))
    assert ("enters through its uniform stability" in " ".join(text(bound).split())) is known_by_constants


@pytest.mark.parametrize("made", [
    stl.generators.CategoricalWithPrior(5, sp.Rational(1, 4)), stl.generators.KernelDensity("box", 1, 2, 3),
    stl.generators.Contractive(sp.Rational(1, 3)), stl.generators.Transformer(1, 2),
    stl.learners.SGDLearner(3, sp.Rational(1, 2)), stl.learners.RegularisedLearner(alpha + 1),
], ids=lambda made: made.name)
def test_descriptions_take_numbers_and_sums(made: object) -> None:
    said = made.describe(inline)  # type: ignore[attr-defined]
    assert "1 layers" not in said and said.count("$") % 2 == 0 and said.endswith(".")
    if isinstance(made, stl.learners.RegularisedLearner):
        assert said.endswith(r"plus $\|w\|^2/2$ times $1 + \alpha$.")


@pytest.mark.slow
@pytest.mark.parametrize("kind", THEOREMS)
def test_every_number_of_a_proof_is_introduced(kind: str) -> None:
    # In the list before the proof, by an assumption that speaks of it, or by its own formula.
    missing = set()
    for generator, learner in _pairs():
        bound = bound_or_none(setting("fixed-mix", generator, "fresh", learner), kind)
        if bound is None:
            continue
        steps = bound.proof.steps()
        granted = {type(part) for claim in steps if claim.rule.kind == "assumption"
                   for part in claim.lhs.atoms(Quantity)}
        for part in {part for claim in steps for side in (claim.lhs, claim.rhs) for part in side.atoms(Quantity)}:
            if type(part) in granted | CLEAR:
                continue
            symbol = re.sub(r"[{} ]", "", latex(part.func(*part.args)).replace(r"\textstyle", ""))
            heads = [re.sub(r"[{} ]", "", formula) for sentence in quantities_in_words([part], bound.setting.loop)
                     for formula in sentence.split("$")[1::2]]
            # The letter that the list explains is in the formula.
            if not any(re.split(r"[_^=(]", head)[0][:2] in symbol for head in heads):
                missing.add((type(part).__name__, symbol, tuple(heads)))
    assert missing == set()


def test_the_list_of_a_proof_says_whose_transformer_is_meant() -> None:
    bound = stl.in_expectation(setting("augment", "transformer", learner="transformer"))
    said = proof(bound)
    for role in ("generator", "learner"):
        assert rf"\item $q^{{\mathrm{{{role}}}}}_j$ is the largest displacement" in said
    assert "and for all steps $j$ of an algorithm or layers $j$ of a network." in said
    assert "layers $j$" not in proof(stl.in_expectation(generic(stl.loops.FixedMix(alpha))))


def test_the_signed_gap_and_the_influence_are_defined_before_they_are_used() -> None:
    said = proof(stl.in_expectation(generic(stl.loops.FixedMix(alpha, real="fresh"))))
    assert r"\item $g_i = R_{D_0}(A(T_i)) - \hat{R}_{T_i}(A(T_i))$" in said
    assert "The influence of a point $X$ on $T_i$ is" in said and r"x^{\ast}" not in said


def test_the_steps_of_a_model_stand_under_their_heading() -> None:
    plan = outline(stl.high_probability(setting("fixed-mix", "transformer-depth-uniform")).proof.steps())
    assert plan.sections[0].heading == "The model"
    titles = {step.title for section in plan.sections[1:] for step in section.steps}
    assert not titles & {"attention averages", "one layer, query", "the same query", "diameter of the ball"}
    assert [step.number for step in plan.steps] == list(range(1, len(plan.steps) + 1))


def test_replayed_points_are_points_of_the_first_training_set() -> None:
    assert r"of $\alpha n$ points of $T_0$, chosen before looking and the same in every generation, and of" in theorem(
        stl.high_probability(generic(stl.loops.FixedMix(alpha))))


# --- the order and the form of formulas --------------------------------------------------------------------


def test_a_factor_that_is_a_term_of_the_bound_is_no_term_of_a_product() -> None:
    # The stability of the mean gives the term 1/n, and kappa x/n was printed as 1/n + kappa x/n - 1/n.
    said = proof(stl.bernstein(setting("fixed-mix", "location", "fresh")))
    assert r"- \frac{1}{n}" not in said


def test_the_smallest_bound_lists_its_bounds_one_after_the_other() -> None:
    said = equation(Bound(generic(stl.loops.FixedMix(alpha, real="fresh")), "best"))
    first, second, *_ = said.split(r"\min\biggl\{")[1].split(r", \\")
    for part in (first, second):
        assert part.index(r"c n^{-r}") < part.index(r"\sqrt{\frac{\log(2/\delta)}{2n}}")
    assert first.index(r"\frac{b}{n}") < first.index(r"\Phi_{i}") and first.endswith("}")


def test_numbers_with_names_and_quotients_of_sensitivities() -> None:
    private = stl.generators.PrivateGenerator(c / N, c * N**-r, uniform=True)
    assert r"\left(1 + \frac{c}{2m}\right)" in theorem(stl.high_probability(stl.Setting(
        stl.loops.Accumulate(), private, stl.learners.UniformlyStable(b / N))))
    uniform = stl.high_probability(stl.Setting(
        stl.loops.Accumulate(uniform=True), stl.generators.Categorical(20), stl.learners.BrierFit()))
    assert r"(\pi)" not in theorem(uniform) and r"\pi^{2}" in theorem(uniform)
    # A sum of terms that are all alike is a product.
    assert r"\sum_{k=1}^{i}" not in equation(uniform) and "π i/(2 (i + 1))" in text(uniform)


def test_probabilities_and_constants_inside_sentences() -> None:
    said = proof(stl.weak_stability(generic(stl.loops.FixedMix(alpha, real="fresh"))))
    assert r"With probability at least $1 - \delta/2$, therefore:" in said and r"\frac{\delta}{2}$" not in said
    stated = theorem(stl.high_probability(setting("augment", "transformer", learner="transformer")))
    assert r"it is Lipschitz with the constant $\ell_L$ in the output" in stated and r"$(\ell_L)$" not in stated


@pytest.mark.parametrize(("loop", "generator"), [("augment", "transformer"), ("fixed-mix", "kernel-density")])
def test_text_fits_a_terminal(loop: str, generator: str) -> None:
    assert max(map(len, text(stl.high_probability(setting(loop, generator))).splitlines())) <= 80


# --- names -------------------------------------------------------------------------------------------------


def test_a_symbol_with_an_index_is_one_name() -> None:
    names = {lam: r"\mu", r: "s"}
    assert rename_mathematics(r"\lambda \lambda_r n^{-r} r^{\mathrm{learner}}", names) == (
        r"\mu \lambda_r n^{-s} r^{\mathrm{learner}}")
    symbols = {stl.symbols.entry(name).symbol: new for name, new in
               {"lam_r": r"\sigma", "G_l": "F", "L_f": r"\xi", "steps": "E"}.items()}
    # A constant that is a function of the loss, and the training sets, keep their names.
    assert rename_mathematics(r"\lambda_r G_\ell(\ell) \le G_\ell + L_f + L_{f}", symbols) == (
        r"\sigma G_\ell(\ell) \le F + \xi + \xi")
    assert rename_mathematics(r"T_0, T'_j, T", symbols) == "T_0, T'_j, E"


def test_renamed_constants_are_renamed_in_assumptions_as_well() -> None:
    said = theorem(stl.high_probability(setting("augment", "generic", learner="regularised")),
                   {"lam": r"\mu", "lam_r": r"\sigma", "G_l": "F", "r": "s"})
    assert r"\mu_s" not in said and r"$G_\ell(\ell) \le F$" in said and r"times $\sigma$." in said


def test_the_law_of_real_data_has_another_name() -> None:
    bound = stl.high_probability(generic(stl.loops.Subsample()))
    for printed in (theorem(bound, {"D_0": "P"}), proof(bound, {"D_0": "P"}), document(bound, {"D_0": "P"})):
        assert "D_0" not in printed and "D_{0}" not in printed
    assert r"\bigl|R_{P}(A(T_i))" in equation(bound, {"D_0": "P"})
    assert r"$P, \dots, D_j$" in theorem(bound, {"D_0": "P"})


@pytest.mark.parametrize("names", [
    {"n": "N"}, {"M": "W"}, {"alpha": "j"}, {"D_0": "G"}, {"D_0": "n"}, {"n": "k"}, {"n": "m"}, {"M": r"\kappa"},
    {"b": r"\Phi"},
])
def test_names_of_something_else_are_refused(names: dict[str, str]) -> None:
    with pytest.raises(InvalidArgumentError):
        theorem(stl.high_probability(generic(stl.loops.Accumulate())), names)


def test_a_name_that_an_index_has_elsewhere_is_free() -> None:
    assert "$m$" in theorem(stl.high_probability(generic(stl.loops.FixedMix(alpha))), {n: "m"})


@pytest.mark.parametrize(("generator", "learner"), _pairs())
def test_pages_and_text_know_every_command_of_the_models(generator: str, learner: str | None) -> None:
    bound = stl.in_expectation(setting("fixed-mix", generator, "fresh", learner))
    assert r"<mtext>\ ".strip() not in bound._repr_html_()
    assert not re.search(r"\\|varphi|varepsilon|emph|mathrm", str(bound))
