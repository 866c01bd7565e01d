"""The page: one self-contained HTML file that asks nothing of any network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

import jinja2
import pandas as pd

from retrodetect.sites import GROUPS, PLACEMENTS, group_of
from retrodetect.tables import truncated_list, visible
from retrodetect.tally import words
from retrodetect.tally.folder import outside_weeks, totals

__all__ = ["facts", "page"]


def page(
    sessions: pd.DataFrame,
    views: Sequence[Mapping[str, Any] | None],
    card: Mapping[str, Any],
    run: Mapping[str, Any],
    by_week: pd.DataFrame,
) -> str:
    """Make the page of a run.

    Parameters
    ----------
    sessions : DataFrame
        Rows of ``sessions.csv``.
    views
        One for each row, as from :func:`retrodetect.report.view.view_of`, with ``lists`` of its
        bouts and repeats; None for what failed, and where only the counts are known.
    card
        Of the model; empty where the sessions are of several.
    run
        What ``run.json`` holds.
    by_week : DataFrame
        From :func:`retrodetect.tally.folder.weeks`.

    Returns
    -------
    str
        HTML; every text from outside is escaped.
    """
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {
        "goal": _goal, "percent": _percent, "whole": _whole,
        "minutes": words.clock, "clock": _clock, "figure": _figure, "signed": _signed,
        "truncated": truncated_list,
        "visible": lambda text: visible(str(text)),
        "known": lambda value: not pd.isna(value),
    }  # fmt: skip
    environment.globals |= {"words": words, "wall": _wall}
    template = environment.from_string(
        files("retrodetect.report").joinpath("page.html.j2").read_text("utf-8")
    )
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
    return template.render(
        sessions=rows,
        total=totals(sessions),
        weeks=by_week.to_dict("records"),
        outside=outside_weeks(sessions, by_week),
        left_out=run.get("left_out", []),
        card=card,
        run=run,
        goal=run.get("goal"),
    )


def facts(
    sessions: pd.DataFrame,
    views: Sequence[Mapping[str, Any] | None],
    card: Mapping[str, Any],
    by_week: pd.DataFrame,
) -> dict[str, Any]:
    """Return as data what the page shows and no table holds.

    Parameters
    ----------
    sessions : DataFrame
        Rows of ``sessions.csv``.
    views, card, by_week
        As for `page`.

    Returns
    -------
    dict
        Fit for JSON: ``recordings`` (what was understood in reading each, and the scores of the
        model at its placement), ``weeks``, how many sessions are in none, and ``model``.
    """
    dated = by_week.astype(object)
    return {
        "recordings": [
            {
                "recording": row["recording"],
                **{
                    name: (view or {}).get(name, [])
                    for name in ("findings", "warnings", "annotations")
                },
                "trust": (evidence := _evidence(card, row["placement"]))["words"],
                "evidence": evidence["rows"],
            }
            for row, view in zip(sessions.to_dict("records"), views, strict=True)
        ],
        "weeks": dated.where(dated.notna(), None).to_dict("records"),
        "outside_weeks": outside_weeks(sessions, by_week),
        "model": {name: card.get(name) for name in ("name", "summary", "licence", "weaknesses")},
    }


def _rows(view: Mapping[str, Any] | None, name: str) -> list[dict[str, Any]]:
    """Rows of a list that came with a view."""
    columns = (view or {}).get("lists", {}).get(name, {})
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _evidence(card: Mapping[str, Any], placement: Any) -> dict[str, Any]:
    """Scores of sites which move like this one, those of the site itself if it is known."""
    site = str(placement).removesuffix("?")
    group = group_of(site)
    of_group = [score for score in card.get("scores", []) if group_of(score["placement"]) == group]
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
    """Time of day where the start is known (with the date on later days), else since the start."""
    if not start_time:
        return _clock(seconds)
    start = datetime.fromisoformat(start_time)
    # As the tables have it: to the millisecond, so that both name the same second.
    moment = start + timedelta(milliseconds=round(1000 * seconds))
    return f"{moment:%H:%M:%S}" if moment.date() == start.date() else f"{moment:%m-%d %H:%M:%S}"


def _percent(share: float) -> str:
    return "–" if pd.isna(share) else f"{round(share, 4):.1%}"


def _goal(share: float) -> str:
    return f"{100 * share:.4g}%"


def _signed(share: float) -> str:
    return "–" if pd.isna(share) else f"{share:+.1%}"


def _whole(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:,.0f}".replace(",", "\u202f")


def _figure(value: float, places: int = 1) -> str:
    return "–" if pd.isna(value) else f"{value:.{places}f}"


def _clock(seconds: float) -> str:
    """Seconds as ``h:mm:ss``."""
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
