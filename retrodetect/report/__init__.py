"""Report: one self-contained HTML page about sessions, which needs no network.

``trace_of`` thins the signal, ``view_of`` keeps what a page shows of a session, ``page`` makes the
page, and ``facts`` returns the data that no table contains. ``annotate`` makes a page for marking.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from typing import Any

import jinja2
import numpy as np
import pandas as pd
from markupsafe import Markup, escape
from numpy.typing import NDArray

from retrodetect.direction.card import Card
from retrodetect.recording import STANDARD_GRAVITY_MPS2, Caution, FloatArray, Recording
from retrodetect.sites import GROUPS, PLACEMENTS, group_of
from retrodetect.tables import truncated_list, visible
from retrodetect.tally import words
from retrodetect.tally.folder import counted, outside_weeks, totals

__all__ = ["annotate", "facts", "overview", "page", "trace_of", "view_of"]

MOST_DATES = 6
"""Most dates below a chart that do not overlap on a phone."""

LONGEST_BY_WEEK = timedelta(days=400)
"""Longer histories have a line for each year: lines for weeks would turn the chart grey."""

TRACE_HZ = 20.0
"""Rate of the thinned signal: an impact is still a peak, and a day takes 28 MB."""

SEEN_GAP_S = 1.0
"""Shorter gaps are no wider than a point in an overview of some minutes."""

CUTOUT_MARGIN_S = 2.0
CUTOUT_S = {True: 16.0, False: 8.0}
MOST_CUTOUTS = {True: 60, False: 16}
"""Length and number of a session's cut-outs, on a page with few sessions or with many, so that
200 sessions stay under 10 MB."""

OVERVIEW_COLUMNS = {True: 400, False: 120}
"""Columns of the overview: about as many as a phone is points wide."""

TENTHS = 10
"""Signals are drawn to a tenth of a m/s², which is finer than a screen."""


def trace_of(recording: Recording) -> FloatArray:
    """Thin the size of the acceleration to about ``TRACE_HZ``.

    Parameters
    ----------
    recording
        A recording or a part of one.

    Returns
    -------
    (n, 2) array
        Time in seconds, and the mean size around it in m/s², less gravity.
    """
    size: FloatArray = np.linalg.norm(recording.acceleration_mps2, axis=1)
    if recording.gravity == "total":
        size = size - STANDARD_GRAVITY_MPS2
    step = max(int(recording.rate_hz // TRACE_HZ), 1)
    first = np.union1d(np.arange(0, len(size), step), _after_gaps(recording.time_s))
    if not len(first):
        return np.empty((0, 2))
    counts = np.diff(np.append(first, len(size)))
    return np.column_stack(
        [np.add.reduceat(values, first) / counts for values in (recording.time_s, size)]
    )


def _after_gaps(time_s: FloatArray) -> NDArray[np.intp]:
    """Return the rows that follow a gap long enough to be visible."""
    return np.flatnonzero(np.diff(time_s) > SEEN_GAP_S) + 1


def overview(trace: FloatArray, *, fine: bool) -> str:
    """Draw the motion over the whole recording.

    Parameters
    ----------
    trace : (n, 2) array
        From `trace_of`, all parts of the recording.
    fine
        Whether the page has few sessions.

    Returns
    -------
    str
        SVG path in a box of 1000 by 100; empty without samples.
    """
    if not len(trace) or trace[-1, 0] <= 0:
        return ""
    after = _after_gaps(trace[:, 0])
    even = np.linspace(0, len(trace), OVERVIEW_COLUMNS[fine], endpoint=False).astype(int)
    first = np.union1d(even, after)
    largest = np.maximum.reduceat(np.abs(trace[:, 1]), first)
    top = max(float(np.quantile(largest, 0.98)), 1.0)
    x = np.rint(1000 * trace[first, 0] / trace[-1, 0]).astype(int)
    y = np.rint(100 - 100 * np.minimum(largest / top, 1)).astype(int)
    # Draw no motion in a gap.
    edges_s = np.column_stack([trace[after - 1, 0], trace[after, 0]]).ravel()
    at = np.repeat(np.searchsorted(first, after), 2)
    x = np.insert(x, at, np.rint(1000 * edges_s / trace[-1, 0]).astype(int))
    y = np.insert(y, at, 100)
    return f"M0 100L{' '.join(f'{a} {b}' for a, b in zip(x, y, strict=True))} 1000 100Z"


def view_of(
    recording: Recording,
    strides: pd.DataFrame,
    contacts_s: FloatArray,
    trace: FloatArray,
    bouts: pd.DataFrame,
    *,
    path: str,
    cautions: Sequence[Caution],
    fine: bool,
) -> dict[str, Any]:
    """Keep what a page shows of a session.

    Parameters
    ----------
    recording, strides
        As read, and as from :func:`retrodetect.label`.
    contacts_s : (k,) array
        Initial contacts in seconds from the first sample.
    trace : (n, 2) array
        Thinned signal, as from :func:`retrodetect.report.trace_of`.
    bouts : DataFrame
        Runs in one direction and gait, as in ``bouts.csv``.
    path
        Path of its file, as the user named it.
    cautions
        What to know of it, with topics.
    fine
        Whether the page has few sessions, so that there is room for more of the signal.

    Returns
    -------
    dict
        Fit for JSON: ``path``, ``findings`` (topic, value, ground), ``cautions`` (topic, text),
        ``annotations``, ``start_time``, ``sides`` (strides on side A and on side B), ``overview``
        and ``close_ups`` (SVG paths).
    """
    start = recording.start_time
    return {
        "path": path,
        "findings": [
            [finding.topic, finding.value, finding.ground] for finding in recording.findings
        ],
        "cautions": [[str(topic), text] for topic, text in cautions],
        "annotations": [[note.start_s, note.end_s, note.text] for note in recording.annotations],
        "start_time": start.isoformat(timespec="milliseconds") if start else "",
        "sides": [int((strides["side"] == side).sum()) for side in "AB"],
        "overview": overview(trace, fine=fine),
        "close_ups": _close_ups(trace, contacts_s, bouts, fine=fine),
    }


def page(
    sessions: pd.DataFrame,
    views: Sequence[Mapping[str, Any] | None],
    card: Card | None,
    run: Mapping[str, Any],
    by_week: pd.DataFrame,
) -> str:
    """Make the page of a run.

    Parameters
    ----------
    sessions : DataFrame
        Rows of ``sessions.csv``.
    views
        One for each row, as from `view_of`, with ``lists`` of its
        bouts and repeats; None for failures, and if only the counts are known.
    card
        Card of the model; None if the sessions are of several.
    run
        Content of ``run.json``.
    by_week : DataFrame
        From :func:`retrodetect.tally.folder.weeks`.

    Returns
    -------
    str
        HTML; every text from outside is escaped.
    """
    rows = [
        {
            **row,
            "number": number,
            "view": view,
            "evidence": _evidence(card, row["placement"]),
            "bouts_shown": _rows(view, "bouts"),
            "legs": _rows(view, "repeats"),
        }
        for number, (row, view) in enumerate(zip(sessions.to_dict("records"), views, strict=True))
    ]
    total = {**totals(sessions), **words.added_up(sessions[counted(sessions)].to_dict("records"))}
    is_alone = len(rows) == 1 and rows[0]["status"] == "ok"
    lead = rows[0] if is_alone else total
    weekly = by_week.to_dict("records")
    return _render(
        "page.html.j2",
        sessions=rows,
        shown=[row for row in rows if row["status"] == "ok" and row["view"]],
        lead=lead,
        footnote=words.footnote([*rows, lead, *weekly]),
        total=total,
        chart=_chart(sessions),
        weeks=weekly,
        outside=outside_weeks(sessions, by_week),
        left_out=run.get("left_out", []),
        skipped=run.get("skipped", {}),
        card=card,
        run=run,
        arguments=run.get("arguments", []),
        goal=run.get("goal"),
    )


def facts(
    sessions: pd.DataFrame,
    views: Sequence[Mapping[str, Any] | None],
    card: Card,
    by_week: pd.DataFrame,
) -> dict[str, Any]:
    """Return as data what the page shows and no table contains.

    Parameters
    ----------
    sessions : DataFrame
        Rows of ``sessions.csv``.
    views, card, by_week
        As for `page`.

    Returns
    -------
    dict
        Fit for JSON: ``recordings`` (how each was read, and the scores of the
        model at its placement), ``weeks``, how many sessions are in none, and ``model``.
    """
    dated = by_week.astype(object)
    return {
        "recordings": [
            {
                "recording": row["recording"],
                "findings": (view or {}).get("findings", []),
                "warnings": [text for _, text in (view or {}).get("cautions", [])],
                "annotations": (view or {}).get("annotations", []),
                "trust": (evidence := _evidence(card, row["placement"]))["words"],
                "evidence": evidence["rows"],
            }
            for row, view in zip(sessions.to_dict("records"), views, strict=True)
        ],
        "weeks": dated.where(dated.notna(), None).to_dict("records"),
        "outside_weeks": outside_weeks(sessions, by_week),
        "model": {
            name: getattr(card, name) for name in ("name", "summary", "licence", "weaknesses")
        },
    }


def annotate(recordings: Sequence[Mapping[str, Any]], arguments: Sequence[str]) -> str:
    """Make a page for marking what was done when, before a model labels it.

    Parameters
    ----------
    recordings
        Each with ``name``, ``path``, ``duration_s``, ``start_time`` (ISO 8601 or empty) and
        ``overview``, as from :func:`retrodetect.report.overview`.
    arguments
        Command line, whose options for reading the page repeats.

    Returns
    -------
    str
        HTML that needs no network; it saves tables of labels.
    """
    return _render("annotate.html.j2", recordings=recordings, arguments=arguments)


def _close_ups(
    trace: FloatArray, contacts_s: FloatArray, bouts: pd.DataFrame, *, fine: bool
) -> list[dict[str, Any]]:
    """Cut the (n, 2) trace around the longest bouts, in time order.

    Each has its ``bout`` (row), ``begin_s``, ``end_s``, ``low`` and ``high`` (tenths of m/s²),
    ``line`` and ``contacts`` (SVG paths; x in hundredths of a second from ``begin_s``, y down in
    tenths of m/s²). ``fine`` if the page has few sessions.
    """
    starts_s, ends_s = bouts["start_s"].to_numpy(), bouts["end_s"].to_numpy()
    chosen = np.sort(np.argsort(starts_s - ends_s, kind="stable")[: MOST_CUTOUTS[fine]])
    parts = []
    for row in chosen.tolist():
        begin_s = max(float(starts_s[row]) - CUTOUT_MARGIN_S, 0.0)
        end_s = min(float(ends_s[row]) + CUTOUT_MARGIN_S, begin_s + CUTOUT_S[fine])
        first, last = np.searchsorted(trace[:, 0], (begin_s, end_s))
        cut = trace[first:last]
        x = np.rint(100 * (cut[:, 0] - begin_s)).astype(int)
        y = -np.rint(TENTHS * cut[:, 1]).astype(int)
        near = contacts_s[(contacts_s >= begin_s) & (contacts_s < end_s)]
        part = {
            "bout": row,
            "begin_s": round(begin_s, 2),
            "end_s": round(end_s, 2),
            "low": int(-y.max(initial=-10)),
            "high": int(-y.min(initial=10)),
            "line": _line(x, y),
            "contacts": np.rint(100 * (near - begin_s)).astype(int).tolist(),
        }
        parts.append(part)
    return parts


def _line(x: FloatArray, y: FloatArray) -> str:
    """Return a path with relative steps, as short as possible."""
    if not len(x):
        return ""
    steps = zip(np.diff(x).tolist(), np.diff(y).tolist(), strict=True)
    return f"M{x[0]} {y[0]}l" + "".join(f"{a} {b} " for a, b in steps)


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> jinja2.Environment:
    """Compile the templates once; a page may run only its own script."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("retrodetect", "report"),
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.filters |= {
        "goal": lambda share: f"{100 * share:.4g}%",
        "percent": lambda share: "–" if pd.isna(share) else f"{round(share, 4):.1%}",
        "signed": lambda share: "–" if pd.isna(share) else f"{share:+.1%}",
        "whole": lambda value: "–" if pd.isna(value) else f"{value:,.0f}".replace(",", "\u202f"),
        "figure": lambda value: "–" if pd.isna(value) else f"{value:.1f}",
        "rough": lambda value: "–" if pd.isna(value) else f"{float(f'{value:.2g}'):g}",
        "pace": lambda speed_mps: words.clock(1000 / speed_mps) if speed_mps else "–",
        "minutes": words.clock, "clock": _clock, "short": _short, "stem": _stem,
        "truncated": truncated_list, "visible": lambda text: visible(str(text)),
        "present": lambda value: not pd.isna(value), "shell": _shell,
    }  # fmt: skip
    script = files("retrodetect.report").joinpath("mark.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment.globals |= {
        "words": words, "wall": _wall, "stem": _stem,
        "script": Markup(script), "script_hash": f"sha256-{digest}",
    }  # fmt: skip
    return environment


