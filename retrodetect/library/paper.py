"""The paragraph of a paper that says what was done."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version

import pandas as pd

from retrodetect.errors import UsageError
from retrodetect.library.result import Result

__all__ = ["methods"]


def methods(results: Result | Iterable[Result]) -> str:
    """Write the methods paragraph of a paper: versions, settings and figures.

    Parameters
    ----------
    results
        Of one recording or of many.

    Returns
    -------
    str
        English text, with nothing in it that the results do not hold.

    Raises
    ------
    UsageError
        If no recording was labelled.
    """
    every = [results] if isinstance(results, Result) else list(results)
    table = pd.DataFrame([result.session for result in every if result.error is None])
    if table.empty:
        raise UsageError("no recording was labelled", remedy="see the error of each result")
    low_hz, high_hz = table["rate_hz"].min(), table["rate_hz"].max()
    rates = f"{low_hz:.0f}" if round(low_hz) == round(high_hz) else f"{low_hz:.0f} to {high_hz:.0f}"
    forward, backward, unknown = (
        int(table[f"{way}_strides"].sum()) for way in ("forward", "backward", "unknown")
    )
    strides = forward + backward + unknown
    left_out = len(every) - len(table)
    told = table["told_apart_by"].replace("", "nothing").fillna("nothing").value_counts()
    sentences = [
        f"Strides were detected, and their directions inferred, with retrodetect"
        f" {version('retrodetect')} (model {_listed(table['model'])}) in {len(table)}"
        f" recording{'s' * (len(table) > 1)} ({table['duration_s'].sum() / 3600:.2f} h, {rates} Hz,"
        f" worn at: {_listed(table['placement'])}; ? marks an inferred site).",
        f"{left_out} further recording{'s' * (left_out > 1)} could not be used."
        if left_out
        else "",
        "Forward was told from backward by "
        + ", ".join(f"the {by} (n = {count})" for by, count in told.items()).replace(
            "the nothing", "nothing"
        )
        + ".",
        f"Of {strides} strides, {forward} were labelled forward, {backward} backward, and {unknown}"
        " were left unknown.",
    ]
    if len(table) == 1 and forward + backward:
        row = table.iloc[0]
        sentences.append(
            f"The backward share was {row['backward_share']:.1%} (95% interval"
            f" {row['backward_share_low']:.1%} to {row['backward_share_high']:.1%}, which allows"
            " for the error rates of the model and for unknown strides)."
        )
    return " ".join(filter(None, sentences))


def _listed(values: pd.Series[str]) -> str:
    return ", ".join(sorted(set(values)))
