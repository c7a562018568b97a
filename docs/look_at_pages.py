"""Opens every built page in a browser without a network: mathematics set, nothing wider than a phone, nothing missing.

The build of the guide does it by itself (`conf.py`). `python docs/look_at_pages.py docs/_build/html` does it again, for
the pages that are named; with `--shots FOLDER` it also takes a picture of each of them, on a desktop and on a phone, in
light and in dark.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Widths of a desktop and of a phone, in pixels.
WIDTHS = {"desktop": 1280, "phone": 390}

#: What a page has to say for itself once MathJax is done.
QUESTIONS = r"""async () => {
    if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
    const found = [];
    for (const error of document.querySelectorAll("mjx-merror, [data-mjx-error]"))
        found.push("MathJax refuses " + (error.getAttribute("data-mjx-error") || error.textContent));
    for (const formula of document.querySelectorAll("span.math, div.math"))
        if (!formula.querySelector("mjx-container")) found.push("not set: " + formula.textContent.slice(0, 60));
    const walker = document.createTreeWalker(document.querySelector("[role=main]") || document.body,
                                             NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode;
        if (text.parentElement.closest("pre, code, script, style, svg, mjx-container, .math")) continue;
        const raw = text.data.match(/\\(?:[a-zA-Z]{2,}|\(|\[)|\$\$|\$[^$\s][^$]*\$|\{(?:py|doc|ref):/);
        if (raw) found.push("raw markup: " + text.data.slice(Math.max(0, raw.index - 20), raw.index + 40));
    }
    for (const image of document.images)
        if (image.complete && !image.naturalWidth) found.push("no image: " + image.getAttribute("src"));
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > room) {
        const wide = [...document.querySelectorAll("[role=main] *")].filter(
            element => element.getBoundingClientRect().right > room + 1);
        found.push(`${document.documentElement.scrollWidth - room} pixels wider than the window: `
                   + wide.slice(0, 3).map(box => box.tagName + " " + box.textContent.slice(0, 40)).join("; "));
    }
    for (const box of document.querySelectorAll("[role=main] :is(table, pre, svg, img, mjx-container)")) {
        if (box.closest("mjx-assistive-mml")) continue;
        let right = box.getBoundingClientRect().right, outer = box, scrolls = false;
        while ((outer = outer.parentElement) && !scrolls)
            scrolls = ["auto", "scroll"].includes(getComputedStyle(outer).overflowX);
        if (right > room + 1 && !scrolls)
            found.push("cut off: " + box.tagName + " " + box.textContent.trim().slice(0, 60));
    }
    return found;
}"""


def complaints(folder: Path, pages: dict[str, list[Path]], shots: Path | None = None) -> Iterator[str]:
    """What is wrong with pages of a build, one line each; pictures are taken on the way.

    Parameters
    ----------
    folder : Path
        The build.
    pages : dict of str to list of Path
        Which pages to look at on which device.
    shots : Path, optional
        Where pictures go.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for device, width in WIDTHS.items():
            page = opened.new_context(viewport={"width": width, "height": 900}, offline=True).new_page()
            heard: list[str] = []
            page.on("request", lambda request, heard=heard: heard.append(f"asks for {request.url}")
                    if not request.url.startswith(("file:", "data:", "blob:")) else None)
            page.on("requestfailed", lambda request, heard=heard: heard.append(f"does not get {request.url}"))
            page.on("pageerror", lambda error, heard=heard: heard.append(str(error)))
            for path in pages[device]:
                heard.clear()
                page.goto(path.as_uri(), wait_until="load")
                name = path.relative_to(folder).with_suffix("")
                for said in (*page.evaluate(QUESTIONS), *heard):
                    yield f"{name} ({device}): {said}"
                if shots is not None:
                    _pictures(page, shots / f"{str(name).replace('/', '.')}.{device}")
        opened.close()


def _pictures(page: Any, name: Path) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=f"{name}.{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")


def written_pages(folder: Path) -> list[Path]:
    """The pages of a build but those of the API."""
    return sorted(path for path in folder.glob("*.html") if path.stem not in {"genindex", "py-modindex", "search"})


def look_at_build(folder: Path) -> list[str]:
    """What is wrong with a build; pages of the API, which are all made alike, are looked at on a phone only."""
    written, generated = written_pages(folder), sorted((folder / "_api").glob("*.html"))
    return list(complaints(folder, {"desktop": written, "phone": [*written, *generated]}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="*", help="names of pages, such as theory; those that are written, unless given")
    parser.add_argument("--shots", type=Path)
    chosen = parser.parse_args()
    folder = chosen.folder.resolve()
    pages = written_pages(folder)
    if chosen.pages:
        pages = [page for page in (*pages, *(folder / "_api").glob("*.html")) if page.stem in chosen.pages]
    if not pages:
        parser.error(f"no such pages in {folder}")
    if chosen.shots:
        chosen.shots.mkdir(parents=True, exist_ok=True)
    found = list(complaints(folder, dict.fromkeys(WIDTHS, pages), chosen.shots))
    sys.stdout.write("\n".join([*found, f"{len(pages)} pages, {len(found)} complaints"]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
