"""Model files: settings in TOML, and errors that name file, line and key."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import sympy as sp

import stlbounds as stl
from stlbounds.__main__ import main
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS
from stlbounds.errors import ModelFileError, StlboundsError
from stlbounds.model_files import read_model
from stlbounds.symbols import N, alpha, c, kappa, symbol

GENERATOR = '[generator]\nmetric = "discrete"\nsensitivity = "kappa/2"\nlearning_error = "c/sqrt(N)"\n'
LOOP = '[loop]\nuse = "fixed-mix"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "model.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_the_setting_that_it_describes(tmp_path):
    text = ('[model]\nname = "mine"\nreferences = ["A 2025"]\ntheorem = "expectation"\n' + GENERATOR +
            '[learner]\nmetric = "discrete"\nbeta_N = "b/N"\nloss_constant = 0.1\n' + LOOP + 'real = "fresh"\n')
    model = read_model(written(tmp_path, text))
    mine = stl.generators.Generator("mine", stl.DISCRETE, kappa / 2, c / sp.sqrt(N))
    learner = stl.learners.UniformlyStable(symbol("b") / N, sp.Rational(1, 10))
    expected = stl.in_expectation(stl.Setting(stl.loops.FixedMix(alpha, real="fresh"), mine, learner))
    assert model.bound().setting == expected.setting
    assert model.bound().expr == expected.expr
    assert model.bound("high-probability").theorem == "high-probability"
    assert model.references == ("A 2025",)


def test_decimals_are_exact(tmp_path):
    text = '[generator]\nmetric = "euclidean"\nsensitivity = 0.1\nlearning_error = 1e-3\n' + LOOP + "alpha = 0.3\n"
    model = read_model(written(tmp_path, text))
    made = model.generator(symbol)
    assert made.sensitivity == sp.Rational(1, 10) and made.learning_error == sp.Rational(1, 1000)
    assert made.metric is stl.EUCLIDEAN
    assert model.bound().setting.loop == stl.loops.FixedMix(sp.Rational(3, 10))


@pytest.mark.parametrize("name", GENERATORS)
def test_every_generator_of_the_catalogue_can_be_used(name, tmp_path):
    model = read_model(written(tmp_path, f'[generator]\nuse = "{name}"\n'))
    assert model.generator(symbol) == GENERATORS[name].make(symbol)


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_of_the_catalogue_can_be_used(name, tmp_path):
    model = read_model(written(tmp_path, f'{GENERATOR}[learner]\nuse = "{name}"\n'))
    assert model.learner is not None and model.learner(symbol) == LEARNERS[name].make(symbol)


@pytest.mark.parametrize("name", LOOPS)
def test_every_loop_of_the_catalogue_can_be_used(name, tmp_path):
    lists = "alphas = [0.5, 0.4]\n" if LOOPS[name].lists else ""
    model = read_model(written(tmp_path, f'{GENERATOR}[loop]\nuse = "{name}"\n{lists}'))
    expected = LOOPS[name].make(lambda word: [0.5, 0.4] if word == "alphas" else symbol(word), None)
    assert model.loop is not None and model.loop(symbol) == expected


BAD = {
    "not TOML": ("[generator\n", r"line 1"),
    "no quotation marks": (GENERATOR.replace('"kappa/2"', "kappa/2"), r"line 3, column 15\); expressions .* quotation"),
    "a symbol of one's own": (GENERATOR.replace("kappa/2", "qq"), r"line 3.*declare it \(\[symbols\.qq\] in a model"),
    "Euler's number": (GENERATOR.replace("kappa/2", "e**(-kappa)"), r"line 3.*for Euler's number write exp\(x\)"),
    "the reason first": (GENERATOR.replace("kappa/2", "2kappa"), r"'2kappa': column 1: .* products as in 2\*kappa"),
    "no generator": (LOOP, r"section \[generator\] is missing"),
    "an unknown section": (GENERATOR + "[looop]\n", r"line 5: looop: unknown.*did you mean loop"),
    "an unknown key": (GENERATOR + "sensitivty = 3\n", r"line 5: generator\.sensitivty: unknown.*did you mean sensi"),
    "an unknown metric": (GENERATOR.replace("discrete", "discreet"), r"line 2: generator\.metric: .*mean discr"),
    "no metric": ("[generator]\nsensitivity = 1\n", r"line 1: generator: metric is missing"),
    "no sensitivity": ('[generator]\nmetric = "discrete"\n', r"line 1: generator: sensitivity is missing"),
    "a bad expression": (GENERATOR.replace("kappa/2", "kappa^2"), r"line 3: generator\.sensitivity.*column 6"),
    "an unknown symbol": (GENERATOR.replace("kappa/2", "kapa"), r"line 3: generator\.sensitivity.*did you mean kappa"),
    "a negative constant": (GENERATOR.replace('"kappa/2"', "-1"), r"line 3: generator\.sensitivity.*nonnegative"),
    "an attack": (GENERATOR.replace("kappa/2", "__import__('os')"), r"line 3: generator\.sensitivity"),
    "an explosion": (GENERATOR.replace("kappa/2", "9**9**9**9"), r"line 3: generator\.sensitivity"),
    "a truth value": (GENERATOR.replace('"kappa/2"', "true"), r"line 3: generator\.sensitivity.*number"),
    "a date": (GENERATOR.replace('"kappa/2"', "2026-01-01"), r"line 3: generator\.sensitivity.*number"),
    "a loop without a name": (GENERATOR + "[loop]\nalpha = 1\n", r"line 5: loop: use is missing"),
    "an unknown loop": (GENERATOR + '[loop]\nuse = "fixd-mix"\n', r"line 6: loop\.use.*did you mean fixed-mix"),
    "a parameter of another loop": (GENERATOR + LOOP + "lam = 2\n", r"line 7: loop\.lam: unknown; .* use, alpha"),
    "a proportion above 1": (GENERATOR + LOOP + "alpha = 1.5\n", r"line 7: loop\.alpha.*\[0, 1\]"),
    "a schedule without proportions": (GENERATOR + '[loop]\nuse = "schedule"\n', r"line 5: loop: alphas is missing"),
    "an unknown theorem": ('[model]\ntheorem = "lemma"\n' + GENERATOR, r"line 2: model\.theorem"),
    "a name that is no text": ("[model]\nname = 3\n" + GENERATOR, r"line 2: model\.name.*quotation marks"),
    "references that are no list": ('[model]\nreferences = "A"\n' + GENERATOR, r"line 2: model\.references"),
    "a section that is a number": ("generator = 3\n", r"generator: must be a section"),
    "a symbol with a bad range": ("[symbols.q_of_file]\nlow = 2\nhigh = 1\n" + GENERATOR, r"line 1: symbols\.q_of_fil"),
    "a symbol with an unknown key": ("[symbols.q_of_file]\nlower = 2\n" + GENERATOR, r"symbols\.q_of_file.*lower"),
    "a symbol that exists": ("[symbols.alpha]\nhigh = 2\n" + GENERATOR, r"line 1: symbols\.alpha.*already declared"),
    "a symbol that is a number": ("symbols = {q = 3}\n" + GENERATOR, r"symbols\.q.*must be a section"),
}


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path):
    """Some editors write one."""
    assert read_model(written(tmp_path, "\ufeff" + GENERATOR)).generator(symbol).sensitivity == kappa / 2


def test_the_words_of_a_file_are_text_in_latex(tmp_path):
    text = '[symbols.heat_of_text]\nmeaning = "5% of it & #1_x"\nhigh = 1\nlatex = "\\\\hat{\\\\tau}_{1}"\n'
    bound = read_model(written(tmp_path, text + GENERATOR.replace("kappa/2", "heat_of_text") + LOOP)).bound()
    for kind in ("theorem", "document", "notation"):
        said = bound.latex(kind)
        assert r"5\% of it \& \#1\_x" in said and "5% of it" not in said and r"\hat{\tau}_{1}" in said
    assert "5% of it & #1_x" in str(bound)


class TestErrors:
    @pytest.mark.parametrize("name", ["E", "pi", "lambda", '"\u03c4"', '"a b"'])
    def test_names_that_an_expression_means_otherwise(self, name, tmp_path):
        """``E`` would be declared, and read as 2.718 in every expression."""
        with pytest.raises(ModelFileError, match=r"line 1: symbols|symbols\.(a b|\u03c4)") as caught:
            read_model(written(tmp_path, f"[symbols.{name}]\nmeaning = 'x'\n{GENERATOR}"))
        assert "neither E nor pi" in str(caught.value)

    @pytest.mark.parametrize("latex", [r"\input{/etc/passwd}", r"\csname input\endcsname x", "^^5cinput x", "}x", "{x",
                                       "x$y", "a%", " ", r"\\"])
    def test_the_latex_of_a_symbol_is_a_symbol(self, latex, tmp_path):
        with pytest.raises(ModelFileError, match="a mathematical symbol in LaTeX"):
            read_model(written(tmp_path, f"[symbols.heat_unlike]\nlatex = '{latex}'\n{GENERATOR}"))

    def test_a_learning_error_of_a_generation_is_refused_on_its_line(self, tmp_path):
        """The generation would be a constant that a user has to put in."""
        with pytest.raises(ModelFileError, match=r"line 4: generator.learning_error: .* = c/\(j \+ 1\) contains j"):
            read_model(written(tmp_path, GENERATOR.replace("c/sqrt(N)", "c/(j + 1)")))

    @pytest.mark.parametrize("case", BAD)
    def test_file_line_and_key_are_named(self, case, tmp_path):
        text, message = BAD[case]
        path = written(tmp_path, text)
        with pytest.raises(ModelFileError, match=message) as caught:
            read_model(path)
        assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)

    def test_files_that_cannot_be_read(self, tmp_path):
        with pytest.raises(ModelFileError, match="cannot be read"):
            read_model(tmp_path / "none.toml")
        (tmp_path / "latin.toml").write_bytes(b"\xff\xfe")
        with pytest.raises(ModelFileError, match="UTF-8"):
            read_model(tmp_path / "latin.toml")
        (tmp_path / "long.toml").write_text("# " + "x" * 1_000_001)
        with pytest.raises(ModelFileError, match="longer"):
            read_model(tmp_path / "long.toml")
        (tmp_path / "deep.toml").write_text("x = " + "[" * 100_000)
        with pytest.raises(ModelFileError):
            read_model(tmp_path / "deep.toml")

    def test_mutilated_files_give_the_librarys_own_error(self, tmp_path):
        source = '[model]\nname = "mine"\n' + GENERATOR + '[learner]\nuse = "brier"\n' + LOOP + "alpha = 0.5\n"
        random_source = random.Random(20261123)
        refused = 0
        for _ in range(300):
            letters = list(source)
            for _ in range(random_source.randint(1, 4)):
                place = random_source.randrange(len(letters))
                letters[place] = random_source.choice(["", '"', "[", "\n", "=", "9", "é", ".", "#", "'"])
            path = written(tmp_path, "".join(letters))
            try:
                read_model(path)
            except StlboundsError:
                refused += 1
        assert refused > 100

    def test_a_model_without_a_loop_says_so(self, tmp_path):
        with pytest.raises(ModelFileError, match=r"section \[loop\]"):
            read_model(written(tmp_path, GENERATOR)).bound()


class TestCommandLine:
    VALUES = ("--set", "n=2000", "--set", "alpha=1/2", "--set", "kappa=0.8", "--set", "tau=0.3", "--set", "i=10",
              "--set", "delta=0.05", "--set", "c=1", "--set", "b=1")

    def test_the_template_works_as_it_is(self, tmp_path, capsys):
        path = str(tmp_path / "my_model.toml")
        assert main(["init", path]) == 0
        assert f"stlbounds derive {path}" in capsys.readouterr().out
        assert main(["derive", path]) == 0
        assert "temperature" in capsys.readouterr().out
        assert main(["eval", path, *self.VALUES, "--json"]) == 0
        assert '"value": 0.1206972' in capsys.readouterr().out
        assert main(["init", path]) == 2
        assert "must be a file that does not exist" in capsys.readouterr().err
        assert main(["init", path, "--force"]) == 0
        assert main(["init", str(tmp_path / "model.json")]) == 2

    def test_options_win_over_the_file(self, tmp_path, capsys):
        path = str(written(tmp_path, GENERATOR + LOOP))
        assert main(["derive", path, "--loop", "augment", "--theorem", "expectation", "--json"]) == 0
        printed = capsys.readouterr().out
        assert '"name": "augment"' in printed and '"theorem": "expectation"' in printed
        assert main(["derive", path, "--real", "fresh"]) == 2
        assert "--loop" in capsys.readouterr().err

    def test_parameters_can_be_fixed(self, tmp_path, capsys):
        path = str(written(tmp_path, GENERATOR + LOOP))
        assert main(["derive", path, "--set", "kappa=1/3", "--json"]) == 0
        assert '"sensitivity": "1/6"' in capsys.readouterr().out
        assert main(["derive", path, "--set", "lam=1/3"]) == 2
        capsys.readouterr()

    def test_numbers_are_put_in_within_the_caps(self, tmp_path, capsys):
        path = str(written(tmp_path, GENERATOR.replace("kappa/2", "24**kappa/1000") + LOOP))
        assert main(["derive", path, "--set", "kappa=2", "--json"]) == 0
        assert '"sensitivity": "72/125"' in capsys.readouterr().out
        assert main(["derive", path, "--set", "kappa=0.9999999"]) == 2
        complaint = capsys.readouterr().err
        assert "too high an index" in complaint and "line 3" in complaint

    def test_errors_are_one_line(self, tmp_path, capsys):
        path = str(written(tmp_path, GENERATOR + "[looop]\n"))
        assert main(["derive", path]) == 2
        complaint = capsys.readouterr().err
        assert complaint.count("\n") == 1 and "line 5" in complaint
