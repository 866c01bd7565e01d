import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from retrodetect.direction.card import Card
from retrodetect.library.result import COLOURS
from retrodetect.recording import Annotation, Caution, Finding, Recording, Topic
from retrodetect.report import _wall, annotate, facts, overview, page, trace_of, view_of
from retrodetect.tables import sessions_table
from retrodetect.tally import tally, words
from retrodetect.tally.details import details
from retrodetect.tally.energy import Course, Pace
from retrodetect.tally.folder import sessions_apart, weeks

F, B, U = "forward", "backward", "unknown"
NASTY = "<script>alert(1)</script> \"quoted\" 'and' =cmd \x07 \u202e$x$"
CARD = Card(
    name="noise",
    summary="For tests.",
    weaknesses=["<b>bold</b>"],
    scores=[{"placement": "waist", "evidence": "virtual", "recall_backward": 1}],
)
FIRST_DAY = "2026-03-01T09:00:00"
RUN = {
    "version": "0", "model": {"name": "noise", "sha256": "0" * 64},
    "counts": {"inputs": 2, "ok": 1}, "times": {"began": "2026-01-01T00:00:00+00:00"},
}  # fmt: skip


@pytest.fixture
def recording():
    time_s = np.arange(0, 60, 0.02)
    acceleration = np.column_stack([0 * time_s, np.sin(12 * time_s), 9.81 + np.cos(12 * time_s)])
    return Recording(
        NASTY, time_s, acceleration, 50.0, "made",
        findings=(Finding("unit", NASTY, "assumed"),), warnings=(NASTY,),
        annotations=(Annotation(1.0, 2.0, NASTY),),
    )  # fmt: skip


@pytest.fixture
def strides():
    directions = [F] * 20 + [U] * 2 + [B] * 20
    start = np.arange(len(directions), dtype=float) + 5
    return pd.DataFrame(
        {
            "recording": NASTY, "bout": 0, "start_s": start, "end_s": start + 1, "gait": "walk",
            "direction": directions, "p_backward": [float(d == B) for d in directions],
            "reason": ["sideways" if d == U else "" for d in directions],
            "side": ["" if d == U else "AB"[d == B] for d in directions],
            "stride_length_m": np.nan,
        }
    )  # fmt: skip


@pytest.fixture
def contacts_s(strides):
    return np.arange(5, 47, 0.5)


def rows_of(strides):
    ok = {
        "recording": NASTY, "status": "ok", "message": "", "format": "made",
        "placement": "trunk?", "front": "inferred", "rate_hz": 50.0, "duration_s": 60.0,
        **tally(strides), "model": "noise", "version": "0",
        "start_time": "2026-03-01T09:00:00+01:00",
        **details(strides, np.empty(0), "trunk?", Course.joined([]), Pace()).fields,
    }  # fmt: skip
    return sessions_table([ok, {"recording": "gone", "status": "failed", "message": NASTY}])


