"""The certified questions of `Bound`: enclosures, comparisons and minima, one call each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from stlbounds.analysis.compare import Comparison, compare
from stlbounds.analysis.deciding import minimize
from stlbounds.analysis.minimize import Minimum
from stlbounds.numeric.enclose import Enclosure, enclose_statement
from stlbounds.numeric.enclose_grid import enclose_grid
from stlbounds.numeric.methods import Numbers
from stlbounds.numeric.values import checked_names, float_arrays, rounded_entries

__all__ = ["Certified"]


class Certified(Numbers):
    """A statement whose values are enclosed, compared and minimised with certificates."""

    def enclose(self, *, width: float | None = None, relative_width: float | None = None, boxes: int = 16,
                digits: int = 15, arithmetic: Literal["arb", "mpmath"] | None = None, budget: float = 10.0,
                **values: Any) -> Enclosure:
        r"""An interval that certainly contains every value of the bound over numbers and ranges.

        Signs of differences in each variable put it to an end of its range where that is possible; a mean-value form
        and, if need be, a subdivision do the rest. Numbers count as the decimals that they print as and are never
        rounded on the way in.

        Parameters
        ----------
        width, relative_width : float, optional
            How much wider than the range of the values the interval may be, absolutely or as a part of that range; the
            ranges are then cut until this is reached.
        boxes : int
            How many boxes may be looked at if no width is asked for.
        digits : int
            Working precision, in decimal digits.
        arithmetic : {"arb", "mpmath"}, optional
            Which intervals to use; by default Arb's where python-flint (extra ``fast``) is installed.
        budget : float
            Seconds after which to give up on a width.
        **values : number or pair
            For every symbol a number, or a pair of end points, for example ``n=1000, alpha=(0.1, 0.2)``.

        Returns
        -------
        Enclosure
            With ``lower``, ``upper``, ``width``, ``contains`` and ``text``.

        Raises
        ------
        InvalidArgumentError
            If a value is missing or out of range.
        UndecidedError
            If the width is not reached within the budget.

        References
        ----------
        Moore 1966 (interval arithmetic), Johansson 2017 (Arb); theory §12.

        Examples
        --------
        >>> import stlbounds as stl
        >>> from stlbounds.symbols import alpha
        >>> bound = stl.high_probability(stl.Setting(
        ...     stl.loops.FixedMix(alpha), stl.generators.Categorical(20), stl.learners.BrierFit()))
        >>> bound.enclose(n=10_000, alpha=(0.5, 0.6), i=10, delta=0.05).text(6)
        '[0.112436, 0.128926]'
        """
        return enclose_statement(self, values, width=width, relative_width=relative_width, boxes=boxes, digits=digits,
                                 arithmetic_name=arithmetic, budget=budget)

    def enclose_grid(self, **values: Any) -> tuple[Any, Any]:
        """Lower and upper bounds of the value at every point of a grid, in one pass.

        Parameters
        ----------
        **values : number or array_like
            For every symbol; arrays broadcast. An entry such as 0.1 may be meant as the double or as the decimal: the
            bounds hold for both. They hold, too, for entries that doubles round, such as ``Fraction(1, 3)``; arrays
            with such an entry are evaluated one by one.

        Returns
        -------
        tuple of numpy.ndarray
            Lower and upper ends, of the common shape.

        Raises
        ------
        InvalidArgumentError
            If a value is missing or out of range, or shapes do not broadcast.

        References
        ----------
        Moore 1966 (interval arithmetic), Johansson 2017 (Arb); theory §12.

        Examples
        --------
        >>> import stlbounds as stl
        >>> from stlbounds.symbols import alpha
        >>> bound = stl.high_probability(stl.Setting(
        ...     stl.loops.FixedMix(alpha), stl.generators.Categorical(20), stl.learners.BrierFit()))
        >>> low, high = bound.enclose_grid(n=10_000, alpha=[0.1, 0.5, 1.0], i=10, delta=0.05)
        >>> bool((low <= high).all() and (high - low < 1e-12).all())
        True
        """
        checked_names(values, self.expr.free_symbols, self.constants)
        arrays = float_arrays(values)
        self._check_horizon(arrays["i"].max(initial=0) if "i" in arrays else 0)
        return enclose_grid(self.expr, arrays, exact=rounded_entries(values, arrays))

    def compare(self, other: Any, domain: Mapping[Any, Any] | None = None, *, budget: float = 5.0,
                tolerance: float = 1e-10, **ranges: Any) -> Comparison:
        """Whether this bound is at most another one everywhere on a domain, and where the two meet.

        Parameters
        ----------
        other : Bound, sympy.Expr or number
            What to compare with.
        domain : mapping, optional
            By symbol or name: a number, or a pair of end points. Symbols that are left out keep their declared ranges.
        budget : float
            Seconds after which to give up.
        tolerance : float
            Width of the brackets around crossovers, relative to the range of the one variable that has one.
        **ranges
            More entries of the domain, by name.

        Returns
        -------
        Comparison
            Proved with a certificate, refuted with a point, or undecided; if one variable has a bounded range and the
            others have values, also certified brackets of all places where the two meet.

        Raises
        ------
        InvalidArgumentError
            If a range is empty, or belongs to a symbol that occurs in neither.

        References
        ----------
        Theory §9: certificates by interval branch and bound.

        Examples
        --------
        >>> import stlbounds as stl
        >>> from stlbounds.symbols import alpha
        >>> fresh, replay = (stl.high_probability(stl.Setting(
        ...     stl.loops.FixedMix(alpha, real=real), stl.generators.Categorical(20), stl.learners.BrierFit()))
        ...     for real in ("fresh", "replay"))
        >>> fresh.compare(replay, n=1000, i=5, delta=0.05, alpha=(0.1, 0.9)).proved
        True
        """
        return compare(self, other, domain, budget=budget, tolerance=tolerance, **ranges)

    def minimize(self, variable: Any, *, over: tuple[Any, Any] | None = None, term: str | None = None,
                 tolerance: float = 1e-9, budget: float = 10.0, **values: Any) -> Minimum:
        r"""The value of a parameter at which the bound is least, for example the best amount of synthetic data.

        Parameters
        ----------
        variable : sympy.Symbol or str
            The parameter; integers are honoured.
        over : tuple, optional
            Its range; by default the declared one.
        term : str, optional
            Minimise this term of the bound only.
        tolerance : float
            Relative accuracy of the least value, where it is found by branch and bound.
        budget : float
            Seconds after which to give up.
        **values
            Exact values of the other symbols; ``i=oo`` for the limit of many generations. Without a closed form every
            symbol needs one.

        Returns
        -------
        Minimum
            In closed form with the argument, or a certified global minimum: an interval that contains the least value,
            and intervals outside of which the bound is larger.

        Raises
        ------
        UndecidedError
            If there is neither within the budget.

        References
        ----------
        Theory §9.

        Examples
        --------
        The best weight of real data in the limit of many generations is the reciprocal of the golden ratio:

        >>> import stlbounds as stl
        >>> from stlbounds.symbols import w
        >>> bound = stl.high_probability(stl.Setting(stl.loops.WeightedMix(w), stl.generators.Categorical(20)))
        >>> bound.minimize("w", term="concentration", i=float("inf")).at
        -1/2 + sqrt(5)/2
        """
        return minimize(self, variable, over=over, term=term, tolerance=tolerance, budget=budget, **values)
