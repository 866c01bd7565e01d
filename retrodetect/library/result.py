"""Result: a labelled recording, and its strides in the columns of other tools.

The tools are BIDS (Gorgolewski et al. 2016, Sci Data 3:160044; ``events.tsv``), mobgap (Mobilise-D,
lists of strides in samples) and scikit-digital-health (gait, one row for each initial contact).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect import gait
from retrodetect.errors import UsageError
from retrodetect.labelling import LabelledSession
from retrodetect.library import as_arguments
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray, Recording
from retrodetect.runs.task import session_row
from retrodetect.signal import prepare
from retrodetect.tables import sessions_table
from retrodetect.tally import words
from retrodetect.tally.energy import Course, Pace
from retrodetect.tally.session import columns_of, stretches

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Result", "in_seconds", "nearest"]

_SHOWN = ("status", "placement", "front", "told_apart_by", "naming", "strides", "forward_strides",
          "backward_strides", "unknown_strides", "backward_share", "backward_share_low",
          "backward_share_high", "message", "warnings")  # fmt: skip
"""Fields of a session that a notebook shows."""

_DAY_S = 86_400.0

COLOURS = {"forward": "#0072B2", "unknown": "#7F7F7F", "backward": "#D55E00"}
"""Okabe & Ito (2008), Color Universal Design: distinct with every kind of colour vision."""


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """A labelled recording.

    Parameters
    ----------
    strides : DataFrame
        One row for each stride, with :data:`retrodetect.tables.STRIDE_COLUMNS`; empty if there is
        no gait. Its ``attrs`` name the model, placement and front.
    session : Series
        The recording in one row, with :data:`retrodetect.tables.SESSION_COLUMNS`: shares with their
        interval, cadence, bouts, and what decided which way is forward.
    read
        Function that reads the recording again, at the first use of ``recording``.
    """

    strides: pd.DataFrame
    session: pd.Series[Any]
    read: Callable[[], Recording] = field(repr=False)

    @classmethod
    def of(cls, session: LabelledSession) -> Result:
        """Collect the result of a recording labelled as a single piece."""
        recording = session.recording
        row, _, _ = session_row(session, Course.of(recording), Pace())
        result = cls(session.strides, sessions_table([row]).iloc[0], lambda: recording)
        result.__dict__["contacts_s"] = session.gait.contacts_s
        return result

    @property
    def name(self) -> str:
        """Name of the recording."""
        return str(self.session["recording"])

    @property
    def error(self) -> str | None:
        """Why the recording failed or was refused; None if it has a result."""
        is_missing = self.session["status"] in ("failed", "refused")
        return str(self.session["message"]) if is_missing else None

    @property
    def told_apart_by(self) -> str:
        """What decided which way is forward: ``wearer``, ``signal``, ``habit`` or nothing."""
        by = self.session["told_apart_by"]
        return by if isinstance(by, str) else ""

    @property
    def naming(self) -> float:
        """Probability that forward and backward are not swapped; NaN without two sides."""
        return float(self.session["naming"])

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what to know before you use the figures."""
        text = self.session["warnings"]
        return tuple(as_arguments(text).split("; ")) if isinstance(text, str) and text else ()

    @cached_property
    def recording(self) -> Recording:
        """The recording, read again if a batch labelled it."""
        return self.read()

    @cached_property
    def contacts_s(self) -> FloatArray:
        """(k,) initial contacts of either foot, in seconds from the first sample."""
        return gait.detect(prepare(self.recording)).contacts_s

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
            If matplotlib is missing, or the stretch is empty.
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
            rows = near[near["direction"] == way]
            spans = list(zip(rows["start_s"], rows["end_s"] - rows["start_s"], strict=True))
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
        """Return the strides as rows of a BIDS ``events.tsv``.

        ``onset`` and ``duration`` in seconds, ``trial_type`` such as ``walk_backward``, then all
        other columns of the strides.
        """
        strides = self.strides
        columns = {
            "onset": strides["start_s"],
            "duration": strides["end_s"] - strides["start_s"],
            "trial_type": strides["gait"] + "_" + strides["direction"],
        }
        return pd.DataFrame(columns).join(strides.drop(columns=["start_s", "end_s"]))

    def to_mobgap(self) -> pd.DataFrame:
        """Return the strides as a stride list of mobgap, in samples.

        Indexed by ``wb_id`` and ``s_id``: ``start`` and ``end`` in samples, ``duration_s``,
        ``lr_label`` (missing: one sensor cannot tell left from right), then all other columns of
        the strides.
        """
        strides = self.strides
        ends_s = strides[["start_s", "end_s"]].to_numpy(dtype=np.float64)
        start, end = nearest(self.recording.time_s, ends_s).T
        duration_s = strides["end_s"] - strides["start_s"]
        columns: dict[str, Any] = {
            "start": start, "end": end, "duration_s": duration_s, "lr_label": None,
        }  # fmt: skip
        table = pd.DataFrame(columns, index=strides.index).join(strides)
        named = table.rename(columns={"bout": "wb_id", "stride": "s_id"})
        return named.set_index(["wb_id", "s_id"])

    def to_skdh(self) -> pd.DataFrame:
        """Return the strides in the columns of scikit-digital-health's gait.

        One row for each: ``Day N`` (the recording begins the first) and ``Bout N`` from 1, ``Bout
        Starts`` and ``IC Timestamp`` in seconds since 1970 (since the first sample if the recording
        has no date), ``Bout Duration``, ``Bout Steps``, ``IC Rel Timestamp``, ``PARAM:stride
        time``, then all other columns of the strides.
        """
        strides, start_time = self.strides, self.recording.start_time
        bouts = strides.groupby("bout")
        start_s, end_s = strides["start_s"], strides["end_s"]
        bout_s = bouts["start_s"].transform("min")
        offset_s = 0.0 if start_time is None else start_time.timestamp()
        columns = {
            "Day N": (start_s // _DAY_S).astype(int) + 1,
            "Bout N": strides["bout"] + 1,
            "Bout Starts": bout_s + offset_s,
            "Bout Duration": bouts["end_s"].transform("max") - bout_s,
            "Bout Steps": 2 * bouts["stride"].transform("size"),
            "IC Timestamp": start_s + offset_s,
            "IC Rel Timestamp": start_s - bout_s,
            "PARAM:stride time": end_s - start_s,
        }
        return pd.DataFrame(columns).join(strides.drop(columns=["bout", "start_s", "end_s"]))

    def __repr__(self) -> str:
        number = self.strides["direction"].value_counts()
        ways = ("forward", "backward", "unknown")
        counts = ", ".join(f"{number[way]} {way}" for way in ways if way in number)
        by = f", told apart by {self.told_apart_by}" if self.told_apart_by else ""
        return f"<Result of {self.name}: {self.error or counts + by or words.NO_GAIT}>"

    def _repr_html_(self) -> str:
        """Timeline and figures, for a notebook."""
        rows = "".join(
            f"<tr><th>{name.replace('_', ' ')}</th><td>"
            f"{escape(f'{value:.3g}' if isinstance(value, float) else str(value))}</td></tr>"
            for name in _SHOWN
            if (value := self.session[name]) is not None and not pd.isna(value) and value != ""
        )
        return f"<b>{escape(self.name)}</b>{self._timeline()}<table>{rows}</table>"

    def _timeline(self) -> str:
        """Draw the directions over time, each in its own lane."""
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


def in_seconds(strides: pd.DataFrame, recording: Recording) -> pd.DataFrame:
    """Return strides of any of these tools in time order, with times in seconds.

    ``start_s`` and ``end_s`` count from the first sample; all other columns stay. Rows of
    scikit-digital-health without a stride time are left out. UsageError if the columns fit no tool,
    or a stride does not end after it begins.
    """
    columns = set(strides.columns)
    start_s: Any
    end_s: Any
    if {"start_s", "end_s"} <= columns:
        start_s, end_s = strides["start_s"], strides["end_s"]
    elif {"onset", "duration"} <= columns:
        start_s, end_s = strides["onset"], strides["onset"] + strides["duration"]
    elif {"start", "end"} <= columns:
        samples = np.arange(len(recording.time_s))
        start_s, end_s = (
            np.interp(strides[edge], samples, recording.time_s, right=np.nan)
            for edge in ("start", "end")
        )
    elif {"IC Timestamp", "PARAM:stride time"} <= columns:
        strides = strides[strides["PARAM:stride time"].notna()]
        start_s = strides["IC Timestamp"]
        if recording.start_time is not None:
            start_s = start_s - recording.start_time.timestamp()
        end_s = start_s + strides["PARAM:stride time"]
    else:
        raise UsageError(
            "the strides have no columns start_s and end_s",
            remedy="rename the columns with the start and end of each stride, in seconds",
        )
    table = strides.assign(start_s=start_s, end_s=end_s).sort_values("start_s", kind="stable")
    if not (np.isfinite(table["end_s"]) & (table["end_s"] > table["start_s"])).all():
        raise UsageError(
            "a stride doesn't end after it starts, or has no time",
            remedy="drop its row, and check the unit of the times",
        )
    return table.reset_index(drop=True)


def nearest(times_s: FloatArray, at_s: FloatArray) -> NDArray[np.intp]:
    """Return which of at least two times, in order, is nearest to each moment."""
    after = np.clip(np.searchsorted(times_s, at_s), 1, len(times_s) - 1)
    return np.asarray(after - (at_s - times_s[after - 1] < times_s[after] - at_s))
