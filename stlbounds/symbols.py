"""The vocabulary: one SymPy symbol per name, with its range, its meaning and its LaTeX.

Every symbol that a bound may contain is registered here once. SymPy treats two symbols of one name and different
assumptions as different, which silently breaks substitution; asking for a known name with other assumptions is an
error. Ranges that SymPy cannot express (``alpha <= 1``) live here too; the sign and numeric checks read them.
"""

from __future__ import annotations

import keyword
import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import sympy as sp

from stlbounds.errors import InvalidArgumentError, SymbolError, near_misses
from stlbounds.letters import as_written

__all__ = ["Entry", "Range", "check_symbols", "declare", "entry", "exact", "known", "symbol"]


@dataclass(frozen=True)
class Range:
    """The values that a symbol may take (theory §1, §2): an interval, perhaps of integers only.

    Parameters
    ----------
    low, high : sympy.Expr
        End points, ``-oo`` and ``oo`` allowed.
    low_open, high_open : bool
        Whether the end point itself is excluded.
    integer : bool
        Whether only integers count.

    Examples
    --------
    >>> share = Range(high=sp.S.One, low_open=True)
    >>> share.contains(0), share.contains(1), share.latex("w").split()[-2:]
    (False, True, ['(0,', '1]'])
    """

    low: sp.Expr = sp.S.Zero
    high: sp.Expr = sp.oo
    low_open: bool = False
    high_open: bool = False
    integer: bool = False

    def contains(self, value: Any) -> bool:
        """Whether the number ``value`` lies in the range (NaN and infinities never do)."""
        if isinstance(value, int):
            number: sp.Expr = sp.Integer(value)
        else:
            number = value if isinstance(value, sp.Expr) else sp.Float(value)
        if number.is_finite is not True or number.is_real is not True:
            return False
        above = number > self.low if self.low_open else number >= self.low
        below = number < self.high if self.high_open else number <= self.high
        whole = not self.integer or (number - sp.floor(number)).is_zero
        return bool(above) and bool(below) and bool(whole)

    def __str__(self) -> str:
        left = "(" if self.low_open or self.low == -sp.oo else "["
        right = ")" if self.high_open or self.high == sp.oo else "]"
        kind = "an integer in " if self.integer else "in "
        return f"{kind}{left}{self.low}, {self.high}{right}"

    def latex(self, name: str) -> str:
        """The range as a condition on ``name``, in LaTeX."""
        if self.integer:
            return rf"{name} \in \{{{sp.latex(self.low)}, {sp.latex(self.low + 1)}, \dots\}}"
        if self.high == sp.oo:
            return rf"{name} {'>' if self.low_open else chr(92) + 'ge'} {sp.latex(self.low)}"
        left = "(" if self.low_open else "["
        right = ")" if self.high_open else "]"
        return rf"{name} \in {left}{sp.latex(self.low)}, {sp.latex(self.high)}{right}"


@dataclass(frozen=True)
class Entry:
    """What the vocabulary knows about one symbol (theory §1, §2).

    Parameters
    ----------
    symbol : sympy.Symbol
        The one symbol of its name.
    range : Range
        Which values it may take; its assumptions follow from it.
    meaning : str
        In words; theorems print it.
    latex : str
        How it is printed.

    Examples
    --------
    >>> entry("alpha").meaning, str(entry("alpha").range)
    ('the proportion of real data in a training set', 'in [0, 1]')
    """

    symbol: sp.Symbol
    range: Range
    meaning: str
    latex: str


_REGISTRY: dict[str, Entry] = {}


def _assumptions(values: Range) -> dict[str, bool]:
    """The SymPy assumptions that follow from a range."""
    facts: dict[str, bool] = {"integer": True} if values.integer else {"real": True}
    if values.low > 0 or (values.low == 0 and values.low_open):
        facts["positive"] = True
    elif values.low == 0:
        facts["nonnegative"] = True
    return facts


