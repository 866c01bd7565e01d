"""Train a model on new recordings, score it on what it did not learn from, and write its card.

A model starts from nothing or extends another. An extended model keeps what its base learned from
many people and leans toward these wearers: the weights of its readouts are drawn toward those of
the base, which counts as a number of strides. If the front is unknown it is taken from the travel
of the labelled strides, so half a minute each way teaches how strongly each cue shows on this
wearer.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import delayed
from numpy.typing import NDArray

from retrodetect.direction import DirectionModel, store
from retrodetect.direction.card import Base, Card, Source, Validation
from retrodetect.direction.decoder import BACKWARD, DIRECTIONS, FORWARD, PACES
from retrodetect.direction.model import FORMS, Readout, SiteGroup
from retrodetect.direction.mounting import Mounting, mean_up, remembered
from retrodetect.formats import ReadOptions
from retrodetect.recording import FloatArray
from retrodetect.runs.pool import in_parallel
from retrodetect.sites import GROUPS, canonical_site, group_of
from retrodetect.tables import quantity
from retrodetect.training import scores
from retrodetect.training.examples import BOTH_WAYS, Example, gather, strides_of
from retrodetect.training.fit import (
    READOUTS,
    StrideTable,
    Target,
    fit,
    level_fronts,
    reference_fronts,
    refit_weights,
    table_of,
    teaching,
    went,
)
from retrodetect.training.folds import GUARD_S, Fold, Unit, folds, units_of

__all__ = ["CURVE_MIN", "held_out", "learn", "learning_curve", "train"]

_log = logging.getLogger(__name__)

CURVE_MIN = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
"""Minutes of each direction at which the learning curve is measured."""

MOST_CURVE_FOLDS = 6
MOST_MISTAKES = 20
"""Stretches that a card lists; the longest suggest wrong labels, the short ones bad luck."""

SMALL_STRIDES = 3000
"""Strides that one process scores in the time that others need to start."""

FEW_MINUTES = 2.0
BASE_STRIDES = 20.0
"""Strides of the new wearers that count as much as the base."""

LEAST_CONTRAST_STRIDES = 8
"""Fewest walked strides in each direction from which the contrast of these wearers is learned."""

OWN_CONTRAST = 2 * 0.7 / 0.4**2
"""Log odds for halves that differ as the wearer's own labelled strides do. Other sessions repeat
0.7 ± 0.4 of that difference (captured people, one in acted styles; ``personal.py``)."""

_TINY = 1e-9


def train(
    recordings: str | Path | Sequence[Example],
    base: str | Path | DirectionModel | None = "default",
    *,
    out: str | Path | None = None,
    name: str | None = None,
    placement: str | None = None,
    jobs: int | None = None,
    cache_folder: str | Path | None = None,
    mixed_rates: bool = False,
    read: ReadOptions | None = None,
) -> DirectionModel:
    """Train a model on labelled recordings.

    Parameters
    ----------
    recordings
        A manifest (CSV with ``path``, ``subject`` and ``direction`` or ``labels``; optionally
        ``placement``, ``front``, ``session``, ``licence``), a folder whose subfolders are called
        ``forward`` and ``backward``, recordings with an app's own notes, or examples.
    base
        Model to extend: a shipped one by name, a stored one by path, or a model. None starts
        from scratch. An extended model is under its base's licence as well.
    out
        Where to store the model with its card: a file such as ``mine.model``, or a folder.
    name
        Name of the model; by default that of ``out``.
    placement
        Body site of recordings for which neither their file nor the manifest states it.
    jobs
        Processes; None for one per core.
    cache_folder
        Cache for strides and features, so that unchanged recordings are not read again; None
        keeps nothing.
    mixed_rates
        Whether recordings of one body site may differ in sampling rate.
    read
        Overrides for reading: units, sign, rate, columns.

    Returns
    -------
    DirectionModel
        With its ``card``: its data, its scores on held-out sessions or wearers, and its known
        weaknesses.

    Raises
    ------
    RefusedExamples
        Listing everything that is wrong with the input, by file and line.
    UsageError
        If an option is invalid.
    ModelError
        If the base cannot be loaded.
    """
    placement = None if placement is None else canonical_site(placement)
    if out is not None:
        store.check_target(out)
    base_model = None if base is None else store.load(base)
    examples, remarks = gather(
        recordings,
        base_model or store.load("default"),
        placement=placement,
        read=read,
        cache_folder=cache_folder,
        jobs=jobs,
        mixed_rates=mixed_rates,
    )
    for remark in remarks:
        _log.info(remark)
    called = name or (Path(out).stem if out is not None else "trained")
    model = learn(table_of(examples), base_model, name=called)
    remarks += tuple(
        f"Remembers how the device sat at {site}: --same-mounting says that it sits so again."
        for site in sorted(model.mountings)
    )
    card = _card(examples, base_model, remarks, jobs)
    whole = store.completed(replace(model, card=card))
    return whole if out is None else store.save_model(whole, out)


def held_out(
    parts: Sequence[Fold], base: DirectionModel | None, jobs: int | None = None
) -> pd.DataFrame:
    """Label every stride with a model that did not learn from its unit.

    Each model extends the base, if there is one.
    """
    calls = [delayed(_label)(fold, base) for fold in parts]
    labelled: list[pd.DataFrame] = in_parallel(calls, _jobs(parts, jobs))
    return pd.concat(labelled, ignore_index=True)


def learning_curve(
    parts: Sequence[Fold], base: DirectionModel | None, jobs: int | None = None
) -> pd.DataFrame:
    """Measure how the score grows with the minutes learned from: one row per amount.

    ``minutes_each_way`` at each group of sites (0 for the base itself), mean ``strides`` learned
    from, and ``f1_backward``, ``wrong``, ``unknown`` of the held-out strides.
    """
    chosen = parts[:: -(-len(parts) // MOST_CURVE_FOLDS)]
    amounts = [0.0] if base is not None else []
    amounts += [minutes for minutes in CURVE_MIN if all(_reaches(f.train, minutes) for f in chosen)]
    tasks = [(fold, minutes) for minutes in amounts for fold in chosen]
    calls = [delayed(_label)(fold, base, minutes) for fold, minutes in tasks]
    answers = in_parallel(calls, _jobs(chosen, jobs))
    curve = []
    for minutes in amounts:
        here = [rows for rows, (_, at) in zip(answers, tasks, strict=True) if at == minutes]
        total = scores.scored(pd.concat(here, ignore_index=True)).iloc[0]
        learned = float(np.mean([_first_minutes(f.train.strides, minutes).sum() for f in chosen]))
        row = {"minutes_each_way": minutes, "strides": round(learned)}
        curve.append(row | {score: total[score] for score in ("f1_backward", "wrong", "unknown")})
    return pd.DataFrame(curve)


def _label(fold: Fold, base: DirectionModel | None, minutes: float = np.inf) -> pd.DataFrame:
    """Label a fold with a model that learned from at most ``minutes`` of each direction."""
    model = base
    if minutes > 0:
        model = learn(fold.train.where(_first_minutes(fold.train.strides, minutes)), base)
    assert model is not None
    return scores.label_with_truth(model, fold.test, scores.stated_anchors)


def _first_minutes(strides: pd.DataFrame, minutes: float) -> NDArray[np.bool_]:
    """Strides within the first minutes of each site and direction, equally for every wearer."""
    keys = [strides["placement"].map(group_of), strides["truth"]]
    wearers = strides["subject"].groupby(keys).transform("nunique")
    seconds = (strides["end_s"] - strides["start_s"]).groupby([*keys, strides["subject"]]).cumsum()
    return (seconds * wearers <= 60 * minutes).to_numpy()


def _reaches(table: StrideTable, minutes: float) -> bool:
    """Whether each group of sites has that many minutes of each direction."""
    strides = table.strides[table.strides["truth"].isin(BOTH_WAYS)]
    keys = [strides["placement"].map(group_of), strides["truth"]]
    seconds = (strides["end_s"] - strides["start_s"]).groupby(keys).sum()
    return bool((seconds >= 0.9 * 60 * minutes).all())


def _jobs(parts: Sequence[Fold], jobs: int | None) -> int | None:
    """Processes to use: one if others would take longer to start than to work."""
    if jobs is not None:
        return jobs
    strides = sum(len(example.measured.strides) for fold in parts for example in fold.test)
    return 1 if strides < SMALL_STRIDES else None


def _card(
    examples: Sequence[Example],
    base: DirectionModel | None,
    remarks: Sequence[str],
    jobs: int | None,
) -> Card:
    """Card with the facts that only the maker has."""
    parts, kind = folds(examples)
    rows = held_out(parts, base, jobs)
    licences = sorted({example.licence for example in examples})
    card = Card(
        summary=f"Trained on {_minutes_in_words(examples)}"
        + (f", extending {base.name}." if base is not None else ", from nothing."),
        created=datetime.now(UTC).date().isoformat(),
        licence="; ".join(licences),
        sources=_sources(examples),
        recordings=sorted(example.measured.sha256 for example in examples),
        validation=Validation(
            held_out=kind,
            folds=len(parts),
            guard_s=GUARD_S if kind == "block" else 0.0,
            intervals_over=scores.units_for_intervals(rows)[1],
        ),
        scores=scores.records(scores.scored(rows, ["placement", "true_gait"])),
        confusion=scores.records(scores.confusion(rows)),
        learning_curve=scores.records(learning_curve(parts, base, jobs)),
        mistakes=scores.records(scores.mistakes(rows).head(MOST_MISTAKES)),
        error_rates=scores.error_rates(rows, rows["placement"].map(group_of)),
        remarks=list(remarks),
        weaknesses=_weaknesses(examples, kind, base),
    )
    if base is None:
        return card
    tested = [test for fold in parts for test in fold.test]
    before = scores.label_with_truth(base, tested, scores.stated_anchors)
    return replace(
        card,
        against_base=scores.records(scores.compared(rows, before)),
        base=Base(base.name, base.card.sha256),
        sources=card.sources + [replace(source, through=base.name) for source in base.card.sources],
        licence=f"{card.licence}; through {base.name}: {base.card.licence or 'not stated'}",
    )


def _minutes(example: Example, direction: str) -> float:
    """Minutes of strides in a direction."""
    strides = example.strides()
    strides = strides[strides["truth"] == direction]
    return float((strides["end_s"] - strides["start_s"]).sum()) / 60


def _minutes_in_words(examples: Sequence[Example]) -> str:
    minutes = [sum(_minutes(example, direction) for example in examples) for direction in BOTH_WAYS]
    wearers = quantity(len({example.subject for example in examples}), "wearer")
    return f"{minutes[0]:.1f} min forward and {minutes[1]:.1f} min backward of {wearers}"


def _sources(examples: Sequence[Example]) -> list[Source]:
    """One row for each wearer and site."""
    cells: dict[tuple[str, str, str], list[Example]] = {}
    for example in examples:
        key = (example.subject, example.placement, example.licence)
        cells.setdefault(key, []).append(example)

    def minutes(part: list[Example], way: int) -> float:
        return round(sum(_minutes(example, DIRECTIONS[way]) for example in part), 2)

    return [
        Source(
            name=subject,
            licence=licence,
            evidence="virtual" if all(example.virtual for example in part) else "real",
            people=1,
            placements=[site],
            recordings=len(part),
            rate_hz=round(float(np.median([example.measured.rate_hz for example in part])), 2),
            minutes_forward=minutes(part, FORWARD),
            minutes_backward=minutes(part, BACKWARD),
        )
        for (subject, site, licence), part in cells.items()
    ]


def _weaknesses(examples: Sequence[Example], kind: Unit, base: DirectionModel | None) -> list[str]:
    """Sentences on what these recordings cannot show."""
    strides = strides_of(examples)
    directed = strides[strides["truth"].isin(BOTH_WAYS)]
    wearers = sorted(directed["subject"].unique())
    sentences = []
    if len(wearers) == 1:
        sentences.append(
            f"Learned from one wearer ({wearers[0]}); its scores say nothing about others."
        )
    if kind == "block":
        sentences.append(
            "Scored on stretches of the very sessions it learned from, with a guard of "
            f"{GUARD_S:g} s: another day, shoe or mounting may score lower."
        )
    for (site, way), part in directed.groupby(["placement", "truth"]):
        minutes = float((part["end_s"] - part["start_s"]).sum()) / 60
        if minutes < FEW_MINUTES:
            sentences.append(f"Saw only {minutes:.1f} min of going {way} at {site}.")
    ran = directed.loc[directed["true_gait"] == "run", "truth"].unique()
    sentences += [f"Saw nobody running {way}." for way in BOTH_WAYS if way not in ran]
    if base is None:
        sites = {group_of(example.placement) for example in examples}
        missing = [
            site for group, members in GROUPS.items() if group not in sites for site in members
        ]
        if missing:
            sentences.append(f"Cannot be used at {', '.join(missing)}.")
        if not (strides["truth"] == "sideways").any():
            sentences.append("Never saw sideways steps: labels many of them forward or backward.")
    else:
        sentences += [f"As {base.name}: {weakness}" for weakness in base.card.weaknesses]
    return sentences


def learn(
    table: StrideTable, base: DirectionModel | None = None, *, name: str = "unnamed"
) -> DirectionModel:
    """Fit a model to strides with known truth, in both directions at each group of sites.

    One that extends a base covers all its sites; one from nothing, only those of the strides.
    """
    if base is None:
        # Each unit that is held out together counts as its own source.
        units, _ = units_of(table.strides)
        fitted = fit(StrideTable(table.features, table.strides.assign(source=units)), name=name)
        return replace(fitted, mountings=_mountings(table))
    sites = table.strides["placement"].map(group_of).to_numpy(dtype=str)
    groups = {
        group: _extended(base.groups[group], went(table.where(sites == group)), group)
        for group in np.unique(sites)
        if group in base.groups
    }
    return replace(
        base,
        groups={**base.groups, **groups},
        name=name,
        card=Card(),
        mountings=_mountings(table),
    )


def _mountings(table: StrideTable) -> dict[str, Mounting]:
    """Mountings of the wearer's walked strides in the device frame, by body site.

    Empty if strides are of several wearers, or few: no two wear a device alike.
    """
    walked = went(table)
    walked = walked.where((walked.strides["true_gait"] == "walk").to_numpy())
    mountings = {}
    if walked.strides["subject"].nunique() == 1:
        for site in walked.strides["placement"].unique():
            mounting = _mounting(walked.where((walked.strides["placement"] == site).to_numpy()))
            if mounting is not None:
                mountings[str(site)] = mounting
    return mountings


def _mounting(table: StrideTable) -> Mounting | None:
    """Separate the directions of one wearer at one site; None if nothing does.

    Each session, or each stretch of a single one, is separated by what the others show. That
    measures how sure strides of another day are.
    """
    backward = (table.strides["truth"] == DIRECTIONS[BACKWARD]).to_numpy()
    if min(backward.sum(), (~backward).sum()) < LEAST_CONTRAST_STRIDES:
        return None
    vectors = remembered(table.features)
    rows, shape = vectors.reshape(len(table), -1), vectors.shape[1:]
    units, _ = units_of(table.strides)
    unseen = np.empty(len(table))
    for unit in np.unique(units):
        out = units == unit
        weights, intercept = _told_apart(rows[~out], backward[~out])
        unseen[out] = rows[out] @ weights + intercept
    apart = float(np.mean(unseen[backward]) - np.mean(unseen[~backward]))
    if not apart > 0:
        return None
    gain = 2 * apart / max(float(np.var(unseen[backward]) + np.var(unseen[~backward])), _TINY)
    weights, intercept = _told_apart(rows, backward)
    return Mounting(mean_up(table.features), gain * weights.reshape(shape), gain * intercept)


def _told_apart(rows: FloatArray, backward: NDArray[np.bool_]) -> tuple[FloatArray, float]:
    """Weights of (n, k) rows, and the offset for means of -1/2 forward and 1/2 backward."""
    ways = (rows[~backward], rows[backward])
    ahead, back = (way.mean(axis=0) for way in ways)
    weights = _discriminant(back - ahead, np.concatenate([ways[0] - ahead, ways[1] - back]))
    return weights, -0.5 * float(weights @ (ahead + back))


def _discriminant(difference: FloatArray, within: FloatArray) -> FloatArray:
    """(k,) Fisher's linear discriminant, by which two means differ by 1.

    The covariance of the (n, k) rows ``within`` the classes is shrunk halfway to the diagonal.
    """
    covariance = within.T @ within / len(within)
    covariance = 0.5 * (covariance + np.diag(np.diag(covariance))) + _TINY * np.eye(len(difference))
    weights = np.linalg.solve(covariance, difference)
    return np.asarray(weights / max(float(weights @ difference), _TINY))


def _extended(site: SiteGroup, table: StrideTable, group: str) -> SiteGroup:
    """Correct the base's knowledge of a group of sites."""
    fronts = reference_fronts(table, level_fronts(table), site.travel)
    return SiteGroup(
        _corrected(site.travel, table, fronts, group, "travel"),
        _corrected(site.front, table, fronts, group, "front"),
        _own_contrast(table, site.contrast),
    )


