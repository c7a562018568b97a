"""The characters that LaTeX commands stand for, as `stlbounds.render.mathml` needs them."""

from __future__ import annotations

__all__ = ["ACCENTS", "BLACKBOARD", "FENCES", "IDENTIFIERS", "LARGE", "NAMES", "OPENING", "OPERATORS", "RELATIONS",
           "SPACES"]

#: Binary operators, relations and punctuation.
OPERATORS = {
    r"\le": "≤", r"\leq": "≤", r"\ge": "≥", r"\geq": "≥", r"\ne": "≠", r"\neq": "≠", r"\in": "∈", r"\notin": "∉",
    r"\to": "→", r"\gets": "←", r"\leftarrow": "←", r"\rightarrow": "→",
    r"\mapsto": "↦", r"\Rightarrow": "⇒", r"\sim": "∼", r"\approx": "≈", r"\equiv": "≡",
    r"\propto": "∝", r"\ll": "≪", r"\gg": "≫", r"\subset": "⊂", r"\subseteq": "⊆", r"\setminus": "∖", r"\cup": "∪",
    r"\cap": "∩", r"\wedge": "∧", r"\vee": "∨", r"\cdot": "·", r"\times": "×", r"\pm": "±", r"\circ": "∘",
    r"\ast": "∗", r"\mid": "∣", r"\colon": ":", "<": "<", ">": ">", "=": "=", "+": "+", "-": "−", "*": "∗", "/": "/",
    ",": ",", ";": ";", ":": ":", ".": ".", "!": "!",
}
#: Operators after which an operand is expected, so that a minus there is a sign.
RELATIONS = frozenset(OPERATORS.values()) - {"!", "."}
#: Letters and symbols that stand alone.
IDENTIFIERS = {
    r"\ell": "ℓ", r"\infty": "∞", r"\dots": "…", r"\ldots": "…", r"\cdots": "⋯", r"\varepsilon": "ε", r"\varphi": "φ",
    r"\partial": "∂",
    r"\emptyset": "∅", r"\nabla": "∇", r"\top": "⊤", r"\forall": "∀", r"\exists": "∃", r"\%": "%", r"\_": "_",
    r"\#": "#", r"\&": "&",
}
LARGE = {r"\sum": "∑", r"\prod": "∏", r"\int": "∫"}
#: Functions, which are set upright.
NAMES = frozenset(rf"\{name}" for name in (
    "log", "ln", "exp", "max", "min", "sup", "inf", "lim", "tanh", "sinh", "cosh", "sin", "cos", "tan", "arg", "det",
    "dim", "Pr"))
SPACES = {r"\,": "0.167em", r"\;": "0.278em", r"\:": "0.222em", r"\!": "-0.167em", r"\ ": "0.333em", "~": "0.333em",
          r"\quad": "1em", r"\qquad": "2em"}
ACCENTS = {r"\bar": "‾", r"\overline": "‾", r"\hat": "^", r"\widehat": "^", r"\tilde": "~", r"\widetilde": "~",
           r"\dot": "˙"}
FENCES = {"(": "(", ")": ")", "[": "[", "]": "]", "|": "|", r"\{": "{", r"\}": "}", r"\lfloor": "⌊", r"\rfloor": "⌋",
          r"\lceil": "⌈", r"\rceil": "⌉", r"\langle": "⟨", r"\rangle": "⟩", r"\vert": "|", r"\lvert": "|",
          r"\rvert": "|", r"\|": "‖", r"\Vert": "‖", r"\lVert": "‖", r"\rVert": "‖"}
OPENING = frozenset({"(", "[", r"\{", r"\lfloor", r"\lceil", r"\langle", r"\lVert", r"\lvert"})
BLACKBOARD = {"E": "𝔼", "P": "ℙ", "R": "ℝ", "N": "ℕ", "Z": "ℤ"}
