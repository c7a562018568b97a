"""What a bound does for large or extreme parameters: the methods of `Bound` that tell, one call each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy as sp

from stlbounds.numeric.methods import Numbers

if TYPE_CHECKING:
    from stlbounds.analysis.cases import Answer
    from stlbounds.analysis.exact_laws import ExactLaw
    from stlbounds.analysis.expansion import Expanded
    from stlbounds.analysis.phase_diagram import PhaseDiagram
    from stlbounds.analysis.rate import Rate
    from stlbounds.analysis.threshold import Threshold

__all__ = ["Asymptotics"]


class Asymptotics(Numbers):
    """A statement that can be asked for rates, limits and regimes."""

    def rate(self, variable: Any, term: str | None = None, seconds: float = 10.0, **values: Any) -> Rate:
        """The exact leading behaviour as a variable tends to infinity: ``Theta`` of an order, with its constant.

        Parameters
        ----------
        variable : sympy.Symbol or str
            What tends to infinity, for example ``n``, ``i`` or ``lam``.
        term : str, optional
            Only this term, for example ``"drift"``.
        seconds : float
            How long the question may take.
        **values : number or sympy.Expr
            Values of other parameters, which may scale with the variable: ``alpha=n**-2``, ``i=ceiling(log(n))``.
            Parameters that are left lie inside their ranges; boundary values are to be put in.

        Returns
        -------
        Rate
            Case by case: ``order``, ``constant`` and ``value`` where there is one case, ``at(r=0.5)`` picks one, and
            ``uniform_in("i")`` tells whether it holds uniformly.

        Raises
        ------
        UndecidedError
            If no rule applies, or the time is over; the message says what was tried.

        References
        ----------
        Theory §5 (rates of the main theorem).

        Examples
        --------
        >>> import stlbounds as stl
        >>> from stlbounds.symbols import alpha, n
        >>> bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), stl.generators.Categorical(20)))
        >>> rate = bound.rate(n)
        >>> rate.order
        1/sqrt(n)
        >>> rate.uniform_in("i").value
        True
        """
        from stlbounds.analysis.rate import rate

        return rate(self, variable, term, seconds, **values)

    def limit(self, variable: Any, value: Any, term: str | None = None, seconds: float = 10.0,
              **values: Any) -> Answer[sp.Expr]:
        """The limit as a variable tends to a value; integers take finite values.

        Parameters
        ----------
        variable : sympy.Symbol or str
            What moves.
        value : number, sympy.oo or "oo"
            Where it tends to: from above, except at the upper end of its range.
        term : str, optional
            Only this term.
        seconds : float
            How long the question may take.
        **values : number or sympy.Expr
            Values of other parameters.

        Returns
        -------
        Answer
            The limit, ``oo`` included, case by case.

        Raises
        ------
        UndecidedError
            If no rule applies, or the time is over.

        References
        ----------
        Theory §5 (checks that must come out of the algebra).

        Examples
        --------
        >>> import stlbounds as stl
        >>> from stlbounds.symbols import i
        >>> bound = stl.high_probability(stl.Setting(stl.loops.Accumulate(), stl.generators.Categorical(20)))
        >>> bound.limit(i, sp.oo, term="concentration").value
        sqrt(3)*pi*(M + 2*b)*sqrt(log(2/delta))/(6*sqrt(n))
        """
        from stlbounds.analysis.limit import limit

        return limit(self, variable, value, term, seconds, **values)

    def expansion(self, variable: Any, order: int = 4, term: str | None = None, seconds: float = 10.0,
                  **values: Any) -> Answer[Expanded]:
        """The largest terms as a variable tends to infinity, in falling order: in powers of ``n**(-1/2)`` for ``n``.

        Parameters
        ----------
        variable : sympy.Symbol or str
            What tends to infinity.
        order : int
            How many terms, 1 to 10.
        term : str, optional
            Only this term.
        seconds : float
            How long the question may take.
        **values : number or sympy.Expr
            Values of other parameters, as for `rate`.

        Returns
        -------
        Answer
            Case by case an `Expanded`: its ``terms``, their sum ``expr``, ``coefficient(n**-1)``.

        Raises
        ------
        UndecidedError
            If no rule applies, or the time is over.

        References
        ----------
        Theory §5 (rates); the page on architecture, "How questions are answered".

        Examples
        --------
        >>> import stlbounds as stl
        >>> from stlbounds.symbols import n
        >>> bound = stl.in_expectation(stl.Setting(stl.loops.FixedMix(1), stl.generators.Categorical(20),
        ...                                        stl.learners.BrierFit()))
        >>> bound.expansion(n).value.expr
        2/n - 1/n**2
        """
        from stlbounds.analysis.expansion import expansion

        return expansion(self, variable, order, term, seconds, **values)

    def threshold(self, variable: Any, towards: Any = "i", term: str | None = None, seconds: float = 10.0,
                  **values: Any) -> Threshold:
        """For which values of a parameter the bound stays finite as ``i -> oo``, or tends to 0 as ``n -> oo``.

        A bound that diverges proves no collapse: the regimes are *guaranteed*, *critical* and *no guarantee*, and
        collapse is left to `exact_laws`.

        Parameters
        ----------
        variable : sympy.Symbol or str
            The parameter.
        towards : sympy.Symbol or str
            ``i`` (the default) or ``n``.
        term : str, optional
            Only this term.
        seconds : float
            How long the question may take.
        **values : number or sympy.Expr
            Values of other parameters.

        Returns
        -------
        Threshold
            ``critical`` is the critical value, ``verdict(alpha=0.3, kappa=2)`` the regime at a point.

        Raises
        ------
        UndecidedError
            If no rule applies, or the time is over.

        References
        ----------
        Theory §3 (a constant proportion of real data is enough), §8 (transformers), §12.

        Examples
        --------
        >>> import stlbounds as stl
        >>> from stlbounds.symbols import N, alpha, c, kappa, r
        >>> mine = stl.generators.Generator("mine", stl.DISCRETE, kappa, c * N**-r)
        >>> found = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), mine)).threshold(alpha)
        >>> found.critical
        Max(0, 1 - 1/kappa)
        >>> found.verdict(alpha=0.4, kappa=2)
        'no guarantee'
        """
        from stlbounds.analysis.threshold import threshold

        return threshold(self, variable, towards, term, seconds, **values)

    def exact_laws(self, every_model: bool = False) -> tuple[ExactLaw, ...]:
        """Quantities of the loop that are known exactly, and whether they collapse (theory §11).

        Parameters
        ----------
        every_model : bool
            Whether laws of other models than the setting's generator count as well.

        Examples
        --------
        >>> import stlbounds as stl
        >>> bound = stl.high_probability(stl.Setting(stl.loops.Replace(), stl.generators.Categorical(20)))
        >>> [(law.name, law.expr, law.verdict.value) for law in bound.exact_laws()]
        [('diversity', (1 - 1/n)**i, 'collapse')]
        """
        from stlbounds.analysis.exact_laws import exact_laws

        return exact_laws(self, every_model)

    def phase_diagram(self, x: Any, y: Any, x_values: Any = None, y_values: Any = None, towards: Any = "i",
                      seconds: float = 60.0, **values: Any) -> PhaseDiagram:
        """The regimes over two parameters, as data: a grid of regimes, and their boundaries.

        Parameters
        ----------
        x, y : sympy.Symbol or str
            The parameters.
        x_values, y_values : sequence of float, optional
            The grid; by default 41 values over the range, or from its low end over a length of 4 if it has no end.
        towards : sympy.Symbol or str
            ``i`` (the default) or ``n``, as for `threshold`.
        seconds : float
            How long the question may take.
        **values : number or sympy.Expr
            Values of other parameters.

        Returns
        -------
        PhaseDiagram
            ``regimes`` has a row for each value of `y`; ``records()`` a row for each point; ``boundaries`` the curves.

        References
        ----------
        Theory §3 (the boundary ``kappa (1 - alpha) = 1``), §12 (the words).

        Examples
        --------
        >>> import stlbounds as stl
        >>> from stlbounds.symbols import N, alpha, c, kappa, r
        >>> mine = stl.generators.Generator("mine", stl.DISCRETE, kappa, c * N**-r)
        >>> bound = stl.high_probability(stl.Setting(stl.loops.FixedMix(alpha), mine))
        >>> diagram = bound.phase_diagram(alpha, kappa, [0.25, 0.5, 0.75], [2])
        >>> diagram.regimes.tolist(), diagram.boundaries[0].curve
        ([['no guarantee', 'critical', 'guaranteed']], 1/(1 - alpha))
        """
        from stlbounds.analysis.phase_diagram import phase_diagram

        return phase_diagram(self, x, y, x_values, y_values, towards, seconds, **values)
