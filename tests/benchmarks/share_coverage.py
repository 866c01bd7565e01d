r"""How often the 95 % interval of the backward share holds the true share.

    python tests/benchmarks/share_coverage.py [--model default] [--sessions 500] \
        [--datasets ../shared/datasets]

Sessions are simulated stride by stride with the error rates of the model's card, group by group:
half of them forward only and the rest of any share, then at fixed true shares; then of any share
with some strides left unknown, all of one direction. Each session draws its own two error rates,
as sessions do. A count is exact: no approximation of the interval is used to make it.

Tens of sessions, whose interval is the mean of their own, are of one wearer misread alike in all,
or each has error rates of its own.

With data sets, also real sessions at the foot, each labelled by a model that has not seen the
person: of the strides that truly went forward or backward.
"""

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
from direction import FOOT, Evidence

from retrodetect.direction import store
from retrodetect.lab.datasets import present
from retrodetect.lab.measured import measured_sets
from retrodetect.tables import sessions_table
from retrodetect.tally.folder import totals
from retrodetect.tally.share import ErrorRates, share_interval
from retrodetect.training.scores import label_with_truth

FIXED_SHARES = (0.0, 0.02, 0.05, 0.1, 0.4, 0.9)


WAYS = ("forward", "backward", "unknown")
UNKNOWN_SHARES = (0.1, 0.5)
TENS = 60
TEN_STRIDES = 300


def drawn(rng, rates):
    """False backward and false forward rates of one session."""
    strength = (1 - rates.icc) / rates.icc
    return [
        rng.beta(mean * strength, (1 - mean) * strength)
        for mean in (rates.false_backward, rates.false_forward)
    ]


def counted(rng, misread, strides, truly_backward):
    """Strides labelled backward."""
    false_backward, false_forward = misread
    return rng.binomial(strides - truly_backward, false_backward) + rng.binomial(
        truly_backward, 1 - false_forward
    )


def coverage(rates, sessions, share_of, unknown_share=0.0, seed=0):
    """Fraction of sessions whose interval holds the truth, and the median width."""
    rng = np.random.default_rng(seed)
    held, widths = [], []
    for _ in range(sessions):
        strides = int(rng.integers(30, 3000))
        truly_backward = round(share_of(rng) * strides)
        unknown = round(unknown_share * strides)
        # Of the direction there is more of, as where a whole stretch is not known.
        gone = unknown if 2 * truly_backward > strides else 0
        backward = counted(rng, drawn(rng, rates), strides - unknown, truly_backward - gone)
        low, high = share_interval(backward, strides - unknown, rates, unknown)
        held.append(low <= truly_backward / strides <= high)
        widths.append(high - low)
    return np.mean(held), np.median(widths)


def together(rates, share, *, one_wearer, seed=0):
    """Fraction of tens of sessions whose interval together holds the truth, and its width."""
    rng = np.random.default_rng(seed)
    held, widths = [], []
    for _ in range(TENS):
        wearer, rows = drawn(rng, rates), []
        for _ in range(10):
            misread = wearer if one_wearer else drawn(rng, rates)
            backward = counted(rng, misread, TEN_STRIDES, round(share * TEN_STRIDES))
            low, high = share_interval(backward, TEN_STRIDES, rates)
            rows.append(
                {
                    "status": "ok",
                    "strides": TEN_STRIDES,
                    "forward_strides": TEN_STRIDES - backward,
                    "backward_strides": backward,
                    "backward_share_low": low,
                    "backward_share_high": high,
                }
            )
        found = totals(sessions_table(rows))
        low, high = found["backward_share_low"], found["backward_share_high"]
        held.append(low - 1e-9 <= share <= high + 1e-9)
        widths.append(high - low)
    return np.mean(held), np.median(widths)


def of_real_feet(datasets, rates):
    """Rows of real sessions: truth, counts, and the interval without and with unknown strides."""
    evidence, rows = Evidence(datasets, measured_sets(datasets, present(datasets))), []
    for person in sorted({example.subject for example in evidence.recordings[FOOT]}):
        mine = [item for item in evidence.recordings[FOOT] if item.subject == person]
        found = label_with_truth(evidence.model(FOOT, person), mine)
        known = found[found["truth"].isin(["forward", "backward"])]
        for name, part in known.groupby("recording"):
            ways = part["direction"].value_counts().reindex(WAYS, fill_value=0)
            backward, labelled = int(ways["backward"]), int(ways["backward"] + ways["forward"])
            sideways = int((part["reason"] == "sideways").sum())
            truth = float((part["truth"] == "backward").mean())
            row = {"recording": name, "truth": truth, **ways, "sideways": sideways}
            for how, unknown in (("labelled", 0), ("all", int(ways["unknown"]) - sideways)):
                low, high = share_interval(backward, labelled, rates, unknown)
                row |= {f"low_{how}": low, f"high_{how}": high, f"held_{how}": low <= truth <= high}
            rows.append(row)
    return pd.DataFrame(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--datasets", type=Path)
    options = parser.parse_args()
    mixes = {
        "as sessions come": lambda rng: 0.0 if rng.random() < 0.5 else rng.random(),
        "any share": lambda rng: rng.random(),
        **{f"{share:.0%} backward": lambda _, share=share: share for share in FIXED_SHARES},
    }
    card = store.load(options.model).card
    if options.datasets:
        real = of_real_feet(options.datasets, ErrorRates(**card.error_rates["foot"]))
        print(real.round(3).to_string())
    rows = []
    for group, found in card.error_rates.items():
        for mix, share_of in mixes.items():
            held, width = coverage(ErrorRates(**found), options.sessions, share_of)
            rows.append({"group": group, "sessions": mix, "held": held, "median_width": width})
        for unknown in UNKNOWN_SHARES:
            held, width = coverage(
                ErrorRates(**found), options.sessions, mixes["any share"], unknown
            )
            name = f"any share, {unknown:.0%} unknown"
            rows.append({"group": group, "sessions": name, "held": held, "median_width": width})
        for share, one_wearer in itertools.product((0.0, 0.2, 0.4), (True, False)):
            held, width = together(ErrorRates(**found), share, one_wearer=one_wearer)
            name = f"tens, {share:.0%} backward, {'one wearer' if one_wearer else 'each its own'}"
            rows.append({"group": group, "sessions": name, "held": held, "median_width": width})
    print(json.dumps(card.error_rates))
    print(pd.DataFrame(rows).pivot(index="sessions", columns="group").round(3).to_string())


if __name__ == "__main__":
    main()
