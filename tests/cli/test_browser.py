"""The pages in a real browser: name, mark, save, label again; and nobody is shut out."""

import html
import json
import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime
from itertools import product
from urllib.parse import unquote

import pandas as pd
import pytest

from retrodetect.lab.simulate import Session, record
from retrodetect.lab.simulate.exports import export_bytes
from retrodetect.training.manifest import Problems, read_labels

pytestmark = pytest.mark.extra("test-browser")

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
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

CHECK = """
for (const fold of document.querySelectorAll("details")) {
  fold.removeAttribute("name");  // of those of a name only one can be open
  fold.open = true;
}
axe.run().then(({violations}) => parent.postMessage({
  page: PAGE,
  wide: document.documentElement.scrollWidth,
  found: violations.map((v) => `${v.impact} ${v.id}: ${v.nodes.map((n) => n.html).slice(0, 3)}`),
}, "*"));
"""
"""Run in each page: with all that folds opened."""

COLLECT = """
const done = [];
addEventListener("message", ({data}) => {
  done.push(data);
  document.title = JSON.stringify(done);
});
"""


@pytest.fixture
def browse(tmp_path):
    """Open a page in the browser; gives the page as it then is."""
    if not BROWSER:
        pytest.skip("no Chromium")

    def dom(page, *settings):
        opened = tmp_path / "opened.html"
        opened.write_text(page)
        line = [
            BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1280,800",
            "--disable-background-networking", "--virtual-time-budget=30000", *settings,
            f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", opened.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout

    return dom


def with_script(page, script):
    """The same page where a person, or a checker, does something."""
    opened = re.sub(r"script-src '[^']*'", "script-src 'unsafe-inline'", page)
    return opened.replace("</body>", f"<script>{{{script}}}</script></body>")


@pytest.fixture(scope="module")
def walks(tmp_path_factory):
    """Two sessions: one without a gyroscope, whose front nobody told, and one with."""
    folder = tmp_path_factory.mktemp("walks <b>")
    for day, (site, has_gyroscope) in enumerate((("lower-back", False), ("thigh", True)), start=2):
        plan = "walk forward 40s, walk backward 20s"
        recording, _ = record(Session(plan, placement=site, app="sensor_logger"))
        start_time = datetime(2026, 3, 7 * day, 9, tzinfo=UTC)
        changes = {} if has_gyroscope else {"angular_rate_radps": None}
        content = export_bytes(recording.with_(start_time=start_time, **changes), "sensor_logger")
        (folder / f"a long name of a walk worn at the {site}.zip").write_bytes(content)
    return folder


@pytest.fixture
def unsettled(walks):
    return next(walks.glob("*lower-back.zip"))


def saved(dom, folder):
    """What the link saves, in a file called as the link calls it, and read as label reads it."""
    (link,) = re.findall(r'<a download="([^"]*)" href="data:text/csv;charset=utf-8,([^"]*)"', dom)
    labels = folder / html.unescape(link[0])
    labels.write_text(unquote(html.unescape(link[1])))
    problems = Problems()
    intervals = read_labels(labels, "page", problems)
    assert problems.sentences == []
    return [(round(i.start_s), round(i.end_s), i.direction) for i in intervals]


def commands(dom):
    texts = [re.sub(r"</?span>", "", text) for text in re.findall(r"<code>(.*?)</code>", dom)]
    return [shlex.split(html.unescape(text)) for text in texts]


def directions(folder):
    table = pd.read_csv(folder / "strides.csv")
    middle_s = (table["start_s"] + table["end_s"]) / 2
    return [set(table["direction"][middle_s.between(*span)]) for span in ((2, 38), (42, 58))]


def test_a_session_is_named_marked_saved_and_labelled_again(
    retrodetect, browse, unsettled, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    retrodetect("label", unsettled, "--placement", "lower-back", "--out", "first", "-q")
    page = (tmp_path / "first/report.html").read_text()
    assert directions(tmp_path / "first") == [{"unknown"}, {"unknown"}]

    dom = browse(with_script(page, f"""
        document.querySelectorAll(".choice summary")[1].click();
        {DRAG} drag(0.1, 0.5); press("forward");
    """))  # fmt: skip
    named, marked = commands(dom)[:2], commands(dom)[2]
    assert [line[line.index("--starts") + 1] for line in named] == ["forward", "backward"]
    (opened,) = re.findall(r'<details class="choice"[^>]*open[^>]*>(.*?)</details>', dom, re.S)
    assert "<span>--starts</span> backward" in opened
    assert re.search(r"I started backward: [67]\d% backward", opened)

    for line, expected in zip(
        named, (["forward", "backward"], ["backward", "forward"]), strict=True
    ):
        retrodetect(*line[1:], "--restart", "-q", "--no-report")
        assert directions(tmp_path / line[-1]) == [{way} for way in expected]

    assert saved(dom, tmp_path) == [(6, 31, "forward")]
    retrodetect(*marked[1:], "-q", "--no-report")
    assert directions(tmp_path / marked[-1]) == [{"forward"}, {"backward"}]
    (row,) = pd.read_csv(tmp_path / marked[-1] / "sessions.csv").to_dict("records")
    assert (row["front"], row["placement"]) == ("marked", "lower-back")


@pytest.fixture
def marking(retrodetect, unsettled, tmp_path):
    """Page of ``annotate``; the recording lasts a minute."""
    retrodetect("annotate", unsettled, "--out", tmp_path / "mark.html")
    return (tmp_path / "mark.html").read_text()


def test_what_is_marked_again_is_cut_out_and_times_can_be_typed_and_removed(
    browse, marking, tmp_path
):
    dom = browse(with_script(marking, DRAG + """
        drag(0.1, 0.6); press("forward"); drag(0.4, 0.2); press("backward");
        drag(0.95, 1.5); press("none");
        const [from, to] = document.querySelectorAll("input");
        from.value = "0:45"; to.value = "0:46,5"; press("sideways");
        from.value = "50"; to.value = "0:52";
        to.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowUp"})); press("backward");
        document.querySelectorAll("ol button")[3].click();
        from.value = "9"; to.value = "what"; press("forward");
    """))  # fmt: skip
    length = float(re.search(r'data-duration="([\d.]+)"', dom)[1])
    assert saved(dom, tmp_path) == [
        (round(0.1 * length), round(0.2 * length), "forward"),
        (round(0.2 * length), round(0.4 * length), "backward"),
        (round(0.4 * length), round(0.6 * length), "forward"),
        (50, 53, "backward"), (round(0.95 * length), round(length), "still"),
    ]  # fmt: skip


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_fit_a_phone_and_shut_nobody_out(
    retrodetect, browse, walks, unsettled, marking, tmp_path, dark
):
    from axe_core_python.base import AXE_SCRIPT

    retrodetect("label", walks, "--out", tmp_path / "all", "--goal", 40, "--jobs", 1, "-q")
    retrodetect("label", unsettled, "--out", tmp_path / "one", "--jobs", 1, "-q")
    pages = [(tmp_path / name / "report.html").read_text() for name in ("all", "one")] + [marking]
    frames = [
        f'<iframe title="{number}" style="width:{width}px;height:900px" srcdoc="'
        + html.escape(with_script(page, f"{AXE_SCRIPT};const PAGE = {number};{CHECK}"))
        + '"></iframe>'
        for number, (page, width) in enumerate(product(pages, (390,) if dark else (390, 1280)))
    ]
    shades = ["--blink-settings=preferredColorScheme=0"] * dark
    dom = browse(f"<title></title><script>{COLLECT}</script>{''.join(frames)}", *shades)
    checked = json.loads(html.unescape(re.search(r"<title>(.*?)</title>", dom, re.S)[1]))
    assert len(checked) == len(frames)
    assert [found for page in checked for found in page["found"]] == []
    assert sum(page["wide"] <= 390 for page in checked) == len(pages)
    assert not any(re.search(r"(src|href)=.https?://", page) for page in pages)