def _end_point(argument: str, value: Any) -> sp.Expr:
    """An end point of a range as an exact number, or ``-oo`` or ``oo``."""
    if value in (-sp.oo, sp.oo):
        return sp.oo if value > 0 else -sp.oo
    found = exact(argument, value)
    if found.is_number and found.is_real:
        return found
    raise InvalidArgumentError(argument, value, "a real number, -oo or oo")


def declare(
    name: str,
    meaning: str,
    *,
    low: sp.Expr | float = 0,
    high: sp.Expr | float = sp.oo,
    low_open: bool = False,
    high_open: bool = False,
    integer: bool = False,
    latex: str | None = None,
) -> sp.Symbol:
    """Put a symbol into the vocabulary (theory §1, §2) and return it.

    To say the same again is fine, so that a cell of a notebook can be run twice. Another range, meaning or LaTeX is an
    error: theorems that have been derived would be printed with words that they were not meant with.

    Parameters
    ----------
    name : str
        A Python identifier of ASCII letters, and no word of Python; ``E`` and ``pi`` are numbers in an expression.
    meaning : str
        What the symbol stands for, in plain words and with its article ("the temperature"); theorems print it.
    low, high : int, float or sympy.Expr
        End points of the range, ``low < high``; ``-oo`` and ``oo`` are allowed.
    low_open, high_open : bool
        Whether the end point is excluded.
    integer : bool
        Whether only integers are allowed.
    latex : str, optional
        How to print it; by default SymPy's choice for the name, with indices that are words upright.

    Returns
    -------
    sympy.Symbol
        The one symbol of that name.

    Raises
    ------
    SymbolError
        If the name is known with another range, meaning or LaTeX.
    InvalidArgumentError
        If the name cannot be written in an expression, the range is empty or cannot be told to have a value, or
        theorems write something else like this, such as the learner ``A``.

    Examples
    --------
    >>> softness = declare("softness", "the temperature of the sampler", low_open=True)
    >>> softness.is_positive
    True
    >>> declare("alpha", "something else", high=2)
    Traceback (most recent call last):
    ...
    stlbounds.errors.SymbolError: alpha is already declared as the proportion of real data in a training \
set, in [0, 1], written \\alpha; choose another name instead of something else
    """
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name) or name in ("E", "pi"):
        raise InvalidArgumentError("name", ascii(name), "a Python identifier of ASCII letters, no word of Python, and "
                                   "neither E nor pi", "try for example 'tau'")
    values = Range(_end_point("low", low), _end_point("high", high), low_open, high_open, integer)
    if (values.low < values.high) is not sp.true:
        raise InvalidArgumentError("low", low, f"below high = {high}")
    if name in _REGISTRY:
        old = _REGISTRY[name]
        again = (meaning, values, old.latex if latex is None else latex)
        for change, before in zip(again, (old.meaning, old.range, old.latex), strict=True):
            if change != before:
                raise SymbolError(f"{name} is already declared as {old.meaning}, {old.range}, written {old.latex}; "
                                  f"choose another name instead of {change}")
        return old.symbol
    made = sp.Symbol(name, **_assumptions(values))
    _REGISTRY[name] = Entry(made, values, meaning, as_written(made, latex))
    return made


def known() -> dict[str, Entry]:
    """All declared symbols by name (a copy; theory §1, §2).

    Examples
    --------
    >>> known()["kappa"].meaning
    'the sensitivity of the generator'
    """
    return dict(_REGISTRY)


