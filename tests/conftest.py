"""Fixtures shared by all tests."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from handmade import readout
from threadpoolctl import threadpool_limits

from retrodetect.direction import DirectionModel, store
from retrodetect.direction.card import Card
from retrodetect.direction.likeness import COMPARED, Likeness
from retrodetect.direction.model import SITE_INPUTS, SiteClassifier, SiteGroup
from retrodetect.sites import GROUPS
from retrodetect.training.fit import HABITUAL_CONTRAST

NO_REAL_RECORDINGS = "real recordings are not here"
NO_BROWSER = "no Chromium"

EXTRAS = {
    "cluster": ("distributed", "s3fs", "upath"),
    "docs": ("numpydoc",),
    "notebooks": ("nbclient", "nbformat"),
    "parquet": ("pyarrow",),
    "release": ("hatchling",),
    "track": ("defusedxml", "fitdecode"),
    "test-browser": ("axe_core_python",),
    "test-cluster": ("distributed", "s3fs", "moto"),
}
"""Modules that tests marked ``extra`` import, by the extra that they come with."""


def pytest_runtest_setup(item):
    for mark in item.iter_markers("extra"):
        if any(find_spec(module) is None for module in EXTRAS[mark.args[0]]):
            pytest.skip(f"needs retrodetect[{mark.args[0]}]")


def pytest_make_parametrize_id(val, argname):
    """Number parameters that are bytes: a packed file holds its time, so its id would change.

    Workers of pytest-xdist must collect the same ids.
    """
    return argname if isinstance(val, bytes) else None


def pytest_terminal_summary(terminalreporter):
    """Say loudly what was not tested, and how to test it."""
    reasons = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    counts = Counter(name for name in EXTRAS for text in reasons if f"[{name}]" in text)
    for name, count in counts.items():
        terminalreporter.write_line(
            f"{count} tests skipped: pip install 'retrodetect[{name}]', then pytest -m extra",
            yellow=True,
        )
    if any(NO_BROWSER in reason for reason in reasons):
        terminalreporter.section("pages not tested in a browser", red=True, bold=True)
        terminalreporter.line("Install Chromium, then run pytest -m extra.")
    count = sum(NO_REAL_RECORDINGS in reason for reason in reasons)
    if count:
        terminalreporter.section("not tested against real recordings", red=True, bold=True)
        terminalreporter.line(f"{count} tests were skipped, since ../shared is missing.")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Leave the cores to the workers: numerical libraries that share them mostly wait."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real recordings beside the repository; the test is skipped without it."""
    folder = Path(__file__).parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip(f"{NO_REAL_RECORDINGS}: {folder} is missing")
    return folder


@pytest.fixture(scope="session")
def noise_model() -> DirectionModel:
    """A model of noise: knows nothing, but has everything a model has."""
    rng = np.random.default_rng(0)
    groups = tuple(GROUPS)
    sites = {
        form: SiteClassifier(
            groups, 0.1 * rng.normal(size=(len(groups), len(inputs))), rng.normal(size=len(groups))
        )
        for form, inputs in SITE_INPUTS.items()
    }
    travel = readout(
        dict.fromkeys(("h_dv_low", "U2_fixed"), 1.0),
        run=dict.fromkeys(("h_dv_low", "U2_fixed"), -1.0),
        doubt=0.1,
    )
    front = readout({"lever_mid": 1.0}, doubt=0.2)
    return DirectionModel(
        dict.fromkeys(groups, SiteGroup(travel, front, HABITUAL_CONTRAST)),
        sites,
        Likeness(rng.uniform(0.1, 0.3, len(COMPARED)), 2.0, -0.8),
        name="noise",
    )


@pytest.fixture(scope="session")
def stored_model(noise_model: DirectionModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model on disk."""
    folder = tmp_path_factory.mktemp("models") / "noise"
    store.save_model(replace(noise_model, card=Card(summary="Fitted on noise, for tests.")), folder)
    return folder


@pytest.fixture(scope="session")
def write_walk() -> Callable[..., Path]:
    """Write a plain csv of somebody walking with a device at the waist; each name another walk."""

    def write(path: Path, seconds: float = 20.0) -> Path:
        time_s = np.arange(0, seconds, 0.01)
        phase = 2 * np.pi * 0.9 * time_s
        rng = np.random.default_rng([*os.fsencode(path.name)])
        axes = {
            "x": 1.0 * np.sin(phase) + 0.4 * np.sin(4 * phase),
            "y": 9.81 + 2.5 * np.cos(2 * phase) + 1.0 * np.cos(4 * phase + 0.5),
            "z": 1.2 * np.sin(2 * phase) + 0.5 * np.cos(2 * phase),
        }
        table = pd.DataFrame({"time_s": time_s, **axes})
        table[list(axes)] += 0.1 * rng.normal(size=(len(table), 3))
        path.parent.mkdir(parents=True, exist_ok=True)
        table.round(4).to_csv(path, index=False)
        return path

    return write
