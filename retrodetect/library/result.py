"""Result: what labelling one recording gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from retrodetect import gait
from retrodetect.errors import UsageError
from retrodetect.labelling import LabelledSession
from retrodetect.library import as_arguments
from retrodetect.library.interchange import to_bids_events, to_mobgap, to_skdh
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray, Recording
from retrodetect.runs.task import session_row
from retrodetect.signal import prepare
from retrodetect.tables import sessions_table
from retrodetect.tally import words
from retrodetect.tally.energy import Course, Pace
from retrodetect.tally.session import columns_of, stretches

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Result", "plot"]

_SHOWN = ("status", "placement", "front", "told_apart_by", "naming", "strides", "forward_strides",
          "backward_strides", "unknown_strides", "backward_share", "backward_share_low",
          "backward_share_high", "message", "warnings")  # fmt: skip
"""Fields of a session that a notebook shows."""

COLOURS = {"forward": "#0072B2", "unknown": "#7F7F7F", "backward": "#D55E00"}
"""Okabe & Ito (2008), Color Universal Design: told apart with every kind of colour vision."""


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """A labelled recording.

    Parameters
    ----------
    strides : DataFrame
        One row for each stride, with :data:`retrodetect.tables.STRIDE_COLUMNS`; empty if there is
        no gait. Its ``attrs`` say which model, placement and front it rests on.
    session : Series
        The recording in one row, with :data:`retrodetect.tables.SESSION_COLUMNS`: shares with their
        interval, cadence, bouts, and what told forward from backward.
    read
        Reads the recording again; called when it is first asked for.
    """

    strides: pd.DataFrame
    session: pd.Series[Any]
    read: Callable[[], Recording] = field(repr=False)

    @classmethod
    def of(cls, session: LabelledSession) -> Result:
        """Collect the result of a recording that was labelled as a single piece."""
        recording = session.recording
        row, _, _ = session_row(session, Course.of(recording), Pace())
        result = cls(session.strides, sessions_table([row]).iloc[0], lambda: recording)
        result.__dict__["contacts_s"] = session.gait.contacts["time_s"].to_numpy()
        return result

    @property
    def name(self) -> str:
        """Name of the recording."""
        return str(self.session["recording"])

    @property
    def error(self) -> str | None:
        """Why there is no result: the recording failed or was refused. None if there is one."""
        is_missing = self.session["status"] in ("failed", "refused")
        return str(self.session["message"]) if is_missing else None

    @property
    def told_apart_by(self) -> str:
        """What told forward from backward: ``wearer``, ``signal``, ``habit`` or nothing."""
        by = self.session["told_apart_by"]
        return by if isinstance(by, str) else ""

    @property
    def naming(self) -> float:
        """Probability that forward and backward are not swapped; NaN without two sides."""
        return float(self.session["naming"])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before you use the figures, a sentence each."""
        text = self.session["warnings"]
        return tuple(as_arguments(text).split("; ")) if isinstance(text, str) and text else ()

    @cached_property
    def recording(self) -> Recording:
        """The recording, read again if a batch labelled it."""
        return self.read()

    @cached_property
    def contacts_s(self) -> FloatArray:
        """(k,) initial contacts of either foot, in seconds from the first sample."""
        return np.asarray(gait.detect(prepare(self.recording)).contacts["time_s"])

    def plot(
        self, *, start_s: float | None = None, end_s: float | None = None, ax: Axes | None = None
    ) -> Axes:
        """Draw the signal with its initial contacts and directions.

        Parameters
        ----------
        start_s, end_s
            Stretch to draw, in seconds; the whole recording by default.
        ax
            Axes to draw on; new ones by default.

        Returns
        -------
        Axes
            Size of the acceleration less gravity over time; triangles are initial contacts, and
            the colour behind is the direction.

        Raises
        ------
        UsageError
            If matplotlib is missing, or nothing lies in the stretch.
        """
        try:
            from matplotlib import pyplot as plt
        except ImportError as error:
            raise UsageError(
                f"a plot needs {error.name}", remedy="run pip install 'retrodetect[report]'"
            ) from error
        recording, strides, contacts_s = self.recording, self.strides, self.contacts_s
        begin_s, stop_s = start_s or 0.0, recording.duration_s if end_s is None else end_s
        begin, stop = np.searchsorted(recording.time_s, [begin_s, stop_s])
        if stop - begin < 2:
            raise UsageError(
                f"no samples between {begin_s:g} and {stop_s:g} s",
                file=recording.name,
                remedy=f"the recording ends at {recording.duration_s:.0f} s",
            )
        if ax is None:
            _, ax = plt.subplots(figsize=(9, 3), layout="constrained")
        time_s = recording.time_s[begin:stop]
        size_mps2 = np.linalg.norm(recording.acceleration_mps2[begin:stop], axis=1)
        if recording.gravity == "total":
            size_mps2 -= STANDARD_GRAVITY_MPS2
        ax.plot(time_s, size_mps2, color="black", linewidth=0.8)
        near_s = contacts_s[(contacts_s >= begin_s) & (contacts_s < stop_s)]
        at_contacts = np.interp(near_s, time_s, size_mps2)
        ax.plot(near_s, at_contacts, "v", color="black", markersize=4, label="initial contact")
        near = strides[(strides["end_s"] > begin_s) & (strides["start_s"] < stop_s)]
        for way, colour in COLOURS.items():
            own = near[near["direction"] == way]
            spans = list(zip(own["start_s"], own["end_s"] - own["start_s"], strict=True))
            if spans:
                ax.broken_barh(
                    spans, (0, 1), transform=ax.get_xaxis_transform(), facecolor=colour,
                    edgecolor="white", linewidth=0.5, alpha=0.3, zorder=0, label=way,
                )  # fmt: skip
        ax.set_xlim(begin_s, stop_s)
        ax.set_xlabel("time (s)")
        ax.set_ylabel("|a| − g (m/s²)" if recording.gravity == "total" else "|a| (m/s²)")
        ax.legend(
            loc="lower right", bbox_to_anchor=(1, 1), ncols=4, frameon=False, fontsize="small"
        )
        return ax

    def to_bids_events(self) -> pd.DataFrame:
        """Return the strides as rows of a BIDS ``events.tsv``, see :mod:`.interchange`."""
        return to_bids_events(self.strides)

    def to_mobgap(self) -> pd.DataFrame:
        """Return the strides as a stride list of mobgap, see :mod:`.interchange`."""
        return to_mobgap(self.strides, self.recording)

    def to_skdh(self) -> pd.DataFrame:
        """Return the strides in the columns of scikit-digital-health, see :mod:`.interchange`."""
        return to_skdh(self.strides, self.recording)

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {way}" for way, count in self._counts().items())
        sure = "" if np.isnan(self.naming) else f" ({self.naming:.0%} sure)"
        by = f", told apart by {self.told_apart_by}{sure}" if self.told_apart_by else ""
        return f"<Result of {self.name}: {self.error or counts + by or words.NO_GAIT}>"

    def _repr_html_(self) -> str:
        """Timeline and figures, for a notebook."""
        rows = "".join(
            f"<tr><th>{escape(name.replace('_', ' '))}</th><td>{_cell(value)}</td></tr>"
            for name in _SHOWN
            if (value := self.session[name]) is not None and not pd.isna(value) and value != ""
        )
        return f"<b>{escape(self.name)}</b>{self._timeline()}<table>{rows}</table>"

    def _counts(self) -> dict[str, int]:
        counts = self.strides["direction"].value_counts()
        return {
            way: int(counts[way]) for way in ("forward", "backward", "unknown") if way in counts
        }

    def _timeline(self) -> str:
        """The directions over time, each in a lane of its own."""
        runs = stretches(columns_of(self.strides), unknown=True)
        if not len(runs["bout"]):
            return ""
        end_s = float(self.strides["end_s"].max())
        top = {way: 16 * lane for lane, way in enumerate(COLOURS)}
        bars = "".join(
            f'<rect x="{90 + 700 * start_s / end_s:.1f}" y="{top[way]}" height="14"'
            f' width="{max(700 * (stop_s - start_s) / end_s, 0.5):.1f}" fill="{COLOURS[way]}"/>'
            for way, start_s, stop_s in zip(
                runs["direction"], runs["start_s"], runs["end_s"], strict=True
            )
        )
        names = "".join(f'<text x="0" y="{y + 12}">{way}</text>' for way, y in top.items())
        return (
            f'<svg viewBox="0 0 800 64" width="800" font-size="12" fill="currentColor" role="img">'
            f"<title>directions over {end_s:.0f} s</title>{names}{bars}"
            f'<text x="90" y="62">0 s</text><text x="790" y="62" text-anchor="end">{end_s:.0f} s'
            "</text></svg>"
        )


def _cell(value: Any) -> str:
    return escape(f"{value:.3g}" if isinstance(value, float) else str(value))


plot = Result.plot
"""Draw a result; as :meth:`Result.plot`."""
