"""Exact identities between scalar expressions with geometric sums and symbolic powers.

`vanishes` answers yes only after an algebraic proof: every ``r**k`` with symbolic ``k`` becomes a new variable, a
geometric sum its quotient, and what is left must be the zero rational function. Geometric sums are polynomials in
their ratio, so an identity that holds off the removable singularity ``r = 1`` holds there by continuity; denominators
other than ``1 - r`` are caught by the numeric checks, which sample the end points.
"""

from __future__ import annotations

import sympy as sp

from stlbounds.generation_zero import generation_cases
from stlbounds.growth import growth, growth_sum
from stlbounds.interval.signs import is_nonnegative, is_nonpositive
from stlbounds.special import geometric_sum

__all__ = ["equal", "unrolled", "vanishes"]

#: Powers of sums from this exponent on are kept as they are, if that is enough.
_HIGH = 3
#: The same for powers of symbols, of which a polynomial has as many coefficients.
_VERY_HIGH = 64
#: Polynomials up to this degree are multiplied out and factored, where nothing else helps.
_DEGREE = 24
#: No exponential is a power of this order of another one.
_TOO_HIGH = 10_000
#: Sums and products of at most this many parts are written out.
_EXPLICIT = 64


def _roots(base: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
    """The factors of a base with their exponents; numbers by primes, so that ``4**i`` is ``(2**i)**2``."""
    pairs: list[tuple[sp.Expr, sp.Expr]] = []
    sign = sp.S.One
    for factor in sp.Mul.make_args(sp.factor(base)):
        root, power = factor.as_base_exp()
        if power.is_Integer and is_nonpositive(root):
            # `factor` takes 1 - alpha or alpha - 1 as it pleases.
            root, sign = -root, sign * (-1) ** power
        primes = sp.factorrat(root) if root.is_Rational else {root: 1}
        pairs.extend((sp.S(prime), power * multiplicity) for prime, multiplicity in primes.items())
    return pairs if sign > 0 else [*pairs, (sign, sp.S.One)]


def _radicals(part: sp.Pow) -> list[tuple[sp.Expr, sp.Rational]]:
    """The bases of a rational power with their exponents, positive numbers by primes."""
    if part.base.is_Rational and part.base.is_positive:
        return [(sp.S(prime), part.exp * multiplicity) for prime, multiplicity in sp.factorrat(part.base).items()]
    return [(part.base, part.exp)]


def _high_powers(expression: sp.Expr) -> set[sp.Expr]:
    """High powers of sums, and very high ones of symbols."""
    return {part for part in expression.atoms(sp.Pow)
            if part.exp.is_Integer and ((part.base.is_Add and abs(part.exp) >= _HIGH)
                                        or (part.base.is_Symbol and abs(part.exp) >= _VERY_HIGH))}


def _without_high_powers(expression: sp.Expr) -> sp.Expr:
    """Every high power as a variable of its own.

    An identity in these variables holds at their values in particular, and is found without multiplying out, for
    example, the sensitivity of a transformer of twelve layers.
    """
    return expression.xreplace({part: sp.Dummy() for part in _high_powers(expression)})


def _without_high_sums(expression: sp.Expr) -> sp.Expr:
    """Every sum of high powers as a variable of its own, such a sensitivity as a whole for one, then every other one.

    Its sign is kept: a factor of a base must not be turned over in one power and stay in another.
    """
    high = _high_powers(expression)
    sums = {part for part in expression.atoms(sp.Add)
            if all(not high.isdisjoint(sp.Mul.make_args(term)) for term in part.args)}
    return _without_high_powers(expression.xreplace(
        {part: sp.Dummy(nonnegative=True if is_nonnegative(part) else None) for part in sums}))


def _without_exponentials(expression: sp.Expr) -> sp.Expr:
    """Every ``exp(q x)`` with rational ``q`` as a power of one positive variable for each ``x``.

    An identity in these variables holds at their values in particular. SymPy merges ``exp(1/2)**2`` into ``E``, so that
    powers of one exponential do not look alike. The variable is the exponential of what divides all exponents, so that
    its powers are not higher than they must be.
    """
    found = {part: part.args[0].as_coeff_Mul() for part in expression.atoms(sp.exp)}
    if expression.has(sp.E):
        found[sp.E] = (sp.S.One, sp.S.One)
    found = {part: (whole, rest) for part, (whole, rest) in found.items() if whole.is_Rational}
    units: dict[sp.Expr, tuple[sp.Dummy, sp.Rational]] = {}
    for whole, rest in found.values():
        unit, shared = units.get(rest, (sp.Dummy(positive=True), sp.S.Zero))
        units[rest] = unit, sp.gcd(shared, whole)
    powers = {part: (units[rest][0], whole / units[rest][1]) for part, (whole, rest) in found.items()}
    # Powers too high to be multiplied are variables of their own.
    return expression.xreplace({part: unit**power if abs(power) <= _TOO_HIGH else sp.Dummy(positive=True)
                                for part, (unit, power) in powers.items()})


def _rational_form(expression: sp.Expr) -> tuple[sp.Expr, dict[sp.Dummy, tuple[sp.Expr, int]]]:
    """The expression with geometric sums, symbolic powers, roots and functions as independent variables.

    The second part tells which variables are roots: of what, and of which order.
    """
    atoms: dict[tuple[sp.Expr, ...], sp.Dummy] = {}
    roots: dict[sp.Dummy, tuple[sp.Expr, int]] = {}

    def atom(*key: sp.Expr) -> sp.Dummy:
        return atoms.setdefault(key, sp.Dummy())

    def split(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        factors = []
        for root, power in _roots(base):
            for part in sp.Add.make_args(sp.expand(exponent * power)):
                whole, rest = part.as_coeff_Mul()
                factors.append(root**whole if rest == 1 else atom(root, rest) ** whole)
        return sp.Mul(*factors)

    def freeze(part: sp.Expr) -> sp.Expr:
        if not (part.is_Pow and part.exp.is_Rational):
            return atom(part)
        factors = []
        for base, power in _radicals(part):
            # One variable for all roots of a base: a fifth root is the square of the tenth.
            order = int(sp.ilcm(orders.get(base, 1), power.q))
            root = atom(base, sp.Rational(1, order))
            roots[root] = (base, order)
            factors.append(root ** int(power * order))
        return sp.Mul(*factors)

    expression = _without_exponentials(expression)
    expression = expression.replace(geometric_sum, lambda r, k: (1 - r**k) / (1 - r))
    # SymPy puts these where it does not know a sign that follows from the ranges.
    expression = expression.replace(sp.Abs, lambda part: part if is_nonnegative(part) else sp.Abs(part))
    expression = expression.replace(lambda part: part.is_Pow and not part.exp.is_Rational,
                                    lambda part: split(part.base, part.exp))
    orders: dict[sp.Expr, int] = {}
    for part in expression.atoms(sp.Pow):
        if part.exp.is_Rational and not part.exp.is_Integer:
            for base, power in _radicals(part):
                orders[base] = int(sp.ilcm(orders.get(base, 1), power.q))
    return expression.replace(
        lambda part: part.is_Function or isinstance(part, sp.Sum) or (part.is_Pow and not part.exp.is_Integer),
        freeze), roots


def _numerator(expression: sp.Expr) -> sp.Expr:
    return sp.expand(sp.fraction(sp.together(expression))[0])


def unrolled(expression: sp.Expr) -> sp.Expr:
    """Products and sums over generations, with integer shifts of their limits as explicit factors and terms."""
    if not expression.has(sp.Sum, sp.Product, growth, growth_sum):
        return expression
    # From the outside: a term of a sum, with the sums in it, is unrolled with its own index, not as the general term.
    if isinstance(expression, sp.Sum):
        return _unrolled_sum(expression.function, expression.limits)
    if isinstance(expression, sp.Product):
        return _unrolled_product(expression.function, expression.limits)
    value = expression.func(*map(unrolled, expression.args))
    return value.unrolled() if isinstance(value, (growth, growth_sum)) else value


def _unrolled_product(function: sp.Expr, limits: tuple[sp.Tuple, ...]) -> sp.Expr:
    """A product up to ``k + c`` as one up to ``k - 1`` and ``c + 1`` factors; an empty one is 1."""
    if len(limits) != 1:
        return sp.Product(function, *limits)
    variable, first, last = limits[0]
    length = sp.expand(last - first + 1)
    if length.is_Integer and length <= _EXPLICIT:
        return sp.Mul(*(function.subs(variable, first + m) for m in range(max(0, int(length)))))
    shift, base = last.as_coeff_Add()
    if function == 0:
        # Empty, it is 1; and one factor more than there is would divide the others, which zeros do not allow.
        return sp.S.Zero if length.is_positive else sp.Product(function, limits[0])
    if not shift.is_Integer or shift < 0:
        return sp.Product(function, limits[0])
    factors = [function.subs(variable, base + m) for m in range(int(shift) + 1)]
    return sp.Mul(sp.Product(function, (variable, first, base - 1)), *factors)


def _unrolled_sum(function: sp.Expr, limits: tuple[sp.Tuple, ...]) -> sp.Expr:
    """A sum up to ``k + c`` as one up to ``k - 1`` and ``c + 1`` terms."""
    if len(limits) != 1:
        return sp.Sum(function, *limits)
    variable, first, last = limits[0]
    length = sp.expand(last - first + 1)
    if length.is_Integer and length <= _EXPLICIT:
        return sp.Add(*(unrolled(function.subs(variable, first + m)) for m in range(max(0, int(length)))))
    shift, base = last.as_coeff_Add()
    if not shift.is_Integer or shift < 0:
        outside, inside = _unrolled_term(function, variable, last).as_independent(variable, as_Add=False)
        return outside * sp.Sum(inside, limits[0])
    terms = [unrolled(function.subs(variable, base + m)) for m in range(int(shift) + 1)]
    outside, inside = _unrolled_term(function, variable, base - 1).as_independent(variable, as_Add=False)
    return sp.Add(outside * sp.Sum(inside, (variable, first, base - 1)), *terms)


def _unrolled_term(function: sp.Expr, variable: sp.Symbol, last: sp.Expr) -> sp.Expr:
    """A term of a sum, unrolled; as its index is at most ``last``, some products of zeros in it are not empty."""
    back = sp.Dummy("back", integer=True, nonnegative=True)
    zeros = {part: unrolled(part.subs(variable, last - back)) for part in function.atoms(sp.Product)
             if part.function == 0}
    return unrolled(function.xreplace({part: sp.S.Zero for part, value in zeros.items() if value == 0}))


def vanishes(expression: sp.Expr) -> bool:
    """Whether ``expression`` is proved to be identically zero (False: not proved).

    Examples
    --------
    >>> from stlbounds.symbols import rho, i
    >>> vanishes(1 + rho * geometric_sum(rho, i + 1) - geometric_sum(rho, i + 2))
    True
    >>> vanishes(geometric_sum(rho, i) - geometric_sum(rho, i + 1))
    False
    """
    # SymPy's is_zero says yes of an empty product of zeros, which is 1, and asks for the roots of polynomials.
    asked = not expression.has(sp.Product) and not _high_powers(expression)
    if expression == 0 or (asked and expression.is_zero):
        return True
    cases = generation_cases(expression)
    if len(cases) > 1:
        return all(vanishes(case) for case in cases)
    plain = unrolled(expression)
    high = _high_powers(plain)
    if high and (_vanishes(_without_high_sums(plain)) or _vanishes(_without_high_powers(plain))):
        return True
    # Polynomials of a higher degree are not factored in a lifetime.
    return all(abs(part.exp) <= _DEGREE for part in high) and _vanishes(plain)


def _vanishes(expression: sp.Expr) -> bool:
    form, roots = _rational_form(expression)
    numerator = _numerator(form)
    # A root may contain others, which were found before it: reduce the outer ones first.
    for root, (base, order) in reversed(roots.items()):
        powers = sp.Poly(numerator, root).terms()
        numerator = _numerator(sp.Add(*(term * root ** (power % order) * base ** (power // order)
                                        for (power,), term in powers)))
    return bool(numerator == 0)


def equal(left: sp.Expr, right: sp.Expr) -> bool:
    """Whether two expressions are proved to be equal, directly or as nonnegative numbers of equal squares."""
    if left == right or vanishes(left - right):
        return True
    return is_nonnegative(left) and is_nonnegative(right) and vanishes(sp.expand(left**2 - right**2))
