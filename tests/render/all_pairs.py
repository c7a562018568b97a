"""Every loop with every generator and every learner under every theorem, in three preambles, in real TeX.

The test suite compiles a subset of these pairs (`test_render_preambles.py`); this does all of them, in about half
an hour of one core: ``PYTHONPATH=.:tests python tests/render/all_pairs.py``. It prints what does not fit, and
exits with 1 if something does not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import stlbounds as stl
from stlbounds.entries import GENERATORS, LEARNERS, LOOPS, THEOREMS

sys.path.insert(0, str(Path(__file__).parents[1]))
from render.pasted import CHOICES_OF_REAL, WIDTHS, bound_or_none, compiled, complaints, pasted, setting

KINDS = ("equation", "theorem", "proof", "notation", "assumptions")


def loops() -> Iterator[tuple[str, str | None]]:
    """The loops with each way in which real data come."""
    for loop in LOOPS:
        for real in CHOICES_OF_REAL.get(loop, (None,)):
            yield loop, real


def settings(loop: str, real: str | None) -> Iterator[tuple[str, stl.Setting]]:
    """Every generator with its learner, and every learner with a generator of its metric."""
    name = f"{loop} {real}" if real else loop
    for generator in GENERATORS:
        made = setting(loop, generator, real)
        yield f"{name} {generator}", made
        if made.generator.has_sharp_drift:
            yield f"{name} {generator} by the lemma", stl.Setting(made.loop, made.generator, made.learner,
                                                                  drift="lemma")
    for learner in LEARNERS:
        discrete = LEARNERS[learner].make(lambda name: stl.symbols.entry(name).symbol).metric is stl.DISCRETE
        yield f"{name} learner {learner}", setting(loop, "generic" if discrete else "contractive", real, learner)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loop", choices=list(LOOPS), action="append")
    parser.add_argument("--theorem", choices=list(THEOREMS), action="append")
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--only", default="", help="settings whose title contains this")
    parser.add_argument("--preamble", choices=list(WIDTHS), action="append")
    chosen = parser.parse_args()
    bad = count = 0
    for (loop, real), name in product(loops(), chosen.theorem or THEOREMS):
        if chosen.loop and loop not in chosen.loop:
            continue
        parts: dict[str, list[tuple[str, str]]] = {preamble: [] for preamble in chosen.preamble or WIDTHS}
        for title, made in settings(loop, real):
            bound = bound_or_none(made, name) if chosen.only in title else None
            if bound is None:
                continue
            count += 1
            for preamble, what, text in pasted(bound, f"{title}, {name}", chosen.kind or KINDS, list(parts)):
                parts[preamble].append((what, text))
        for preamble, listed in parts.items():
            if not listed:
                continue
            with tempfile.TemporaryDirectory(prefix="stlbounds-") as folder:
                for what, found in complaints(compiled(preamble, listed, Path(folder))).items():
                    print(f"{preamble}: {what}: {found}", flush=True)
                    bad += 1
        print(f"{loop} {real or ''} {name}: {count} bounds so far, {bad} complaints", file=sys.stderr, flush=True)
    print(f"{count} bounds, {bad} complaints")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
