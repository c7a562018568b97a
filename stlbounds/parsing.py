"""The safe parser: text from a user to exact SymPy expressions, numbers and assignments, never run as code.

Text passes three gates. The scan accepts only ASCII tokens (numbers, names, ``+ - * / ** ( ) ,``) and caps their
number, length and nesting; Python's `ast` then finds the structure; at last the tree is built from its leaves by a
whitelist of nodes and of functions, with the operations of `stlbounds.capped_arithmetic`, which refuse before they
compute. Text can call nothing but `stlbounds.capped_functions.FUNCTIONS`, and write the case distinctions, sums and
products of `stlbounds.capped_forms`.

At most `MAX_TOKENS` operations are carried out, each on operands whose size is capped, and powers and functions, the
only operations whose result may be much larger than their operands, are priced first. So the work of each is bounded,
which the fuzz test measures; many that are slow are stopped after `MAX_SECONDS`.
"""

from __future__ import annotations

import ast
import keyword
import re
import time
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from fractions import Fraction
from typing import NoReturn

import sympy as sp

from stlbounds import capped_arithmetic as capped
from stlbounds.capped_forms import FOLDS, INDICES, distinction, fold
from stlbounds.capped_functions import FUNCTIONS, call
from stlbounds.errors import InvalidArgumentError, ParseError, SymbolError, near_misses
from stlbounds.symbols import entry, known

__all__ = ["parse_assignments", "parse_expression", "parse_number"]

MAX_LENGTH = 4000
MAX_TOKENS = 800
MAX_NESTING = 30
MAX_DIGITS = 300
MAX_DECIMAL_EXPONENT = 300
#: Of processor time of the thread, so that a busy machine refuses nothing.
MAX_SECONDS = 0.5

_TOKEN = re.compile(
    r"(?P<space>[ \t]+)"
    r"|(?P<number>(?:[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<operator>\*\*|[-+*/(),])"
)
_NOT_FINITE = frozenset({"inf", "infinity", "nan", "oo", "zoo"})
_CONSTANTS = {"E": capped.Term(sp.E, float(sp.E)), "pi": capped.Term(sp.pi, float(sp.pi))}
#: The one word of Python that an expression may contain: the condition of the last case.
_OTHERWISE = "True"
_BINARY: dict[type[ast.operator], Callable[[capped.Term, capped.Term], capped.Term]] = {
    ast.Add: capped.add, ast.Sub: capped.subtract, ast.Pow: capped.power}
#: Products are built at once: step by step, SymPy would distribute the 2 of ``2*(a + b)/n`` over the sum.
_PRODUCT = (ast.Mult, ast.Div)
_UNARY: dict[type[ast.unaryop], Callable[[capped.Term], capped.Term]] = {
    ast.UAdd: lambda term: term, ast.USub: capped.negate}
_FUNCTION_NAMES = ", ".join(sorted(name for name in FUNCTIONS if name not in ("Max", "Min")))
_EXPRESSION = "an expression of numbers, symbols, + - * / ** ( ) and functions such as exp, log, sqrt"
_NUMBER = "an exact number such as 20, 0.05, 1/20 or 1e-3"


def parse_expression(
    text: str, *, names: Mapping[str, sp.Expr] | None = None, argument: str = "expression"
) -> sp.Expr:
    """The SymPy expression that ``text`` writes down, with exact rationals for decimals.

    Parameters
    ----------
    text : str
        Numbers, names, ``+ - * / **``, parentheses, and calls of the functions in
        `stlbounds.capped_functions.FUNCTIONS`; also ``Piecewise((0, Eq(i, 0)), (c, True))``, ``Sum(c/_m, (_m, 1, i))``
        and ``Product``, as bounds are printed.
    names : mapping, optional
        Names that are allowed besides the vocabulary of `stlbounds.symbols`, with the symbol or number that each stands
        for; they take precedence.
    argument : str, optional
        What to call the text in an error.

    Returns
    -------
    sympy.Expr
        Decimals are taken digit by digit: ``0.1`` is one tenth.

    Raises
    ------
    ParseError
        With the column, if anything else occurs, if a symbol is unknown, or if the value would be too large, not
        real or a division by zero.

    Examples
    --------
    >>> parse_expression("c * N**-r / 4 + 0.1")
    1/10 + c/(4*N**r)
    >>> parse_expression("9**9**9")
    Traceback (most recent call last):
    ...
    stlbounds.errors.ParseError: expression = '9**9**9': column 1: a power of more than 4096 bits (must be ...)
    """
    return _Reader(text, argument, _EXPRESSION, names or {}).read().value


