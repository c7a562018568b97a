"""Two processes with other hash seeds write the same bytes: text, Markdown, LaTeX, JSON, MathML, HTML, the report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import stlbounds as stl

SCRIPT = """
import hashlib, json, os, pathlib, sys, tempfile
os.environ["PATH"] = ""  # LaTeX is not asked: it stamps what it makes
from stlbounds.cli.request import Request
from stlbounds.parsing import parse_assignments
from stlbounds.render.report import write_report
from stlbounds.saved import to_dict

requests = [
    (Request("location", loop="replace"), "noise=0.1 n=1000 i=4 delta=0.05"),
    (Request("transformer", loop="schedule", theorem="expected-excess", assignments=("alphas=0.5,0.25",)), ""),
]
found = {}
for request, values in requests:
    bound = request.bound()
    said = {
        "text": str(bound), "proof": str(bound.proof), "json": json.dumps(to_dict(bound)), "html": bound._repr_html_(),
        **{f"latex {kind}": bound.latex(kind) for kind in ("equation", "theorem", "document", "notation", "bibtex")},
        **{f"markdown {flavour}": bound.markdown("document", flavour) for flavour in ("github", "myst")},
    }
    with tempfile.TemporaryDirectory() as folder:
        if values:
            write_report(bound, parse_assignments(values.split()), pathlib.Path(folder) / "r", replicas=20,
                         seconds=60.0)
        bound.latex_package(pathlib.Path(folder) / "package")
        files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(pathlib.Path(folder).rglob("*"))
                 if path.is_file()}
    said.update(files)
    for name, content in said.items():
        data = content if isinstance(content, bytes) else content.encode()
        found[f"{request.model} {name}"] = hashlib.sha256(data).hexdigest()
sys.stdout.write(json.dumps(found))
"""


@pytest.mark.slow
def test_other_hash_seeds_give_the_same_bytes() -> None:
    runs = [subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "PYTHONHASHSEED": seed,
                                  "PYTHONPATH": str(Path(stl.__file__).parent.parent)}) for seed in ("1", "77")]
    answers = [json.loads(run.communicate(timeout=300)[0]) for run in runs]
    assert len(answers[0]) > 35 and any("index.html" in name for name in answers[0])
    assert [name for name in answers[0] if answers[0][name] != answers[1][name]] == []