def _own_contrast(table: StrideTable, habitual: FloatArray) -> FloatArray:
    """(len(COMPARED),) difference of these wearers backward from forward, in log odds.

    With too few strides walked in either direction, it is the usual one.
    """
    walked = table.where((table.strides["true_gait"] == "walk").to_numpy())
    counts = walked.strides["truth"].value_counts().reindex(BOTH_WAYS, fill_value=0)
    if counts.min() < LEAST_CONTRAST_STRIDES:
        return habitual
    differences, rest = [], []
    for rows in walked.strides.groupby(["source", "subject", "placement"]).indices.values():
        truth = walked.strides["truth"].to_numpy()[rows]
        ways = [walked.features.scalars[rows[truth == way]] for way in BOTH_WAYS]
        if all(map(len, ways)):
            forward, backward = (way.mean(axis=0) for way in ways)
            differences.append(backward - forward)
            rest += [ways[0] - forward, ways[1] - backward]
    if not differences:
        return habitual
    return OWN_CONTRAST * _discriminant(np.mean(differences, axis=0), np.concatenate(rest))


def _corrected(
    readout: Readout, table: StrideTable, fronts: FloatArray, group: str, target: Target
) -> Readout:
    """Draw a readout toward these strides, if the base uses it."""
    weights = readout.weights.copy()
    for i, form in enumerate(FORMS):
        for j, pace in enumerate(PACES):
            names = READOUTS[group].get((target, form, pace), ())
            part, goal = teaching(table, fronts, group, target, form, pace)
            if weights[i, j].any() and len(part):
                weights[i, j] = refit_weights(
                    part, goal, names, prior=weights[i, j], penalty=BASE_STRIDES / len(part)
                )
    return replace(readout, weights=weights)