def parse_number(text: str, *, argument: str = "value") -> sp.Rational:
    """The exact number that ``text`` writes down: an integer, a decimal, a fraction, or a constant expression.

    Raises
    ------
    ParseError
        If it is none of these; ``inf`` and ``nan`` are not numbers either.

    Examples
    --------
    >>> parse_number("1e-12"), parse_number("1 - 2/40")
    (1/1000000000000, 19/20)
    """
    reader = _Reader(text, argument, _NUMBER, {})
    value = reader.read().value
    if value.free_symbols:
        reader.fail(1, "a number, not an expression with symbols, is needed")
    if not value.is_Rational:
        reader.fail(1, f"not a rational number; write a decimal such as {float(value):.17g}")
    return value


def parse_assignments(texts: Iterable[str], *, allowed: Collection[str] | None = None) -> dict[str, sp.Rational]:
    """Exact values by symbol name, from texts such as ``"alpha=1/2"``.

    Parameters
    ----------
    texts : iterable of str
        ``NAME=VALUE`` each.
    allowed : collection of str, optional
        The names that may be set; by default the whole vocabulary.

    Raises
    ------
    ParseError
        If a text is not of this form, or a value is not a number.
    SymbolError
        If a name is unknown.
    InvalidArgumentError
        If a name occurs twice, or a value is outside the declared range of its symbol.

    Examples
    --------
    >>> parse_assignments(["K=20", "alpha=0.5"])
    {'K': 20, 'alpha': 1/2}
    """
    candidates = set(_public_names() if allowed is None else allowed)
    values: dict[str, sp.Rational] = {}
    for text in texts:
        name, equals, number = text.partition("=")
        name = name.strip()
        if not equals:
            raise ParseError("--set", _shown(text), "NAME=VALUE", "for example alpha=1/2")
        if name not in candidates:
            hint = near_misses(name, candidates) or f"known here: {', '.join(sorted(candidates))}"
            raise SymbolError(f"unknown symbol {_shown(name)}; {hint}")
        if name in values:
            raise InvalidArgumentError(name, _shown(number), "given once", f"it was {values[name]} before")
        value = parse_number(number, argument=name)
        declared = entry(name)
        if not declared.range.contains(value):
            raise InvalidArgumentError(name, number.strip(), str(declared.range), f"it is {declared.meaning}")
        values[name] = value
    return values


def _public_names() -> list[str]:
    return [name for name in known() if not name.startswith("_")]


def _shown(text: str, column: int = 1) -> str:
    """The text for an error message: ASCII, one line, cut to the neighbourhood of ``column``."""
    start = max(0, column - 31)
    part = text[start : start + 60]
    return ("..." if start else "") + ascii(part) + ("..." if start + 60 < len(text) else "")


