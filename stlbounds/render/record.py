"""A bound as plain data for JSON: its statement, its numbers, its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from stlbounds.described import describe, describe_symbols
from stlbounds.render.display import LINE_WIDTH
from stlbounds.render.meanings import meaning
from stlbounds.render.notation import Notation
from stlbounds.render.outline import outline
from stlbounds.render.printer import inline, latex
from stlbounds.render.steps import StepWriter, WrittenStep
from stlbounds.render.unicode import plain_latex
from stlbounds.symbols import entry

__all__ = ["derivation", "inputs", "numbers", "proof_sections", "statement"]


def _formula(expression: sp.Expr) -> dict[str, str]:
    """An expression as text that `stlbounds.parsing.parse_expression` reads back, and as LaTeX."""
    return {"text": str(expression), "latex": latex(expression)}


def proof_sections(bound: Any, width: float = LINE_WIDTH) -> list[tuple[str, list[WrittenStep]]]:
    """The proof as headings with their written steps.

    Parameters
    ----------
    bound : Bound
    width : float
        The line in points at 10 pt type.
    """
    plan = outline(bound.proof.steps())
    writer = StepWriter(plan, Notation(bound), width)
    return [(section.heading, [writer.write(step) for step in section.steps]) for section in plan.sections]


def _setting(bound: Any) -> dict[str, Any]:
    setting = bound.setting
    loop, generator, learner = setting.loop, setting.generator, setting.learner
    error = generator.learning_error
    return {
        "loop": {"name": loop.name, "real": getattr(loop, "real", None),
                 "parameters": {name: str(value) for name, value in loop.parameters.items()}},
        "generator": {"name": generator.name, "metric": generator.metric.value,
                      "sensitivity": str(generator.sensitivity),
                      "learning_error": None if error is None else str(error)},
        "learner": {"name": learner.name, "metric": learner.metric.value, "beta_N": str(learner.beta),
                    "loss_constant": str(learner.loss_constant)},
        "drift": setting.drift,
    }


def statement(bound: Any, verification: Any) -> dict[str, Any]:
    """What a bound says and why, without numbers.

    Parameters
    ----------
    bound : Bound
    verification : Verification
        What `bound.proof.verify` handed back.

    Returns
    -------
    dict
        Texts and LaTeX; expressions are text that the library's parser reads back.
    """
    claims = bound.proof.steps()
    explained = [claim.rule.explain(inline, **dict(claim.params)) for claim in outline(claims).assumptions]
    return {
        "theorem": bound.theorem,
        "setting": _setting(bound),
        "statement": {"latex": bound.latex("equation"), "text": str(bound)},
        "terms": {name: _formula(term) for name, term in bound.terms.items()},
        "definitions": {str(name): _formula(value) for name, value in bound.definitions.items()},
        "amplification": _formula(bound.amplification),
        "loop_gain": _formula(bound.loop_gain),
        "recursive_stability": _formula(bound.recursive_stability),
        "failure_probability": _formula(bound.failure_probability),
        "symbols": {str(symbol): {"meaning": meaning(symbol, bound.setting), "range": str(entry(symbol).range)}
                    for symbol in bound.symbols},
        "assumptions": [{"label": f"A{number}", "text": plain_latex(sentence), "latex": sentence}
                        for number, sentence in enumerate(explained, start=1)],
        "proof": [{"step": step.number, "title": plain_latex(step.title), "latex": step.body}
                  for _, steps in proof_sections(bound) for step in steps],
        "verified": {"steps": verification.steps, "leaves": verification.leaves, "checks": verification.checks},
    }


def derivation(bound: Any) -> dict[str, Any]:
    """How a bound is made again, and every claim of its proof, so that the two can be compared.

    Parameters
    ----------
    bound : Bound

    Returns
    -------
    dict
        ``recipe``, the description of the setting; ``declared``, the symbols that are not of the shipped vocabulary;
        and ``claims``, each with its rule and the numbers of its premises.
    """
    claims = bound.proof.steps()
    place = {id(claim): number for number, claim in enumerate(claims, start=1)}
    return {
        "recipe": describe(bound.setting, "setting"),
        "declared": describe_symbols(sorted(bound.constants | set(bound.symbols), key=str)),
        "claims": [{"claim": number, "rule": claim.rule.__name__, "title": claim.rule.title, "says": str(claim.says),
                    "from": [place[id(premise)] for premise in claim.premises]}
                   for number, claim in enumerate(claims, start=1)],
    }


def numbers(bound: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a bound and of its parts, as floats; None for a part that needs a symbol without a value.

    Raises
    ------
    InvalidArgumentError, SymbolError
        If a value is missing, unknown or out of range.
    """
    terms = {name: float(value) for name, value in bound.evaluate_terms(**values).items()}
    # A bound in expectation may lack the sensitivity that these parts need.
    needed = {str(symbol) for part in (bound.loop_gain, bound.amplification) for symbol in part.free_symbols}
    parts: dict[str, float | None] = {"loop_gain": None, "amplification": None}
    if needed <= set(values):
        parts.update({name: float(value) for name, value in bound.evaluate_parts(**values).items()})
    replacement = {entry(name).symbol: value for name, value in values.items()}
    return {
        "value": float(bound.evaluate(**values)),
        "terms": terms,
        **parts,
        "failure_probability": float(bound.failure_probability.subs(replacement)),
        "loss_constant": float(bound.setting.learner.loss_constant.subs(replacement)),
        "vacuous": bool(bound.is_vacuous(**values)),
    }


def inputs(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that were put in, as numbers and as exact text."""
    return {
        "inputs": {name: int(value) if value == int(value) else float(value) for name, value in values.items()},
        "exact_inputs": {name: str(value) for name, value in values.items()},
    }
