"""Attacks on every door through which text comes in: expressions, `--set`, model files and the command line.

Nothing may be run, take a second, or fail with anything but an error of the library's own.
"""

from __future__ import annotations

import gc
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sympy as sp

from stlbounds import symbols
from stlbounds.__main__ import main
from stlbounds.capped_functions import FUNCTIONS
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS
from stlbounds.errors import InvalidArgumentError, ModelFileError, ParseError, SymbolError
from stlbounds.model_files import read_model
from stlbounds.parsing import parse_assignments, parse_expression

#: Seconds of processor time.
LIMIT = 1.0

ATTACKS = [
    "__import__('os').system('touch /tmp/owned')", "().__class__.__bases__[0].__subclasses__()", "open('x','w')",
    "[x for x in range(10**9)]", "{1:2}", "(lambda: 1)()", "f'{9**9**9}'", "n:=9", "9**9**9", "factorial(10**9)",
    "gamma(10**9)", "1e99999999", "(" * 200 + ")" * 200, "-" * 299 + "1", "9" * 4400, "n" * 10**6, "\x00", "\ud83d",
    "ⅷ", "١٢", "n\u202eN", "exec", "eval(n)", "print(n)", "exp(exp(exp(exp(9))))", "10**10**10**-10", "0**0**0",
    "log(log(log(2)))", "max()", "max(" + ",".join(["n"] * 40) + ")", "sqrt(sqrt(sqrt(2**4000)))", "1/3**-999",
    "*n", "**", "n if n else n", "yield", "await n", "...", "True", "None", "'n'*10**9", "b''", "1 or 2", "n@n",
    "n//2", "n%2", "~n", "n<<10**9", "not n", "n<2", "n;n", "n\\\n", "#", "`n`", "$n", "n!", "1if 2else 3", "1_", "_",
    "Sum(1, (_m, 0, 10**12))", "Sum(_m, (_m, _m, _m))", "Product(9**99*_m, (_m, 1, n))**1000", "growth(1e-99, 0, 64)",
    "Piecewise((n, Eq(i, 0)), (1/0, True))", "Piecewise(*n)", "Eq(i, 0)", "listed(n, *n)", "layer_query(36, 1e9)",
    "Sum(Sum(Sum(_j*_g*_m, (_j, 0, i)), (_g, 0, i)), (_m, 0, i))", "growth_sum(1/7, 64, 4)**64", "True", "False",
    "(n*N)**(n*N)**(n*N)", "geometric_sum(2,1e300)", "tanh(1e300)", "erf(1e300)", "gamma(170)**1000",
    "n**-" * 200 + "n", "log(n**-(" * 14 + "n" + "))" * 14, "(" * 31 + "n" + ")" * 31, "-" * 700 + "1 1",
    "(1/(7*10**9))**1e-9", "24**(K*0.999999999)*24**(1-K*0.999999999-1/1001)", "exp(log(24*n)*(1-1e-7))",
    "6**0.7000001*15**0.7000001", "sqrt(n*(((1-kappa)**30+2)**30-3))", "sqrt((kappa-kappa**999-7)**2)",
    "log(n*(" + "-".join(f"1/(kappa-1/{k})**2" for k in range(2, 12)) + "))", "n" + "\u0301" * 999, "𝟙+𝐧", "n\u2028n",
    "sqrt(n*(1/9+" + "*".join(f"(kappa-{k}/7)" for k in range(1, 24)) + "))",
]
PIECES = [
    *"nNKMi", "alpha", "kappa", "delta", "pi", "0", "1", "2", "0.5", "1e-3", "1e300", "999999999999", "3/7", "-1",
    "+", "-", "*", "/", "**", "**", "(", ")", "(", ")", ",", " ", "\t", "_m", "True", "Eq(i, 0)", *FUNCTIONS,
    *(f"{name}(" for name in [*FUNCTIONS, "Sum", "Product", "Piecewise", "Eq"]), "(_m, 0, i))", ", True))",
]  # fmt: skip
ODD = [*"\0\n\r.:=[]{}'\"@#$%^&|~`\\;!?<>_", "é", "π", "∞", "\u200b", "\ud800", "\U0001f600", "lambda ", "__", "1j"]
LEAVES = ["n", "N", "alpha", "kappa", "i", "2", "0.5", "1e-9", "1e9", "7", "-1", "0", "170", "1e290", "24", "1/7",
          "12/5", "0.9999999", "20"]
#: Shapes in which SymPy turns symbolic exponents into numbers, takes roots of them, or looks for signs.
POWERS = ["-{0}", "2**({0})*7**({1})", "(({0})**({1}))**(1e9/({1}))", "(2*N)**(K*{0})*(3*N)**(1e9-K*{0})",
          "exp(({0})*log({1}))", "exp(log(2)*({0}+1e9))", "exp({0})**({1})*exp(-({0}))", "log(2**({0}))",
          "((N/9)**(-9*K))*(N**9*(N/9)**(9*K-9))", "7**(({0})/({1}))", "sqrt(({0})**2)", "({0})**(1/7)",
          "(({0}-{1})**4)**(1/2)", "sqrt(({0}-{1})**2*({2}))", "(({0})**2-({1})**2)**alpha", "(({0})**({1}))**({2})",
          "24**({0})*6**({1})", "({0})**(1-1e-6)", "sqrt((({0})**20-{1})*({2}))", "log((({0}-{1})**7+{2})*n)",
          "12**(K*({0}))*18**({1}-K*({0}))", "(({0})**(1/({1})))**({2})"]