def entry(name: str | sp.Symbol) -> Entry:
    """What the vocabulary knows about ``name`` (theory §1, §2).

    Parameters
    ----------
    name : str or sympy.Symbol

    Raises
    ------
    SymbolError
        If the name is unknown, or is a symbol whose assumptions differ from the declared ones.

    Examples
    --------
    >>> str(entry("delta").range)
    'in (0, 1)'
    """
    key = name if isinstance(name, str) else name.name
    if key not in _REGISTRY:
        shown = key if key.isidentifier() and len(key) <= 60 else ascii(key[:60])
        hint = near_misses(key, _REGISTRY) or "declare it with stlbounds.symbols.declare"
        raise SymbolError(f"unknown symbol {shown}; {hint}")
    found = _REGISTRY[key]
    if not isinstance(name, str) and name != found.symbol:
        raise SymbolError(
            f"{key} was made with other assumptions than stlbounds.symbols.{key} ({found.range}); "
            f"import it from stlbounds.symbols"
        )
    return found


def symbol(name: str) -> sp.Symbol:
    """The declared symbol of that name (theory §1, §2).

    Parameters
    ----------
    name : str

    Raises
    ------
    SymbolError
        If there is none.

    Examples
    --------
    >>> symbol("kappa").is_nonnegative
    True
    """
    return entry(name).symbol


def exact(argument: str, value: Any) -> sp.Expr:
    """``value`` as an exact SymPy expression; a float counts as the decimal number that it prints as.

    Parameters
    ----------
    argument : str
        What the value is for, named in errors.
    value : int, float, fractions.Fraction, decimal.Decimal, NumPy scalar or sympy.Expr
        The number or expression.

    Raises
    ------
    InvalidArgumentError
        If the value is of another type, infinite or NaN.

    References
    ----------
    Theory §12: a decimal counts as the number that it prints as.

    Examples
    --------
    >>> exact("kappa", 1.3), exact("kappa", kappa)
    (13/10, kappa)
    """
    value = value.item() if getattr(value, "shape", None) == () else value  # of NumPy, which is not imported for that
    if isinstance(value, sp.Expr):
        found = value.replace(lambda part: part.is_Float, lambda part: sp.Rational(str(part)))
        if not found.has(sp.nan, sp.oo, sp.zoo):
            return found
    elif isinstance(value, (int, Fraction)) and not isinstance(value, bool):
        return sp.Rational(value)
    elif isinstance(value, float) and math.isfinite(value):
        return sp.Rational(str(value))
    elif isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) <= 10_000:  # or it takes for ever
        return sp.Rational(Fraction(value))
    raise InvalidArgumentError(argument, repr(value) if isinstance(value, str) else value, "a finite number or a SymPy "
                               "expression", "such as 0.3, Fraction(1, 3) or one in the symbols of stlbounds.symbols")


def check_symbols(expression: sp.Basic) -> None:
    """Refuse an expression with a symbol that is undeclared or has foreign assumptions.

    Parameters
    ----------
    expression : sympy.Basic

    Raises
    ------
    SymbolError
        Naming the symbol.

    References
    ----------
    The design note, "Known traps": symbols of one name with other assumptions are different symbols.

    Examples
    --------
    >>> check_symbols(alpha * kappa)
    """
    for found in sorted(expression.atoms(sp.Symbol), key=str):
        entry(found)


# --- sizes and indices -------------------------------------------------------------------------------
n = declare("n", "the number of real points", low=1, integer=True)
N = declare("N", "the size of a training set", low=1, integer=True)
i = declare("i", "the number of generations", integer=True)
j = declare("j", "a generation", integer=True)
K = declare("K", "the number of symbols of the alphabet", low=1, integer=True)

# --- constants of the setting ------------------------------------------------------------------------
alpha = declare("alpha", "the proportion of real data in a training set", high=1)
kappa = declare("kappa", "the sensitivity of the generator")
beta = declare("beta", "the uniform stability of the learner")
b = declare("b", "the stability of the learner times the size of its training set")
M = declare("M", "the Lipschitz constant of the loss in the data")
e = declare("e", "the learning error of the generator")
c = declare("c", "the constant of the learning error")
r = declare("r", "the exponent of the learning error")
delta = declare("delta", "the probability that the bound fails", high=1, low_open=True, high_open=True)
epsilon = declare("epsilon", "a target value of the bound", low_open=True, latex=r"\varepsilon")
v = declare("v", "the variance of a point, in units of the squared diameter of the space")
opt = declare("opt", "by how much the empirical risk of the learner exceeds that of the comparator at most",
              latex=r"\varepsilon_{\mathrm{opt}}")
