"""The page in a real browser: sliders, numbers, keyboard, links, copying; no error and no request."""

from __future__ import annotations

import contextlib
import json
import math
import random
import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from stlbounds.cli.request import Request
from stlbounds.parsing import parse_assignments
from stlbounds.render.report import write_report

GENERIC = ("kappa=1.3", "c=1", "r=1/2", "n=1000", "alpha=0.3", "i=7", "b=2", "M=1.5", "delta=0.05")
GROWING = ("n=120", "i=6", "K=20", "delta=1/20")
POINTS = 12
#: What a page shows with its sliders at the given parts of their length, one row for each point.
ROWS = """rows => rows.map(row => {
    for (const [name, part] of Object.entries(row)) {
        const slider = document.getElementById("at-" + name);
        slider.value = Math.round(1000 * part);
        slider.dispatchEvent(new Event("input"));
    }
    return location.hash;
})"""
SHOWN = """async links => {
    const found = [];
    for (const link of links) {
        await new Promise(done => {
            addEventListener("hashchange", done, {once: true});
            location.hash = link + "&";
        });
        found.push([document.getElementById("stl-value").textContent,
                    ...[...document.querySelectorAll("#stl-legend b")].slice(1).map(part => part.textContent)]);
    }
    return found;
}"""
NEXT = """point => new Promise(done => {
    addEventListener("hashchange", () => done(document.getElementById("stl-value").textContent), {once: true});
    location.hash = "#at?" + point;
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium")
    assert found, "Debian's chromium is installed where tests run"
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


def written(folder: Path, request: Request, values: tuple[str, ...]) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "")  # no PDF, which takes seconds
        write_report(request.bound(), parse_assignments(values), folder, replicas=20, seconds=0.05)
    assert (folder / "index.html").stat().st_size < 500_000
    return (folder / "index.html").as_uri()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("browser") / "generic", Request("generic"), GENERIC)


class Visit:
    """A page, with everything that it asked for and complained about."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(address)

    @property
    def value(self) -> str:
        return self.page.inner_text("#stl-value")


@contextlib.contextmanager
def visit(browser: Browser, address: str, **options: Any) -> Iterator[Visit]:
    context = browser.new_context(**options)
    made = Visit(context.new_page(), address)
    yield made
    assert made.complaints == []
    assert [found for found in made.requests if not found.startswith(address.partition("#")[0])] == []
    context.close()


def agrees(shown: str, value: float) -> bool:
    """Whether a number that is shown is the value to six significant digits."""
    if shown == "overflow":
        return value == math.inf
    last = 10.0 ** (math.floor(math.log10(abs(value))) - 5) if value else 1e-300
    return abs(float(shown) - value) <= 0.51 * last


def points(count: int) -> list[dict[str, float]]:
    """Random parameters, with a loop gain below, at and above 1."""
    chance = random.Random(20)
    found = []
    for place in range(count):
        alpha = round(chance.random(), 3)
        kappa = round(3 * chance.random(), 3)
        if place % 5 == 0:
            alpha, kappa = chance.choice([(0.0, 1.0), (0.5, 2.0), (0.75, 4.0)])
        if place % 5 == 1:
            alpha, kappa = round(0.4 * chance.random(), 3), round(2 + chance.random(), 3)
        found.append({"alpha": alpha, "kappa": kappa, "n": chance.randrange(1, 10**5), "i": chance.randrange(0, 60),
                      "b": round(5 * chance.random(), 3), "M": round(3 * chance.random(), 3),
                      "c": round(chance.random(), 3), "r": round(chance.random(), 3),
                      "delta": round(0.001 + 0.9 * chance.random(), 4)})
    return found


def test_numbers_are_those_of_python(browser: Browser, address: str) -> None:
    bound = Request("generic").bound()
    chosen = points(50)
    gains = [point["kappa"] * (1 - point["alpha"]) for point in chosen]
    assert gains.count(1.0) >= 8 and sum(gain > 1 for gain in gains) >= 8 and sum(gain < 1 for gain in gains) >= 8
    with visit(browser, address) as page:
        for point in chosen:
            shown = page.page.evaluate(NEXT, "&".join(f"{name}={value!r}" for name, value in point.items()))
            assert agrees(shown, bound.evaluate(**point)), (point, shown)
            parts = page.page.eval_on_selector_all("#stl-legend b", "all => all.map(part => part.textContent)")
            assert agrees(parts[0], bound.evaluate(**point))
            for part, value in zip(parts[1:], bound.evaluate_terms(**point).values(), strict=True):
                assert agrees(part, value), (point, part)


