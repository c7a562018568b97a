"""What a symbol stands for in a theorem: the vocabulary's words, where the models use the symbol as these words say."""

from __future__ import annotations

from typing import Any

import sympy as sp

from stlbounds.symbols import M, N, b, beta, c, e, entry, kappa, r

__all__ = ["meaning"]

#: The places of a symbol in the models, in words.
_PLACES = {"sensitivity": "the sensitivity of the generator", "learning_error": "the learning error",
           "beta_N": "the stability of the learner", "loss_constant": "the Lipschitz constant of the loss"}
#: Symbols that are called after a constant of a model: where, and what it then is; None where any expression will do.
_CALLED: dict[sp.Symbol, tuple[str, sp.Expr | None]] = {
    kappa: ("sensitivity", kappa), e: ("learning_error", e), c: ("learning_error", None), r: ("learning_error", None),
    beta: ("beta_N", beta), b: ("beta_N", b / N), M: ("loss_constant", M)}


def meaning(symbol: sp.Symbol, setting: Any) -> str:
    """What a symbol stands for where the bound of a setting is stated.

    A model may use ``b`` in ``b/sqrt(N)``, where it is not what the vocabulary says, the stability times ``N``; it is
    then called a constant of the place where it occurs.

    Parameters
    ----------
    symbol : sympy.Symbol
        A declared one.
    setting : Setting

    Returns
    -------
    str
        A noun phrase, as it was declared or as LaTeX and text alike can print it.

    Examples
    --------
    >>> import stlbounds as stl
    >>> from stlbounds.symbols import alpha
    >>> for stability in (b / N, b / sp.sqrt(N)):
    ...     learner = stl.learners.UniformlyStable(stability)
    ...     print(meaning(b, stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(5), learner)))
    the stability of the learner times the size of its training set
    a constant in the stability of the learner
    """
    words = entry(symbol).meaning
    if symbol not in _CALLED:
        return words
    constants = {name: getattr(model, name) for model in (setting.generator, setting.learner) for name in _PLACES
                 if getattr(model, name, None) is not None}
    where = [name for name in _PLACES if name in constants and constants[name].has(symbol)]
    home, whole = _CALLED[symbol]
    if not where or (home in where and whole in (None, constants[home])):
        return words
    places = [_PLACES[name] for name in where]
    return f"a constant in {', '.join(places[:-1])}{' and ' if len(places) > 1 else ''}{places[-1]}"