comparator = declare("comparator", "the risk of the comparator above the smallest one", latex=r"\varepsilon_0")
p = declare("p", "the order of the moment that the bound uses", low=2)
lam = declare("lam", "the amount of synthetic data per real point", latex=r"\lambda")
w = declare("w", "the weight of real data", high=1)
eta = declare("eta", "the weight of the prior", high=1)

# --- catalogue: discrete metric (theory §7) -----------------------------------------------------------
prior_distance = declare("prior_distance", "the total variation between the real distribution and the prior", high=1,
                         latex=r"d_{\pi}")
circumference = declare("circumference", "the length of the circle", low_open=True, latex="I")
bandwidth = declare("bandwidth", "the bandwidth of the kernel", low_open=True, latex="b_w")
variation = declare("variation", "the total variation of the density of the real distribution", latex="V_0")
privacy = declare("privacy", "the privacy loss of the mechanism", latex=r"\varepsilon_p")
privacy_mu = declare("privacy_mu", "the parameter of Gaussian privacy", latex=r"\mu_p")
G_l = declare("G_l", "the Lipschitz constant of the loss in its parameter", latex=r"G_\ell")
lam_r = declare("lam_r", "the weight of the regularisation", low_open=True, latex=r"\lambda_r")
mu = declare("mu", "the strong convexity of the loss", low_open=True, latex=r"\mu")
step = declare("step", "the step size of stochastic gradient descent", low_open=True, latex=r"\eta_s")
steps = declare("steps", "the number of steps of stochastic gradient descent", integer=True, latex="T")
k = declare("k", "the number of neighbours", low=1, integer=True)
B_y = declare("B_y", "the length of the interval of labels", latex="B_y")

# --- catalogue: Euclidean metric (theory §7, §8) -------------------------------------------------------
omega = declare("omega", "the width of the interval in which the attention scores lie")
L = declare("L", "the number of layers", integer=True)
L_f = declare("L_f", "the Lipschitz constant of the feed-forward blocks")
ell_L = declare("ell_L", "the Lipschitz constant of the loss in the output of the model", latex=r"\ell_L")
noise = declare("noise", "the root mean square of the noise, divided by the diameter of the space", latex=r"\nu")
pull = declare("pull", "the weight of the training data in an update towards their mean", high=1, latex=r"\eta_u")
misfit = declare("misfit", "the distance between the real distribution and the model fitted to it without error",
                 high=1, latex=r"e_\infty")
L_z = declare("L_z", "the Lipschitz constant of the gradient of the training loss in the data")
L_g = declare("L_g", "the Lipschitz constant of the sampler in its parameter")
L_TV = declare("L_TV", "the Lipschitz constant of the model's law in its parameter, in total variation",
               latex=r"L_{\mathrm{TV}}")
sigma = declare("sigma", "the standard deviation of the sampler's noise", low_open=True)
B = declare("B", "the diameter of the data space", low_open=True)

# --- named parts of a bound --------------------------------------------------------------------------
rho = declare("rho", "the loop gain")
gamma = declare("gamma", "the recursive stability")
Phi = declare("Phi", "the amplification of the loop", latex=r"\Phi")
h_bar = declare("h_bar", "the mean influence of a training point on the others", latex=r"\bar{h}")

# --- reserved by the proof core: families of claims ("for every ...") ---------------------------------
J = declare("_j", "any generation", integer=True, latex="j")
G = declare("_g", "the generation in which a point is drawn", integer=True, latex="g")
STEP = declare("_m", "a generation between two others", integer=True, latex="m")
SOURCE = declare("_k", "a source of data", integer=True, latex="k")
RANK = declare("_q", "the rank of a real point in an order chosen before looking", low=1, integer=True, latex="q")