def sentence(rng: random.Random, depth: int) -> str:
    """A text of the grammar, mostly well-formed, with operands that tempt the caps."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(LEAVES)
    kind = rng.randrange(5)
    if kind == 0:
        arguments = ",".join(sentence(rng, depth - 1) for _ in range(rng.choice([1, 1, 1, 2, 2, 4])))
        return f"{rng.choice(list(FUNCTIONS))}({arguments})"
    if kind == 1:
        return f"({sentence(rng, depth - 1)})**({sentence(rng, depth - 1)})"
    if kind == 2:
        return rng.choice(POWERS).format(*(sentence(rng, depth - 1) for _ in range(3)))
    operator = rng.choice("+-*/")
    return f"({sentence(rng, depth - 1)}{operator}{sentence(rng, depth - 1)})"


def mutate(rng: random.Random, text: str) -> str:
    """A small edit: cut, repeat, insert a piece or something odd."""
    at = rng.randrange(len(text) + 1)
    until = rng.randrange(at, min(len(text), at + 20) + 1)
    inserted = rng.choice([rng.choice(PIECES), rng.choice(ODD), text[at:until] * 3, "", rng.choice(ATTACKS)])
    return text[:at] + inserted + text[until:]


def texts(seed: int, count: int) -> Iterator[str]:
    rng = random.Random(seed)
    yield from ATTACKS
    for _ in range(count - len(ATTACKS)):
        kind = rng.randrange(4)
        if kind == 0:
            yield sentence(rng, rng.randrange(1, 7))
        elif kind == 1:
            yield mutate(rng, sentence(rng, rng.randrange(1, 5)))
        elif kind == 2:
            yield "".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 40)))
        else:
            yield mutate(rng, mutate(rng, rng.choice(ATTACKS)))


# --- what is watched ------------------------------------------------------------------------------------------


class Watch:
    """Counts what must not happen while armed: running code, importing, opening files, starting programs."""

    forbidden = ("exec", "import", "open", "os.", "subprocess.", "socket.", "ctypes.", "shutil.")

    def __init__(self) -> None:
        self.armed = False
        self.seen: list[str] = []
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.armed and event.startswith(self.forbidden):
            caller = sys._getframe(1).f_code.co_filename
            # SymPy's polynomials write themselves code for products of k variables, from the number k alone.
            if not caller.endswith("sympy/polys/monomials.py"):
                self.seen.append(f"{event}{arguments!r:.80} in {caller}")


WATCH = Watch()


class TooSlow(BaseException):
    """Raised into a call that takes longer than it may, so that it cannot hang the test."""


def _stop(number: int, frame: Any) -> None:
    raise TooSlow


@contextmanager
def timed(text: str, slowest: list[tuple[float, str]]) -> Iterator[None]:
    """Stops the block after `LIMIT`, and keeps its time if it is the longest."""
    # A full collection of all that the tests before left takes a second by itself; and what the clock raises inside
    # of a callback of the collector is lost, and corrupts the tree that `ast` is building.
    gc.disable()
    before = signal.signal(signal.SIGVTALRM, _stop)
    start = time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
    try:
        yield
    except TooSlow:
        pytest.fail(f"more than {LIMIT} s for {text!r:.300}")
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        WATCH.armed = False
        gc.enable()
    slowest[:] = [max(*slowest, (time.process_time() - start, text))]


def run_fuzz(seed: int, count: int) -> tuple[int, tuple[float, str]]:
    """Parse everything; the number of accepted texts, and the slowest one with its seconds of processor time."""
    # SymPy imports some of its modules when they are first needed.
    for first in ["gamma(kappa) + erf(2/7) + tanh(n) + log(2) + exp(n)**alpha + sqrt(6)", "max(1,n)", "2**(1/7)",
                  "layer_query(1, 2)", "Sum(_m, (_m, 0, i))*Product(_m, (_m, 0, i))", "growth_sum(sqrt(2), 3, 2)",
                  "sqrt(n*(kappa**3-7*kappa))"]:
        parse_expression(first)
    with pytest.raises(ParseError, match="did you mean kappa"):
        parse_expression("kapa")
    accepted, slowest = 0, [(0.0, "")]
    for text in texts(seed, count):
        with timed(text, slowest):
            WATCH.armed = True
            try:
                value = parse_expression(text)
                accepted += 1
                assert isinstance(value, sp.Expr) and not value.has(sp.I, sp.zoo, sp.nan, sp.oo)
            except ParseError as error:
                assert str(error).isascii()
            try:
                parse_assignments([text, f"n={text}"])
            except (ParseError, SymbolError, InvalidArgumentError) as error:
                assert len(str(error)) < 2000
    assert WATCH.seen == []
    return accepted, slowest[0]


def test_the_watch_sees_what_it_should() -> None:
    WATCH.armed = True
    exec("1 + 1")  # noqa: S102
    WATCH.armed = False
    assert any(event.startswith("exec") for event in WATCH.seen)
    WATCH.seen.clear()


def test_the_clock_stops_what_hangs() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"more than 1\.0 s for 'a loop'"), timed("a loop", [(0.0, "")]):
        while True:
            pass


def test_expressions() -> None:
    accepted, _ = run_fuzz(20240601, 3_000)
    assert 300 < accepted < 2_700, "the generator should reach both outcomes"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_a_hundred_thousand_expressions(part: int) -> None:
    accepted, _ = run_fuzz(part, 10_000)
    assert 1_000 < accepted < 9_000


# --- model files ----------------------------------------------------------------------------------------------

#: For each section, the ways to fill it that make sense; one of them, or a few lines of all, are taken.
PARTS = {
    "model": [['name = "mine"', 'theorem = "expectation"', 'references = ["A", "B"]', 'drift = "lemma"']],
    "symbols.tau_of_fuzz": [['meaning = "x"', "low = 0", "high = 1"], ["integer = true"], ["low = 0.5", "high = 2.5"]],
    "generator": [['metric = "discrete"', 'sensitivity = "kappa/2"', 'learning_error = "c/sqrt(N)"'],
                  ['metric = "euclidean"', "sensitivity = 0.3", 'learning_error = "1/N**(1/3)"'],
                  *([f'use = "{name}"'] for name in GENERATORS)],
    "learner": [['metric = "discrete"', 'beta_N = "b/N"', "loss_constant = 1"],
                *([f'use = "{name}"'] for name in LEARNERS)],
    "loop": [*([f'use = "{name}"'] for name in LOOPS), ['use = "fixed-mix"', 'real = "fresh"', "alpha = 0.3"],
             ['use = "schedule"', "alphas = [0.5, 0.4]"], ['use = "weighted-mix"', 'w = "1/4"']],
}


def model_file(rng: random.Random) -> str:
    """A file of the right shape, with expressions that are attacks here and there, or one that is mutilated."""
    written, strange = [], rng.random() < 0.5
    for section, ways in PARTS.items():
        if rng.random() < (0.95 if section == "generator" else 0.5):
            lines = rng.choice(ways)
            if strange and rng.random() < 0.3:
                every = [line for way in ways for line in way]
                lines = rng.sample(every, min(len(every), rng.randrange(1, 4)))
            written.append(f"[{section}]")
            for line in lines:
                if rng.random() < (0.3 if strange else 0.1):
                    text = sentence(rng, rng.randrange(4)) if rng.random() < 0.6 else mutate(rng, rng.choice(ATTACKS))
                    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
                    line = f'{line.split(" = ")[0]} = "{quoted}"'
                written.append(line)
    text = "\n".join(written)
    for _ in range(rng.choice([0, 1, 3]) if strange else 0):
        text = mutate(rng, text)
    return text


def run_files(folder: Path, seed: int, count: int) -> tuple[int, tuple[float, str]]:
    """Read everything; the number of accepted files, and the slowest one."""
    rng = random.Random(seed)
    path = folder / "model.toml"
    accepted, slowest = 0, [(0.0, "")]
    for _ in range(count):
        text = model_file(rng)
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        with timed(text, slowest):
            try:
                model = read_model(path)
            except ModelFileError as error:
                assert str(error).startswith(str(path)) and "\n" not in str(error)
                continue
            accepted += 1
            assert model.generator(symbols.symbol).metric
    return accepted, slowest[0]


@pytest.fixture
def vocabulary(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the vocabulary, since files declare symbols."""
    monkeypatch.setattr(symbols, "_REGISTRY", symbols.known())


@pytest.mark.usefixtures("vocabulary")
def test_model_files(tmp_path: Path) -> None:
    accepted, _ = run_files(tmp_path, 1, 200)
    assert accepted > 5


@pytest.mark.slow
@pytest.mark.usefixtures("vocabulary")
def test_thousands_of_model_files(tmp_path: Path) -> None:
    accepted, _ = run_files(tmp_path, 2, 4_000)
    assert 200 < accepted < 3_800


# --- the command line -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rng = random.Random(3)
    slowest = [(0.0, "")]
    for _ in range(150):
        text = mutate(rng, rng.choice(ATTACKS))
        with timed(text, slowest):
            assert main(["eval", "generic", "--set", f"kappa={text}", "--no-such-option"]) == 2
            assert main(["eval", "generic", "--set", f"kappa=({text})*__x", "--set", text]) == 2
        captured = capsys.readouterr()
        assert captured.out == "" and captured.err.count("\n") == 2 and "Traceback" not in captured.err
    assert list(tmp_path.iterdir()) == []