#: Every way in which a page may look: sums over generations, proportions, other terms, a claim in expectation.
KINDS = {
    "accumulate": (Request("categorical", loop="accumulate"), GROWING),
    "schedule": (Request("generic", loop="schedule", assignments=("alphas=0.5,0.4,0.3",)),
                 ("kappa=1.2", "c=1", "r=1/2", "n=1000", "i=3", "b=1", "M=1", "delta=0.05")),
    "weak": (Request("generic", loop="subsample", theorem="weak-stability"),
             ("kappa=1.2", "c=1", "r=1/2", "n=1000", "i=3", "b=1", "M=1", "delta=0.05")),
    "excess": (Request("sgd-trained", theorem="expected-excess"),
               ("L_z=1", "L_g=1", "step=0.1", "steps=9", "c=1", "r=1/2", "n=1000", "alpha=0.5", "i=3", "b=1", "M=1",
                "opt=0", "comparator=0")),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_other_pages(browser: Browser, tmp_path: Path, kind: str) -> None:
    request, values = KINDS[kind]
    bound, chance = request.bound(), random.Random(7)
    known = {str(symbol) for symbol in bound.symbols}
    with visit(browser, written(tmp_path / "r", request, values), viewport={"width": 390, "height": 800}) as page:
        assert page.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert agrees(page.value, bound.evaluate(**parse_assignments(values)))
        names = page.page.eval_on_selector_all("#stl-form input[type=range]", "all => all.map(one => one.id.slice(3))")
        assert ("alpha_2" in names) is (kind == "schedule")
        # Proportions of a schedule have a test of their own.
        rows = [{name: chance.random() for name in sorted(known)} for _ in range(POINTS)]
        links = page.page.evaluate(ROWS, rows)
        for link, (shown, *parts) in zip(links, page.page.evaluate(SHOWN, links), strict=True):
            point = {name: float(value) for name, value in
                     (pair.split("=") for pair in link.removeprefix("#at?").split("&")) if name in known}
            assert agrees(shown, bound.evaluate(**point)), (point, shown)
            for part, value in zip(parts, bound.evaluate_terms(**point).values(), strict=True):
                assert agrees(part, value), (point, part)


@pytest.mark.slow
def test_proportions_of_a_schedule(browser: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request, values = KINDS["schedule"]
    other = Request("generic", loop="schedule", assignments=("alphas=0.5,0.9,0.3",)).bound()
    numbers = parse_assignments(values)
    with visit(browser, written(tmp_path / "r", request, values)) as page:
        page.page.evaluate("navigator.clipboard.writeText = text => {window.copied = text; return Promise.resolve()}")
        page.page.fill("#number-alpha_2", "0.9")
        page.page.keyboard.press("Tab")
        assert agrees(page.value, other.evaluate(**numbers))
        page.page.select_option("#stl-axis", "alpha_3")
        assert "alpha_2=0.9" in page.page.evaluate("location.href")
        page.page.click("#stl-latex")
        assert "with the proportions of this report" in page.page.inner_text("#stl-said")
        page.page.click("#stl-python")
        (tmp_path / "copied.py").write_text(page.page.evaluate("window.copied"), encoding="utf-8")
    runpy.run_path(str(tmp_path / "copied.py"))
    assert float(capsys.readouterr().out) == pytest.approx(other.evaluate(**numbers), rel=1e-12)


@pytest.mark.slow
def test_the_keyboard_reaches_everything(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        names = page.page.eval_on_selector_all("#stl-form input[type=range]", "all => all.map(one => one.id.slice(3))")
        wanted = [f"{kind}-{name}" for name in names for kind in ("at", "number")]
        wanted += ["stl-axis", "stl-link", "stl-latex", "stl-python", "stl-reset"]
        seen: list[str] = []
        while "SUMMARY" not in seen and len(seen) < 100:
            page.page.keyboard.press("Tab")
            seen.append(page.page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        assert [name for name in seen if name in wanted] == wanted, "then come the folded parts of the page"
        assert "SUMMARY" in seen
        page.page.focus("#stl-axis")
        page.page.keyboard.press("ArrowDown")
        assert page.page.evaluate("location.href").endswith(f"over={page.page.input_value('#stl-axis')}")
        page.page.focus("#step-1 summary")
        page.page.keyboard.press("Enter")
        assert page.page.get_attribute("#step-1", "open") is not None


def test_numbers_that_a_page_cannot_reach(browser: Browser, address: str) -> None:
    point = "kappa=9&alpha=0&n=10&i=100000&b=1&M=1&c=1&r=1&delta=0.1"
    with visit(browser, address) as page:
        assert page.page.evaluate(NEXT, point) == "overflow"
        assert page.page.inner_text("#stl-verdict") != ""
        assert page.page.evaluate(NEXT, "i=3") not in ("overflow", "")


def test_sliders_boxes_and_keyboard(browser: Browser, address: str) -> None:
    bound = Request("generic").bound()
    values = {name: float(value) for name, value in parse_assignments(GENERIC).items()}
    with visit(browser, address) as page:
        first = page.value
        assert agrees(first, bound.evaluate(**values))
        drawn = page.page.inner_html("#stl-plot")
        page.page.focus("#at-i")
        page.page.keyboard.press("ArrowRight")
        assert page.page.input_value("#number-i") == "8"
        page.page.wait_for_function("text => document.getElementById('stl-value').textContent !== text", arg=first)
        assert agrees(page.value, bound.evaluate(**{**values, "i": 8}))
        assert page.page.inner_html("#stl-plot") != drawn
        # The next stop of the keyboard is the box of the same parameter.
        page.page.keyboard.press("Tab")
        assert page.page.evaluate("document.activeElement.id") == "number-i"
        page.page.fill("#number-alpha", "1/4")
        page.page.fill("#number-i", "1000000")
        page.page.keyboard.press("Tab")
        assert agrees(page.value, bound.evaluate(**{**values, "i": 10**6, "alpha": 0.25}))
        page.page.fill("#number-alpha", "1.5")
        assert page.page.get_attribute("#number-alpha", "aria-invalid") == "true"
        assert "alpha must be in [0, 1]" in page.page.inner_text("#stl-said")
        page.page.keyboard.press("Tab")
        assert page.page.input_value("#number-alpha") == "0.25", "the last value that was allowed"
        # A slider that is dragged.
        box = page.page.locator("#at-kappa").bounding_box()
        assert box
        page.page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
        kappa = float(page.page.input_value("#number-kappa"))
        assert kappa > 3
        page.page.click("#stl-reset")
        assert page.value == first
        for name in values:
            page.page.select_option("#stl-axis", name)
            assert page.page.locator("#stl-plot path.bound").count() == 1
            assert name in str(page.page.get_attribute("#stl-plot", "aria-label"))


@pytest.mark.slow
def test_a_vacuous_bound_says_so(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}#at?i=30") as page:
        assert "vacuous: the gap never exceeds 1.5" in page.page.inner_text("#stl-verdict")
        assert page.page.locator("#stl-plot path.most").count() == 1
    with visit(browser, f"{address}#at?i=3") as page:
        assert page.page.inner_text("#stl-verdict") == ""


@pytest.mark.slow
def test_the_link_carries_the_state(browser: Browser, address: str) -> None:
    with visit(browser, address) as page:
        page.page.fill("#number-n", "54321")
        page.page.select_option("#stl-axis", "kappa")
        shown, link = page.value, page.page.evaluate("location.href")
    assert "n=54321" in link and link.endswith("over=kappa")
    with visit(browser, link) as again:
        assert again.value == shown
        assert again.page.input_value("#number-n") == "54321"
        assert again.page.input_value("#stl-axis") == "kappa"
    # Values outside of their range, unknown names and nonsense are passed over.
    with visit(browser, f"{address}#at?n=0&alpha=2&x=1&i=&M=<b>") as page:
        assert agrees(page.value, Request("generic").bound().evaluate(**parse_assignments(GENERIC)))


@pytest.mark.slow
def test_copying(browser: Browser, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with visit(browser, address) as page:
        page.page.evaluate("navigator.clipboard.writeText = text => {window.copied = text; return Promise.resolve()}")
        page.page.fill("#number-i", "12")
        for button in ("latex", "python", "link"):
            page.page.click(f"#stl-{button}")
            copied = page.page.evaluate("window.copied")
            if button == "latex":
                assert copied == Request("generic").bound().latex("theorem")
            elif button == "link":
                assert copied == page.page.evaluate("location.href")
            else:
                (tmp_path / "copied.py").write_text(copied, encoding="utf-8")
                runpy.run_path(str(tmp_path / "copied.py"))
                value = Request("generic").bound().evaluate(**{**parse_assignments(GENERIC), "i": 12})
                assert float(capsys.readouterr().out) == pytest.approx(value, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 380, 1100])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_widths_and_colours(browser: Browser, address: str, width: int, scheme: Any) -> None:
    with visit(browser, address, viewport={"width": width, "height": 700},
               color_scheme=scheme) as page:
        assert page.page.evaluate("document.documentElement.scrollWidth") <= width, "the page does not scroll sideways"
        colours = page.page.evaluate(
            "[getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.body).color]")
        paper, ink = (sum(json.loads(colour.replace("rgb(", "[").replace(")", "]"))) for colour in colours)
        assert abs(paper - ink) > 400
        assert (paper > ink) == (scheme == "light")
