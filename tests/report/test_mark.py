"""Marking on a page, in a real browser; skipped where there is none."""

import html
import re
import shutil
import subprocess
from urllib.parse import unquote

import pytest

from retrodetect.report import annotate
from retrodetect.training.manifest import Problems, read_labels

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
NAME = "walk <b>.zip"
PAGE = annotate(
    [{"name": NAME, "duration_s": 100.0, "start_time": "", "overview": "M0 100L0 0 1000 0Z"}]
)
DRAG = """
const strip = document.querySelector(".track");
const drag = (a, b) => {
  const edges = strip.getBoundingClientRect();  // a scroll bar may have come
  for (const [kind, x] of [["pointerdown", a], ["pointermove", b], ["pointerup", b]]) {
    const clientX = edges.left + x * edges.width;
    strip.dispatchEvent(new PointerEvent(kind, {clientX, bubbles: true}));
  }
};
const press = (way) => document.querySelector(`[data-direction=${way}]`).click();
"""


def browse(tmp_path, actions):
    """The page after a person did something, as the browser holds it."""
    if BROWSER is None:
        pytest.skip("no Chromium here: marking in a browser was NOT tested")
    opened = re.sub(r"script-src '[^']*'", "script-src 'unsafe-inline'", PAGE)
    page = tmp_path / "page.html"
    page.write_text(opened.replace("</body>", f"<script>{{{DRAG}{actions}}}</script></body>"))
    line = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=390,800",
            f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()]  # fmt: skip
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def saved(dom, tmp_path):
    """What the link saves, read as train and label read it."""
    (link,) = re.findall(r'href="data:text/csv;charset=utf-8,([^"]*)"', dom)
    labels = tmp_path / "labels.csv"
    labels.write_text(unquote(html.unescape(link)))
    problems = Problems()
    intervals = read_labels(labels, "page", problems)
    assert problems.sentences == []
    return [(round(i.start_s), round(i.end_s), i.direction) for i in intervals]


def test_a_drag_marks_and_what_is_marked_again_is_cut_out(tmp_path):
    dom = browse(tmp_path, """
        drag(0.1, 0.6); press("forward"); drag(0.4, 0.2); press("backward");
        drag(0.9, 1.5); press("none");
    """)  # fmt: skip
    assert saved(dom, tmp_path) == [
        (10, 20, "forward"), (20, 40, "backward"), (40, 60, "forward"), (90, 100, "still"),
    ]  # fmt: skip


def test_times_can_be_typed_stepped_and_marks_removed(tmp_path):
    dom = browse(tmp_path, """
        const [from, to] = document.querySelectorAll("input");
        from.value = "0:05"; to.value = "1:01,5"; press("sideways");
        from.value = "70"; to.value = "1:19";
        to.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowUp"})); press("backward");
        document.querySelector("ol button").click();
        from.value = "9"; to.value = "what"; press("forward");
    """)  # fmt: skip
    assert saved(dom, tmp_path) == [(70, 80, "backward")]


def test_the_page_fits_a_phone_and_names_no_place_outside(tmp_path):
    dom = browse(tmp_path, "document.title = document.documentElement.scrollWidth;")
    assert int(re.search(r"<title>(\d+)</title>", dom)[1]) <= 500  # the least window there is
    assert "&lt;b&gt;" in PAGE
    assert not re.search(r"https?://", PAGE)
