"""Bounds solved for a parameter: the methods of `Bound` that do it, one call each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stlbounds.numeric.methods import Numbers

if TYPE_CHECKING:
    from stlbounds.analysis.inversion import Inverse

__all__ = ["Inversions"]


class Inversions(Numbers):
    """A statement that can be solved for a parameter."""

    def horizon(self, epsilon: Any, seconds: float = 20.0, **values: Any) -> Inverse:
        """The first generation at which the bound exceeds `epsilon`; ``oo`` if it never does.

        Parameters
        ----------
        epsilon : number
            The target, positive.
        seconds : float
            How long the question may take.
        **values : number
            A value for every symbol but ``i``.

        Returns
        -------
        Inverse
            With the bound on both sides of the answer as evidence.

        Raises
        ------
        UndecidedError
            If it is neither found nor excluded in time.

        References
        ----------
        Theory §12 (what numbers mean); the design note: sizes are rounded the safe way.

        Examples
        --------
        >>> import stlbounds as stl
        >>> from stlbounds.symbols import e
        >>> mine = stl.generators.Generator("mine", stl.DISCRETE, 1, e)
        >>> bound = stl.in_expectation(stl.Setting(stl.loops.Replace(), mine))
        >>> bound.horizon(0.055, n=10, e=0.01, M=1, b=0).value
        6
        """
        from stlbounds.analysis.horizon import horizon

        return horizon(self, epsilon, seconds, **values)

    def max_generations(self, epsilon: Any, seconds: float = 20.0, **values: Any) -> Inverse:
        """The last generation up to which the bound is at most `epsilon`.

        With symbols left open, a closed form in them is given where there is one.

        Parameters
        ----------
        epsilon, seconds, **values
            As for `horizon`.

        Raises
        ------
        UndecidedError
            If it is neither found nor excluded in time.

        References
        ----------
        Theory §12 (what numbers mean); the design note: sizes are rounded the safe way.

        Examples
        --------
        >>> import stlbounds as stl
        >>> from stlbounds.symbols import e
        >>> mine = stl.generators.Generator("mine", stl.DISCRETE, 1, e)
        >>> bound = stl.in_expectation(stl.Setting(stl.loops.Replace(), mine))
        >>> bound.max_generations(0.055, n=10, e=0.01, M=1, b=0).value
        5
        """
        from stlbounds.analysis.horizon import max_generations

        return max_generations(self, epsilon, seconds, **values)

    def sample_size(self, epsilon: Any, seconds: float = 20.0, **values: Any) -> Inverse:
        """The smallest ``n`` from which on the bound is at most `epsilon`.

        Parameters
        ----------
        epsilon : number or sympy.Expr
            The target, positive.
        seconds : float
            How long the question may take.
        **values : number or sympy.Expr
            A value for every symbol but ``n``; with symbols left open, only a closed form can be given.

        Returns
        -------
        Inverse
            ``value`` is rounded up and confirmed on both sides; None if no ``n`` works.

        Raises
        ------
        InvalidArgumentError
            If there is no closed form and a value is missing.
        UndecidedError
            If the answer could not be certified in time.

        References
        ----------
        Theory §12 (what numbers mean); the design note: sizes are rounded the safe way.

        Examples
        --------
        >>> import stlbounds as stl
        >>> from stlbounds.symbols import epsilon
        >>> bound = stl.in_expectation(stl.Setting(stl.loops.FixedMix(1), stl.generators.Categorical(20)))
        >>> bound.sample_size(0.3, b=1).value, bound.sample_size(epsilon).closed_form
        (4, b/epsilon)
        """
        from stlbounds.analysis.sample_size import sample_size

        return sample_size(self, epsilon, seconds, **values)

    def vacuous_below(self, seconds: float = 20.0, **values: Any) -> Inverse:
        """The smallest ``n`` from which on the bound is below ``M`` and so says something (theory §12).

        Parameters
        ----------
        seconds, **values
            As for `sample_size`.

        Raises
        ------
        UndecidedError
            If the answer could not be certified in time.

        Examples
        --------
        >>> import stlbounds as stl
        >>> bound = stl.in_expectation(stl.Setting(stl.loops.FixedMix(1), stl.generators.Categorical(20)))
        >>> bound.vacuous_below(b=3, M=1).value
        4
        """
        from stlbounds.analysis.sample_size import vacuous_below

        return vacuous_below(self, seconds, **values)

    def min_real_fraction(self, epsilon: Any, seconds: float = 20.0, **values: Any) -> Inverse:
        """The least proportion of real data from which on the bound is at most `epsilon`.

        No monotonicity is assumed: every larger proportion is proved to be fine by enclosures.

        Parameters
        ----------
        epsilon : number or sympy.Expr
            The target, positive.
        seconds : float
            How long the question may take.
        **values : number or sympy.Expr
            A value for every symbol but the proportion.

        Returns
        -------
        Inverse
            ``value`` is exact, or on the safe side of ``bracket``; None if no proportion works.

        Raises
        ------
        UndecidedError
            If the answer could not be certified in time.

        References
        ----------
        Theory §12 (what numbers mean); the design note: sizes are rounded the safe way.

        Examples
        --------
        >>> import stlbounds as stl
        >>> from stlbounds.symbols import alpha, e
        >>> mine = stl.generators.Generator("mine", stl.DISCRETE, 1, e)
        >>> bound = stl.in_expectation(stl.Setting(stl.loops.FixedMix(alpha, real="fresh"), mine))
        >>> bound.min_real_fraction(0.05, M=1, b=0, e=0.1, i=1, n=10).value
        1/2
        """
        from stlbounds.analysis.min_real_fraction import min_real_fraction

        return min_real_fraction(self, epsilon, seconds, **values)
