"""How often the 95 % interval of the backward share holds the true share.

    python tests/benchmarks/share_coverage.py [--model default] [--sessions 500]

Sessions are simulated stride by stride with the error rates of the model's card, group by group:
half of them forward only and the rest of any share, then at fixed true shares. Each session draws
its own two error rates, as sessions do. A count is exact: no approximation of the interval is
used to make it.
"""

import argparse
import json

import numpy as np
import pandas as pd

from retrodetect.tally.share import ErrorRates, share_interval
from retrodetect.training import store

FIXED_SHARES = (0.0, 0.02, 0.05, 0.1, 0.4, 0.9)


def simulated(rng, rates, share):
    """True share, backward count and strides of one session."""
    strides = int(rng.integers(30, 3000))
    truly_backward = round(share * strides)
    strength = (1 - rates.icc) / rates.icc
    false_backward, false_forward = (
        rng.beta(mean * strength, (1 - mean) * strength)
        for mean in (rates.false_backward, rates.false_forward)
    )
    wrong = rng.binomial(strides - truly_backward, false_backward)
    right = rng.binomial(truly_backward, 1 - false_forward)
    return truly_backward / strides, wrong + right, strides


def coverage(rates, sessions, share_of, seed=0):
    """Fraction of sessions whose interval holds the truth, and the median width."""
    rng = np.random.default_rng(seed)
    held, widths = [], []
    for _ in range(sessions):
        truth, backward, strides = simulated(rng, rates, share_of(rng))
        low, high = share_interval(backward, strides, rates)
        held.append(low <= truth <= high)
        widths.append(high - low)
    return np.mean(held), np.median(widths)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--sessions", type=int, default=500)
    options = parser.parse_args()
    mixes = {
        "as sessions come": lambda rng: 0.0 if rng.random() < 0.5 else rng.random(),
        "any share": lambda rng: rng.random(),
        **{f"{share:.0%} backward": lambda _, share=share: share for share in FIXED_SHARES},
    }
    card = store.load(options.model).card
    rows = []
    for group, found in card["error_rates"].items():
        for mix, share_of in mixes.items():
            held, width = coverage(ErrorRates(**found), options.sessions, share_of)
            rows.append({"group": group, "sessions": mix, "held": held, "median_width": width})
    print(json.dumps(card["error_rates"]))
    print(pd.DataFrame(rows).pivot(index="sessions", columns="group").round(3).to_string())


if __name__ == "__main__":
    main()
