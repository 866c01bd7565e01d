"""The paragraph of a paper that says what was done."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version

import pandas as pd

from retrodetect.errors import UsageError
from retrodetect.library.result import Result

__all__ = ["methods"]

_DECIDED = {
    "wearer": "stated by the wearer",
    "signal": "inferred from the signal",
    "habit": "assumed from how most people walk",
    "": "left open",
}
"""What told forward from backward, in words."""


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
    hours = table["duration_s"].sum() / 3600
    sites = [
        f"{site[:-1]} (inferred from the signal)" if site.endswith("?") else site
        for site in sorted(set(table["placement"]))
    ]
    by = table["told_apart_by"].fillna("").value_counts()
    decided = [
        _DECIDED[str(how)] + (f" in {_recordings(count)}" if len(by) > 1 else "")
        for how, count in by.items()
    ]
    sentences = [
        f"We detected strides and labelled each as forward or backward with retrodetect"
        f" {version('retrodetect')} (model {', '.join(sorted(set(table['model'])))}).",
        f"We analysed {_recordings(len(table))} ({hours:.2f} h in total, sampled at {rates}"
        f" Hz). The sensor was worn at: {', '.join(sites)}.",
        f"We excluded {_recordings(left_out)} that could not be used." if left_out else "",
        f"Which direction was forward was {', '.join(decided)}.",
        f"Of {strides} strides, {forward} were labelled forward and {backward} backward; {unknown}"
        " remained unlabelled.",
    ]
    if len(table) == 1 and forward + backward:
        row = table.iloc[0]
        sentences.append(
            f"The backward share of labelled strides was {row['backward_share']:.1%} (95% interval"
            f" {row['backward_share_low']:.1%} to {row['backward_share_high']:.1%}; the interval"
            " allows for the error rates of the model and for unlabelled strides)."
        )
    return " ".join(filter(None, sentences))


def _recordings(count: int) -> str:
    return f"{count} recording{'s' * (count != 1)}"