def _chart(sessions: pd.DataFrame) -> dict[str, Any]:
    """Shares of the dated sessions, in percent of the chart's width and height."""
    rows = [
        row
        for row in sessions[sessions["status"] == "ok"].to_dict("records")
        if isinstance(row["start_time"], str) and row["start_time"]
        if words.certainty(row) != "not settled"
    ]
    days = [datetime.fromisoformat(row["start_time"]).replace(tzinfo=None) for row in rows]
    if not rows or min(days) == max(days):
        return {"points": []}
    span = max(days) - min(days)
    points = [
        {
            "x": round(100 * ((day - min(days)) / span), 2),
            "y": round(100 - 100 * row["backward_share"], 2),
            "low": round(100 - 100 * row["backward_share_low"], 2),
            "high": round(100 - 100 * row["backward_share_high"], 2),
            "title": f"{day:%Y-%m-%d} {row['recording']}: {words.starred(row)}",
        }
        for row, day in zip(rows, days, strict=True)
    ]
    return {
        "points": points,
        "ticks": _ticks(min(days), span),
        "first": f"{min(days):%Y-%m-%d}",
        "last": f"{max(days):%Y-%m-%d}",
    }


def _ticks(first: datetime, span: timedelta) -> list[dict[str, Any]]:
    """Mondays on the chart, with as many dates as fit.

    The ends of less than a week, and each first of January in more than a year.
    """
    if span > LONGEST_BY_WEEK:
        years = range(first.year + 1, (first + span).year + 1)
        dates, form = [datetime(year, 1, 1) for year in years], "%Y"  # noqa: DTZ001
    else:
        dates, form = _mondays(first, span), "%m-%d"
    step = -(-len(dates) // MOST_DATES)
    return [
        {
            "x": round(100 * ((day - first) / span), 2),
            "label": "" if number % step else day.strftime(form),
        }
        for number, day in enumerate(dates)
    ]


def _mondays(first: datetime, span: timedelta) -> list[datetime]:
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight - timedelta(days=first.weekday())
    weeks = (monday + timedelta(weeks=n) for n in range(1, span.days // 7 + 2))
    return [day for day in weeks if day <= first + span] or [first, first + span]


def _shell(command: str) -> Markup:
    """Keep each option of a command on one line, where a browser breaks after its dashes."""
    return Markup(re.sub(r"(?<= )--[a-z-]+", r"<span>\g<0></span>", str(escape(command))))


def _stem(name: str) -> str:
    return visible(PurePath(name).name.partition(".")[0])


def _short(name: str, longest: int = 28) -> str:
    """Cut the middle out of a long name."""
    half = longest // 2 - 1
    return name if len(name) <= longest else f"{name[:half]}…{name[-half:]}"


def _rows(view: Mapping[str, Any] | None, name: str) -> list[dict[str, Any]]:
    """Return the rows of a list in a view."""
    columns = (view or {}).get("lists", {}).get(name, {})
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _evidence(card: Card | None, placement: Any) -> dict[str, Any]:
    """Return the scores of a site, or of its group if it is unknown, and their meaning."""
    site = str(placement).removesuffix("?")
    group = group_of(site)
    scores = card.scores if card else []
    of_group = [score for score in scores if group_of(score["placement"]) == group]
    rows = [score for score in of_group if score["placement"] == site] or of_group
    backward = [score for score in rows if score.get("recall_backward") is not None]
    kinds = {score.get("evidence") for score in backward}
    if "real" in kinds:
        evidence = "the model was tested on real people walking backward"
    elif kinds:
        evidence = (
            "backward gait was tested on virtual sensors only (motion capture or simulation),"
            " never on real recordings"
        )
    else:
        evidence = "backward gait was never tested"
    if site in PLACEMENTS and "?" not in str(placement):
        return {"rows": rows, "words": f"At this placement, {evidence}."}
    sites = ", ".join(GROUPS.get(site, ()))
    guessed = f"so it was inferred from the signal ({sites}). If that is right, {evidence}."
    open_words = "and the signal does not show it."
    return {
        "rows": rows,
        "words": f"You did not say where you wore the device, {guessed if sites else open_words}"
        " Add --placement to settle it.",
    }


def _wall(start_time: str, seconds: float) -> str:
    """Time of day if the start is known (with the date on later days), else since the start."""
    if not start_time:
        return _clock(seconds)
    start = datetime.fromisoformat(start_time)
    # To the millisecond, as in the tables, so that both name the same second.
    moment = start + timedelta(milliseconds=round(1000 * seconds))
    return f"{moment:%H:%M:%S}" if moment.date() == start.date() else f"{moment:%m-%d %H:%M:%S}"


def _clock(seconds: float) -> str:
    """Seconds as ``h:mm:ss``, rounded down like a time of day."""
    hours, rest = divmod(int(round(seconds, 3)), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
