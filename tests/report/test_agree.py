"""Terminal, page and tables say the same of any session, and nothing in them contradicts."""

import re
from io import StringIO

import numpy as np
import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from retrodetect.cli.terminal import _cells
from retrodetect.report import page
from retrodetect.tables import csv_text, sessions_table
from retrodetect.tally import tally, words
from retrodetect.tally.details import details
from retrodetect.tally.energy import Course, Pace
from retrodetect.tally.folder import weeks

WAYS = ("forward", "backward", "unknown")
RUN = {
    "version": "0", "model": {"name": "noise", "sha256": ""}, "counts": {"inputs": 1, "ok": 1},
    "times": {"began": "2026-01-01T00:00:00+00:00"}, "goal": 0.4,
}  # fmt: skip


@st.composite
def sessions(draw):
    """Row and view of any session: a few runs of strides, walked or run, in any direction."""
    run = st.tuples(
        st.sampled_from(["forward", "backward", "weak", "sideways"]),
        st.integers(1, 40),
        st.sampled_from(["walk", "run"]),
    )
    runs = draw(st.lists(run, min_size=1, max_size=5))
    kind, gait = (np.repeat([run[n] for run in runs], [run[1] for run in runs]) for n in (0, 2))
    start_s = np.cumsum(np.full(len(kind), draw(st.floats(0.7, 1.6))))
    named = np.isin(kind, WAYS)
    strides = pd.DataFrame(
        {
            "bout": 0, "start_s": start_s, "end_s": np.append(start_s[1:], start_s[-1] + 1),
            "gait": gait, "direction": np.where(named, kind, "unknown"),
            "p_backward": np.select([kind == "forward", kind == "backward"], [0.01, 0.99], 0.5),
            "reason": np.where(named, "", kind), "stride_length_m": np.nan,
        }
    )  # fmt: skip
    pace = Pace(draw(st.none() | st.floats(0.5, 5.0)))
    more = details(strides, np.empty(0), "waist", Course.joined([]), pace)
    row = {
        "recording": "walk", "status": "ok", "message": "", "format": "made",
        "placement": "waist", "front": draw(st.sampled_from(["given", "inferred", "unknown"])),
        "told_apart_by": draw(st.sampled_from(["signal", "habit", "wearer"])),
        "duration_s": float(strides["end_s"].max()), "start_time": "",
        **tally(strides), **more.fields,
    }  # fmt: skip
    lists = {"bouts": more.bouts.to_dict("list"), "repeats": more.repeats.to_dict("list")}
    view = {
        "path": "walk", "findings": [], "cautions": [], "annotations": [], "start_time": "",
        "sides": [0, 0], "overview": "", "close_ups": [], "lists": lists,
    }  # fmt: skip
    return row, view


def cells_of(html, head):
    """Cells of a row of the tally on the page, without the count of sideways strides."""
    row = re.search(rf'<th scope="row">{re.escape(head)}</th>(.*?)</tr>', html, re.S)[1]
    plain = re.sub(r"<small>.*?</small>|\u202f", "", row)
    return [cell.strip() for cell in re.findall(r"<td.*?>(.*?)</td>", plain, re.S)]


def in_seconds(text):
    minutes, seconds = text.split(":")
    return 60 * int(minutes) + int(seconds)


@given(sessions())
@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_terminal_page_and_table_never_disagree(session):
    row, view = session
    table = sessions_table([row])
    (written,) = pd.read_csv(StringIO(csv_text(table, header=True))).to_dict("records")
    html = page(table, [view], None, RUN, weeks(table))
    shown = cells_of(html, "Strides")
    assert shown == [str(written[f"{way}_strides"]) for way in WAYS]
    assert sum(map(int, shown)) == written["strides"]
    assert f"{shown[0]} forward, {shown[1]} backward and {shown[2]} unknown strides" in html
    for column in (0, 1):
        walked, ran = (int(cells_of(html, f"{gait} strides")[column]) for gait in ("Walked", "Run"))
        assert walked + ran == int(shown[column])

    times = [in_seconds(text) for text in cells_of(html, "Time (min:s)")]
    total = words.clock(sum(times))
    headline = re.findall(r"<span>(.*?)</span>", re.search(r"<h1.*?</h1>", html, re.S)[0])
    assert headline[1] == f"{total if sum(times) < 600 else round(sum(times) / 60)}\u00a0min"

    _, forward, backward, unknown, minutes, share, how_sure, goal = _cells(
        table.to_dict("records")[0], 0.4
    )
    assert [forward, backward, unknown.partition(" ")[0]] == shown
    assert minutes == total
    assert headline[0] in (f"{share} backward", f"backward share {share}")
    assert headline[-1] == f"goal 40%: {goal}"
    sentence = re.search(r"</h1>\s*<p>(.*?)</p>", html)[1]
    begins = {
        "sure": "Sure", "fairly sure": "Fairly sure", "range only": "Only a range",
        "not settled": "Not settled", "assumed": "* assumed",
    }  # fmt: skip
    assert sentence.startswith(begins[how_sure])
    if counts := re.search(r"(\d+) of (\d+) strides have no direction", sentence):
        assert counts.groups() == (shown[2], str(written["strides"]))
    if ends := re.search(r"([\d.]+)% to ([\d.]+)%", sentence):
        level = 100 * written["backward_share"]
        half_a_digit = 0.05 if "." in ends[1] else 0.5
        assert float(ends[1]) - half_a_digit <= level <= float(ends[2]) + half_a_digit
    if distance := [part for part in headline[2:-1] if part.endswith("m")]:
        parts = [float(text) for text in cells_of(html, "Distance (m)")[:2] if text != "–"]
        metres = float(distance[0].split("\u00a0")[0]) * (1000 if "km" in distance[0] else 1)
        assert abs(sum(parts) - metres) <= (52 if "km" in distance[0] else 1.5)
