"""The page: one self-contained HTML file that asks nothing of any network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

import jinja2
import pandas as pd

from retrodetect.direction.model import group_of
from retrodetect.recording import PLACEMENTS
from retrodetect.tables import visible

__all__ = ["page"]


def page(
    sessions: pd.DataFrame,
    views: Iterable[Mapping[str, Any] | None],
    card: Mapping[str, Any],
    run: Mapping[str, Any],
) -> str:
    """Make the page of a run.

    Parameters
    ----------
    sessions : DataFrame
        Rows of ``sessions.csv``.
    views
        One for each row, as from :func:`retrodetect.report.view.view_of`; None for what failed.
    card
        Of the model.
    run
        What ``run.json`` holds.

    Returns
    -------
    str
        HTML; every text from outside is escaped.
    """
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {
        "percent": _percent, "whole": _whole, "minutes": _minutes, "clock": _clock,
        "visible": lambda text: visible(str(text)),
    }  # fmt: skip
    template = environment.from_string(
        files("retrodetect.report").joinpath("page.html.j2").read_text("utf-8")
    )
    rows = [
        {**row, "number": number, "view": view, "evidence": _evidence(card, row["placement"])}
        for number, (row, view) in enumerate(zip(sessions.to_dict("records"), views, strict=True))
    ]
    return template.render(sessions=rows, card=card, run=run)


def _evidence(card: Mapping[str, Any], placement: Any) -> list[Mapping[str, Any]]:
    """Rows of the card's scores that speak of sites which move like this one."""
    group = _group(str(placement).removesuffix("?"))
    return [score for score in card.get("scores", []) if _group(score["placement"]) == group]


def _group(site: str) -> str:
    """Group of a placement; a group that was inferred is one already."""
    return group_of(site) if site in PLACEMENTS else site


def _percent(share: float) -> str:
    return "–" if pd.isna(share) else f"{share:.1%}".replace("%", " %")


def _whole(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:,.0f}".replace(",", "\u202f")


def _minutes(seconds: float) -> str:
    """Seconds as ``m:ss``."""
    if pd.isna(seconds):
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _clock(seconds: float) -> str:
    """Seconds as ``h:mm:ss``."""
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"