class Elements(HTMLParser):
    """Tags with their attributes, and all text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def by_week(sessions):
    return weeks(sessions_apart([sessions]))


def paged(sessions, views, card, run):
    return page(sessions, views, card, run, by_week(sessions))


def viewed(recording, strides, contacts_s, *, fine=True):
    found = details(strides, contacts_s, "waist", Course.joined([]), Pace())
    trace = trace_of(recording)
    view = view_of(
        recording,
        strides,
        contacts_s,
        trace,
        found.bouts,
        path="in/noise.csv",
        cautions=[Caution(Topic.READING, "a gap & more")],
        fine=fine,
    )
    lists = {"bouts": found.bouts.to_dict("list"), "repeats": found.repeats.to_dict("list")}
    return json.loads(json.dumps({**view, "lists": lists}))


@pytest.fixture
def html(recording, strides, contacts_s):
    views = [viewed(recording, strides, contacts_s), None]
    return paged(rows_of(strides), views, CARD, RUN)


def test_the_page_runs_only_its_own_script_and_asks_nothing_of_any_network(html):
    found = Elements(html)
    tags = [tag for tag, _ in found.tags]
    assert not {"iframe", "link", "object"} & set(tags)
    assert tags.count("script") == 1
    (script,) = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html
    assert not re.search(r"fetch|XMLHttpRequest|WebSocket|import\(|https?:", script)
    for tag, attributes in found.tags:
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("src", "href"):
                assert value.startswith("#"), (tag, value)
    assert "url(" not in html
    assert "default-src 'none'" in html


def test_names_findings_and_messages_are_shown_as_text(html):
    text = "".join(Elements(html).text)
    # In a finding, a note and a failure; where a name heads something, its middle is left out.
    assert text.count("<script>alert(1)</script> \"quoted\" 'and' =cmd") >= 3
    assert text.count("<script>aler") >= 5
    assert "\x07" not in html
    assert "\u202e" not in html
    assert "<b>bold</b>" in text


@pytest.mark.parametrize("count", [1, 3])
def test_what_assumed_shares_rest_on_is_said_once_on_a_page(recording, strides, contacts_s, count):
    row = rows_of(strides).to_dict("records")[0]
    for told_apart_by, times in (("habit", 1), ("signal", 0)):
        sessions = sessions_table([{**row, "told_apart_by": told_apart_by}] * count)
        html = paged(sessions, [viewed(recording, strides, contacts_s)] * count, CARD, RUN)
        assert html.count(words.HABIT) == times
        assert html.count("<small>Assumed.</small>") == times * count * (count > 1)


def test_the_page_tells_counts_share_evidence_and_failures(html):
    text = re.sub(r"\s+", " ", " ".join(Elements(html).text))
    for phrase in (
        "50% backward",
        "Strides 20 20 2",
        "trunk (inferred)",
        "virtual sensors only",
        "failed:",
        "assumed",
    ):
        assert phrase in text


@pytest.mark.parametrize("run", [RUN, RUN | {"goal": 0.4}])
def test_every_row_fills_its_table_and_has_a_head(recording, strides, contacts_s, run):
    page_of = paged(rows_of(strides), [viewed(recording, strides, contacts_s), None], CARD, run)
    tables = re.findall(r"<table.*?</table>", page_of, flags=re.DOTALL)
    assert len(tables) == 4  # numbers by direction, scores, findings, weeks
    for table in tables:
        rows = [
            [(tag, given) for tag, given in Elements(row).tags if tag in ("th", "td")]
            for row in re.findall(r"<tr>.*?</tr>", table, flags=re.DOTALL)
        ]
        widths = {sum(int(given.get("colspan", 1)) for _, given in row) for row in rows}
        assert len(widths) == 1, table
        assert all("scope" in given for row in rows for tag, given in row if tag == "th")
        if "Repeats" not in table:
            assert all(row[0][0] == "th" for row in rows[1:])


def test_every_image_and_drawing_has_words_for_those_who_do_not_see_it(html):
    for tag, attributes in Elements(html).tags:
        assert tag != "img"
        if tag == "svg":
            is_hidden = attributes.get("aria-hidden") == "true"
            assert is_hidden or len(attributes["aria-label"]) > 20
        if tag == "svg" and attributes.get("class") == "timeline":
            assert "20 forward, 20 backward and 2 unknown" in attributes["aria-label"]


def test_a_hint_that_contradicts_the_signal_is_doubted_above_all_that_folds(
    recording, strides, contacts_s
):
    view = viewed(recording, strides, contacts_s)
    said = "--backward 20-40 contradicts the signal, which shows <b>"
    view["cautions"] = [["reading", "a gap"], ["contradiction", said]]
    page_of = paged(rows_of(strides), [view, None], CARD, RUN)
    article = page_of[page_of.index("<article") :]
    doubt = article.index("Check what you said:</strong> --backward 20-40 contradicts the signal")
    assert doubt < article.index("<details")


def test_the_timeline_has_one_bar_for_each_run_of_strides(html):
    timeline = html[html.index('class="timeline"') :].partition("</svg>")[0]
    bars = [attributes["class"] for tag, attributes in Elements(timeline).tags if tag == "rect"]
    assert bars == [F, U, B]


def test_each_bout_opens_to_its_signal_without_any_script(html):
    tags = Elements(html).tags
    bouts = [attributes for tag, attributes in tags if attributes.get("class") == "bout"]
    signals = [attributes for tag, attributes in tags if attributes.get("class") == "signal"]
    assert len(bouts) == len(signals) == 3
    assert all("initial contacts" in signal["aria-label"] for signal in signals)


def test_times_on_later_days_bear_their_date():
    assert _wall("2026-03-01T23:59:50+01:00", 5) == "23:59:55"
    assert _wall("2026-03-01T23:59:50+01:00", 15) == "03-02 00:00:05"
    assert _wall("", 90_000) == "25:00:00"


@pytest.mark.parametrize(("seconds", "shown"), [(105.6, "0:01:45"), (59.9999, "0:01:00")])
def test_a_moment_is_in_the_same_second_with_and_without_a_date(seconds, shown):
    assert _wall("", seconds) == shown
    assert _wall("2026-03-01T00:00:00", seconds) == f"0{shown}"


def test_a_goal_is_held_against_the_interval(recording, strides, contacts_s):
    views = [viewed(recording, strides, contacts_s), None]
    assert "reached" in paged(rows_of(strides), views, CARD, RUN | {"goal": 0.1})
    assert "below" in paged(rows_of(strides), views, CARD, RUN | {"goal": 0.9})


def test_what_no_table_holds_is_told_as_data(recording, strides, contacts_s):
    rows, views = rows_of(strides).head(1), [viewed(recording, strides, contacts_s)]
    data = facts(rows, views, CARD, by_week(rows))
    assert data["recordings"][0]["findings"] == [["unit", NASTY, "assumed"]]
    assert data["recordings"][0]["evidence"] == CARD.scores
    assert data["weeks"][0]["week"] == "2026-W09"


def test_the_trace_keeps_the_time_and_thins_the_signal(recording):
    trace = trace_of(recording)
    assert len(trace) == len(recording.time_s) / 2
    assert trace[0, 0] == pytest.approx(0.01)
    assert np.abs(trace[:, 1]).max() < 2


@pytest.mark.parametrize(
    ("start_time", "ends"),
    [("", ("0:00", "1:40")), ("2026-03-01T09:00:00", ("0:00 (09:00:00)", "1:40 (09:01:40)"))],
)
def test_the_page_to_mark_on_shows_the_time_that_is_typed_there(start_time, ends):
    marked = {"name": "walk", "path": "walk.csv", "duration_s": 100.0, "overview": ""}
    html = annotate([marked | {"start_time": start_time}], [])
    assert "<span>{}</span><span>{}</span>".format(*ends) in html


def test_nothing_is_drawn_in_a_gap():
    time_s = np.r_[0:10:0.02, 30:40:0.02]
    moving = np.column_stack([np.zeros((1000, 2)), np.tile([15.0, 5.0], 500)])
    trace = trace_of(Recording("gap", time_s, moving, 50.0, "made"))
    assert not ((trace[:, 0] > 10) & (trace[:, 0] < 30)).any()
    drawn = overview(trace, fine=True)
    points = np.array([point.split() for point in re.findall(r"[\d.]+ [\d.]+", drawn)], dtype=int)
    (before,) = np.flatnonzero(np.diff(points[:, 0]) > 400)
    assert points[before : before + 2].tolist() == [[249, 100], [751, 100]]
    assert points[before - 1, 1] < 100 > points[before + 2, 1]


@pytest.mark.parametrize(
    ("last", "labels"),
    [
        ("2026-03-01T19:00:00", ["03-01", "03-01"]),
        ("2026-03-20T09:00:00", ["03-02", "03-09", "03-16"]),
        ("2028-03-20T09:00:00", ["2027", "2028"]),
        ("2043-03-20T09:00:00", ["2027", "2030", "2033", "2036", "2039", "2042"]),
    ],
)
def test_dates_below_the_chart_say_their_year_where_it_changes(
    recording, strides, contacts_s, last, labels
):
    first, second = (rows_of(strides).head(1).assign(start_time=day) for day in (FIRST_DAY, last))
    sessions = pd.concat([first, second], ignore_index=True)
    html = paged(sessions, [viewed(recording, strides, contacts_s)] * 2, CARD, RUN)
    chart = html[html.index('class="chart"') : html.index("</svg>")]
    assert re.findall(r">(\d[\d-]+)</text>", chart) == labels


def test_the_same_session_gives_the_same_view(recording, strides, contacts_s):
    first, second = (viewed(recording, strides, contacts_s) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("samples", [0, 1, 500])
def test_a_session_without_strides_has_a_view(strides, samples):
    short = Recording("short", np.arange(samples) / 50, np.full((samples, 3), 5.6), 50.0, "made")
    assert viewed(short, strides.iloc[:0], np.empty(0))["close_ups"] == []


def test_the_colours_are_apart_in_lightness_or_hue_for_everyone():
    """Simulated colour vision after Viénot, Brettel & Mollon (1999): distances stay large."""
    to_lms = np.array([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714],
                       [0.0299566, 0.184309, 1.46709]])  # fmt: skip
    missing = {
        "protan": np.array([[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]]),
        "deutan": np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]]),
    }
    rgb = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in COLOURS.values()])
    style = files("retrodetect.report").joinpath("style.css").read_text("utf-8")
    assert all(f"--{way}: {colour.lower()};" in style for way, colour in COLOURS.items())
    for kind in missing.values():
        seen = rgb**2.2 @ (np.linalg.inv(to_lms) @ kind @ to_lms).T
        gaps = np.linalg.norm(seen[:, None] - seen[None], axis=2)[np.triu_indices(3, 1)]
        assert gaps.min() > 0.1


def test_a_real_session_goes_from_recording_to_page(tmp_path, write_walk, noise_model):
    import retrodetect as rd

    recording = rd.read(write_walk(tmp_path / "walk.csv"))
    result = rd.label(recording, model=noise_model)
    view = viewed(recording, result.strides, result.contacts_s)
    assert paged(rows_of(result.strides), [view, None], CARD, RUN)
