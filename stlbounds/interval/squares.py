"""Quadratic polynomials in several variables as sums of squares, by an exact Cholesky decomposition."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from stlbounds.interval.domain import Box

__all__ = ["Squares", "squares_hold", "stationary_point", "sum_of_squares"]


@dataclass(frozen=True)
class Squares:
    """``weights[k] * forms[k]**2`` added up, all weights nonnegative."""

    weights: tuple[sp.Rational, ...]
    forms: tuple[sp.Expr, ...]

    def __str__(self) -> str:
        return " + ".join(f"{weight}*({form})**2" for weight, form in zip(self.weights, self.forms, strict=True)) or "0"


def squares_hold(expression: sp.Expr, squares: Squares) -> bool:
    """Check the decomposition: nonnegative weights, and an identity of polynomials."""
    total = sp.Add(*(weight * form**2 for weight, form in zip(squares.weights, squares.forms, strict=True)))
    fine = all(sp.S(weight).is_Rational and weight >= 0 for weight in squares.weights)
    return fine and bool(sp.expand(expression - total) == 0)


def _quadratic(expression: sp.Expr) -> tuple[list[sp.Symbol], list[list[sp.Rational]]] | None:
    """The variables and the symmetric matrix of a quadratic polynomial, for the vector ``(variables, 1)``."""
    symbols = sorted(expression.free_symbols, key=str)
    if not 1 <= len(symbols) <= 6 or not expression.is_polynomial(*symbols):
        return None
    polynomial = sp.Poly(expression, *symbols)
    if polynomial.total_degree() > 2 or not all(value.is_Rational for value in polynomial.coeffs()):
        return None
    size = len(symbols) + 1
    matrix = [[sp.S.Zero] * size for _ in range(size)]
    for powers, value in polynomial.terms():
        places = [place for place, power in enumerate(powers) for _ in range(power)]
        places += [size - 1] * (2 - len(places))
        first, second = places
        matrix[first][second] += value / 2
        matrix[second][first] += value / 2
    return symbols, matrix


def sum_of_squares(expression: sp.Expr) -> Squares | None:
    """A decomposition of a quadratic polynomial that is nonnegative everywhere; None if it is none."""
    found = _quadratic(expression)
    if found is None:
        return None
    symbols, matrix = found
    vector = [*symbols, sp.S.One]
    weights, forms = [], []
    for place in range(len(vector)):
        pivot = matrix[place][place]
        if pivot < 0 or (pivot == 0 and any(matrix[place][other] != 0 for other in range(place, len(vector)))):
            return None
        if pivot == 0:
            continue
        row = [matrix[place][other] / pivot for other in range(len(vector))]
        weights.append(pivot)
        forms.append(sp.Add(*(row[other] * vector[other] for other in range(place, len(vector)))))
        for a in range(place + 1, len(vector)):
            for b in range(place + 1, len(vector)):
                matrix[a][b] -= pivot * row[a] * row[b]
    return Squares(tuple(weights), tuple(forms))


def stationary_point(expression: sp.Expr, box: Box) -> tuple[Fraction, ...] | None:
    """The point of a box at which the gradient of a quadratic polynomial vanishes, if there is exactly one."""
    found = _quadratic(expression)
    if found is None:
        return None
    symbols, matrix = found
    count = len(symbols)
    system = sp.Matrix([row[:count] for row in matrix[:count]])
    if system.det() == 0:
        return None
    solution = system.LUsolve(sp.Matrix([-row[count] for row in matrix[:count]]))
    values = dict(zip(symbols, solution, strict=True))
    point = list(box.center())
    for place, symbol in enumerate(box.symbols):
        if symbol in values:
            value = Fraction(int(values[symbol].p), int(values[symbol].q))
            if not box.low[place] <= value <= box.high[place] or (box.integer[place] and value.denominator != 1):
                return None
            point[place] = value
    return tuple(point)