class _Reader:
    """Reads one text; every refusal names the argument, the column and what is allowed."""

    def __init__(self, text: str, argument: str, allowed: str, names: Mapping[str, sp.Expr]) -> None:
        self.text = text
        self.argument = argument
        self.allowed = allowed
        self.names = names
        #: Leading blanks are an indentation error to `ast`, so it sees the text without them.
        self.offset = len(text) - len(text.lstrip(" \t"))

    def fail(self, column: int, why: str) -> NoReturn:
        raise ParseError(self.argument, _shown(self.text, column), self.allowed, f"column {column}: {why}")

    def fail_at(self, node: ast.expr, why: str) -> NoReturn:
        self.fail(self.offset + node.col_offset + 1, why)

    def read(self) -> capped.Term:
        self._scan()
        try:
            root = ast.parse(self.text[self.offset :], mode="eval").body
        except SyntaxError as error:
            self.fail(self.offset + max(1, error.offset or 1), "an operand or an operator is missing or misplaced")
        except (RecursionError, MemoryError):
            self.fail(1, "nested too deeply")
        found = self._build(root)
        loose = [node for node in ast.walk(root) if isinstance(node, ast.Name) and node.id not in self.names
                 and INDICES.get(node.id) in found.value.free_symbols]
        if loose:
            self.fail_at(loose[0], f"the index {loose[0].id} means something inside a Sum or a Product only")
        return found

    # --- first gate: tokens ---------------------------------------------------------------------------------

    def _scan(self) -> None:
        if len(self.text) > MAX_LENGTH:
            self.fail(MAX_LENGTH, f"{len(self.text)} characters, at most {MAX_LENGTH} are allowed")
        position, tokens, depth = 0, 0, 0
        while position < len(self.text):
            match = _TOKEN.match(self.text, position)
            if match is None:
                self.fail(position + 1, _about_character(self.text[position]))
            token, kind, column = match.group(), match.lastgroup, position + 1
            position = match.end()
            tokens += kind != "space"
            depth += {"(": 1, ")": -1}.get(token, 0)
            if tokens > MAX_TOKENS:
                self.fail(column, f"more than {MAX_TOKENS} numbers, names and operators")
            if depth < 0:
                self.fail(column, "this parenthesis was never opened")
            if depth > MAX_NESTING:
                self.fail(column, f"more than {MAX_NESTING} parentheses within one another")
            if kind == "number":
                self._scan_number(token, column)
            elif kind == "name":
                self._scan_name(token, column)
        if tokens == 0:
            self.fail(1, "nothing is there")
        if depth:
            self.fail(len(self.text), "a parenthesis is not closed")

    def _scan_number(self, token: str, column: int) -> None:
        rest = self.text[column - 1 + len(token) :]
        name = re.match(r"[A-Za-z_][A-Za-z0-9_]{0,20}", rest)
        if name is not None:
            self.fail(column, f"write numbers in decimals, and products as in {token[:20]}*{name.group()}")
        if rest.startswith("."):
            self.fail(column, "a number has one decimal point")
        mantissa, _, exponent = token.lower().partition("e")
        if len(mantissa) > MAX_DIGITS:
            self.fail(column, f"more than {MAX_DIGITS} digits")
        if len(exponent) > 5 or abs(int(exponent or 0)) > MAX_DECIMAL_EXPONENT:
            self.fail(column, f"a decimal exponent outside -{MAX_DECIMAL_EXPONENT} ... {MAX_DECIMAL_EXPONENT}")

    def _scan_name(self, token: str, column: int) -> None:
        if token.lower() in _NOT_FINITE and token not in self.names:
            self.fail(column, f"{token} is not a finite number")
        if keyword.iskeyword(token) and token != _OTHERWISE:
            hint = "; the symbol is called lam" if token == "lambda" else ""
            self.fail(column, f"{token} is a word of Python, not of an expression{hint}")

    # --- second and third gate: structure and meaning -------------------------------------------------------

    def _build(self, root: ast.expr) -> capped.Term:
        """Evaluate the tree from its leaves, without recursion, so that depth costs no stack."""
        order, todo = [], [root]
        while todo:
            node = todo.pop()
            order.append(node)
            todo.extend(self._operands(node))
        results: dict[ast.expr, capped.Term] = {}
        until = time.thread_time() + MAX_SECONDS
        for node in reversed(order):
            if time.thread_time() > until:
                self.fail_at(node, "an expression that takes too long to build")
            operands = [results[child] for child in self._operands(node)]
            try:
                results[node] = self._combine(node, operands)
            except capped.CapError as error:
                self.fail_at(node, str(error))
        return results[root]

    def _operands(self, node: ast.expr) -> list[ast.expr]:
        """The operands of a whitelisted node; any other node is refused."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, _PRODUCT):
            return [factor for factor, _ in self._factors(node)[1]]
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            return [node.left, node.right]
        if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
            return [node.operand]
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.keywords:
                self.fail_at(node, "only a named function with plain arguments can be called")
            if node.func.id == "Piecewise":
                return [part for value, sides in self._cases(node) for part in (value, *sides)]
            if node.func.id in FOLDS:
                return list(self._range(node)[1:])
            if node.func.id not in FUNCTIONS:
                hint = near_misses(node.func.id, [*FUNCTIONS, *FOLDS, "Piecewise"])
                self.fail_at(node, f"unknown function {node.func.id[:40]}; {hint or f'there are {_FUNCTION_NAMES}'}")
            return list(node.args)
        if isinstance(node, ast.Constant) and node.value is True:
            self.fail_at(node, "True is the condition of the last case of a Piecewise, and nothing else")
        if isinstance(node, ast.Name | ast.Constant):
            return []
        self.fail_at(node, "a comma or star belongs inside the call of a function" if isinstance(
            node, ast.Tuple | ast.Starred) else "not allowed in an expression")

    @staticmethod
    def _factors(node: ast.expr) -> tuple[bool, list[tuple[ast.expr, bool]]]:
        """Whether a product has a minus sign in front, and its factors, each with whether it is divided by."""
        factors: list[tuple[ast.expr, bool]] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, _PRODUCT):
            factors.insert(0, (node.right, isinstance(node.op, ast.Div)))
            node = node.left
        negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
        return negative, [(node.operand if isinstance(node, ast.UnaryOp) and negative else node, False), *factors]

    def _cases(self, node: ast.Call) -> list[tuple[ast.expr, tuple[ast.expr, ...]]]:
        """The value of each case of a ``Piecewise``, and the two sides of its condition; none for ``True``."""
        cases: list[tuple[ast.expr, tuple[ast.expr, ...]]] = []
        for part in node.args:
            if not isinstance(part, ast.Tuple) or len(part.elts) != 2:
                self.fail_at(part, "a case is written (value, condition)")
            value, condition = part.elts
            if isinstance(condition, ast.Constant) and condition.value is True:
                cases.append((value, ()))
            elif (isinstance(condition, ast.Call) and isinstance(condition.func, ast.Name)
                    and condition.func.id == "Eq" and len(condition.args) == 2 and not condition.keywords):
                cases.append((value, (condition.args[0], condition.args[1])))
            else:
                self.fail_at(condition, "a condition is Eq(index, number) or True")
        return cases

    def _range(self, node: ast.Call) -> tuple[ast.Name, ast.expr, ast.expr, ast.expr]:
        """The index of a ``Sum`` or ``Product``, its term, and its limits."""
        if len(node.args) != 2 or not isinstance(node.args[1], ast.Tuple) or len(node.args[1].elts) != 3:
            self.fail_at(node, "a sum or product is written Sum(term, (index, first, last))")
        index, first, last = node.args[1].elts
        if not isinstance(index, ast.Name) or index.id not in INDICES:
            self.fail_at(index, f"the index must be one of {', '.join(INDICES)}")
        return index, node.args[0], first, last

    def _combine(self, node: ast.expr, operands: list[capped.Term]) -> capped.Term:
        if isinstance(node, ast.BinOp) and isinstance(node.op, _PRODUCT):
            negative, factors = self._factors(node)
            return capped.product([(term, over) for term, (_, over) in zip(operands, factors, strict=True)], negative)
        if isinstance(node, ast.BinOp):
            return _BINARY[type(node.op)](*operands)
        if isinstance(node, ast.UnaryOp):
            return _UNARY[type(node.op)](*operands)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "Piecewise":
                given = iter(operands)
                cases = [(next(given), tuple(next(given) for _ in sides)) for _, sides in self._cases(node)]
                return distinction([value for value, _ in cases],
                                   [(sides[0], sides[1]) if sides else None for _, sides in cases])
            if node.func.id in FOLDS:
                return fold(node.func.id, operands[0], INDICES[self._range(node)[0].id], *operands[1:])
            return call(node.func.id, *operands)
        if isinstance(node, ast.Name):
            return self._name(node)
        # A constant: its source text, because the float that Python made of it is no longer exact.
        start = self.offset + node.col_offset
        literal = Fraction(self.text[start : self.offset + (node.end_col_offset or 0)].replace("_", ""))
        return capped.Term.of(sp.Rational(literal.numerator, literal.denominator))

    def _name(self, node: ast.Name) -> capped.Term:
        if node.id in self.names:
            return capped.Term.of(self.names[node.id])
        if node.id in _CONSTANTS:
            return _CONSTANTS[node.id]
        if node.id in INDICES:
            return capped.Term.of(INDICES[node.id])
        public = _public_names()
        if node.id in public:
            return capped.Term.of(entry(node.id).symbol)
        if node.id in FUNCTIONS:
            self.fail_at(node, f"the function {node.id} needs its argument in parentheses")
        hint = near_misses(node.id, [*public, *self.names])
        own = f"{'or ' if hint else ''}declare it ([symbols.{node.id[:40]}] in a model file)"
        self.fail_at(node, f"unknown symbol {node.id[:40]}; {hint}{' ' if hint else ''}{own}")


def _about_character(character: str) -> str:
    """Why a character is refused, with a hint where one helps."""
    hints = {"^": "write ** for powers", "=": "an expression has no =", "[": "use ( )", "{": "use ( )",
             "−": "write the hyphen -", "×": "write *", "·": "write *", "÷": "write /", "'": "no strings",
             '"': "no strings", ".": "no attributes", "%": "write 0.05 for 5 %"}
    if character in hints:
        return f"unexpected {character!a}: {hints[character]}"
    words = unicodedata.name(character, "").split()
    if words[:3] == ["GREEK", "SMALL", "LETTER"] and len(words) == 4:
        name = words[3].lower()
        return f"write {'lam' if name == 'lamda' else name} for {character!a}"
    return f"unexpected {character!a}"
