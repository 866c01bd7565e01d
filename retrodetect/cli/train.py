"""``retrodetect train``, ``evaluate``, ``models`` and ``simulate``: models and their tests."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from retrodetect.cli import options
from retrodetect.sites import PLACEMENTS, canonical_site

__all__ = ["evaluate", "models", "simulate", "train"]

_device = partial(typer.Option, rich_help_panel="Device")


@options.with_reading
def train(
    recordings: options.Labelled,
    out: Annotated[Path, options.out_option("File to store the model in.")],
    base: Annotated[
        str, typer.Option(help="Model to extend, by name or file, or none to start from scratch.")
    ] = "default",
    placement: options.Placement = "auto",
    name: Annotated[str | None, typer.Option(help="Name of the model (default: as --out).")] = None,
    jobs: options.Jobs = None,
    cache: options.Cache = None,
    mixed_rates: Annotated[
        bool, typer.Option("--mixed-rates", help="Allow different sampling rates at one body site.")
    ] = False,
    quiet: options.Quiet = False,
    *,
    read: options.Read,
) -> None:
    """Train a model on your own recordings, and test it.

    RECORDINGS is a manifest (a csv with the columns path, subject, and direction or labels), a
    folder with the subfolders forward and backward, or recordings with notes made in the app.
    """
    from retrodetect.cli import terminal
    from retrodetect.training.train import train as train_model

    model = train_model(
        recordings,
        None if base == "none" else base,
        out=out,
        name=name,
        placement=options.placement(placement),
        jobs=jobs,
        cache_folder=options.cache_folder(cache),
        mixed_rates=mixed_rates,
        read=read,
    )
    if not quiet:
        terminal.show_card(model.card, out)


@options.with_reading
def evaluate(
    recordings: options.Labelled,
    model: options.Model = "default",
    against: Annotated[
        str | None, typer.Option(help="Another model to compare with, stride by stride.")
    ] = None,
    out: Annotated[Path | None, options.out_option("Folder for the tables.")] = None,
    placement: options.Placement = "auto",
    jobs: options.Jobs = None,
    cache: options.Cache = None,
    quiet: options.Quiet = False,
    *,
    read: options.Read,
) -> None:
    """Score a model on labelled recordings, or compare two models."""
    from retrodetect.cli import terminal
    from retrodetect.training import assess

    evaluation = assess.evaluate(
        recordings,
        model,
        against=against,
        placement=options.placement(placement),
        jobs=jobs,
        cache_folder=options.cache_folder(cache),
        read=read,
        out=out,
    )
    if not quiet:
        terminal.show_evaluation(evaluation, out)


def models(
    name: Annotated[
        str | None, typer.Argument(help="Name or file of a model, to show its whole card.")
    ] = None,
) -> None:
    """List the shipped models, or show the card of one model."""
    from retrodetect.direction import card, store

    if name is not None:
        typer.echo(card.markdown(store.load_card(name)))
        return
    for shipped in store.shipped():
        whole = store.load_card(shipped)
        facts = {
            "licence": whole.licence,
            "created": whole.created,
            "sites": ", ".join(site for sites in whole.placements.values() for site in sites),
            "sources": ", ".join(f"{source.name} ({source.evidence})" for source in whole.sources),
        }
        typer.echo(f"{whole.name}\n  {whole.summary}")
        for topic, fact in facts.items():
            if fact:
                typer.echo(f"  {topic}: {fact}")


def simulate(
    plan: Annotated[
        str,
        typer.Argument(
            help="What the person does, such as 'walk forward 20s 1.3m/s, stand 3s, walk backward"
            " 20s'; or examples, to make the example recordings."
        ),
    ] = "walk forward 30s, stand 3s, walk backward 30s",
    out: Annotated[
        Path, options.out_option("Folder for the recordings; the true strides go to <out>_truth.")
    ] = Path("simulated"),
    bvh: Annotated[
        Path | None, typer.Option(help="Put the sensor on the person in this motion capture file.")
    ] = None,
    placement: Annotated[str, typer.Option(help=f"Body site: {', '.join(PLACEMENTS)}.")] = "waist",
    side: Annotated[
        Literal["left", "right"], typer.Option(help="Left or right, for a limb.")
    ] = "left",
    app: Annotated[str, typer.Option(help="App whose export format to write.")] = "sensor_logger",
    rate: Annotated[float, typer.Option(min=1, max=10_000, help="Sampling rate in Hz.")] = 50.0,
    mounting: Annotated[
        tuple[float, float, float],
        typer.Option(help="Rotation of the device about z, y and x, in degrees.", metavar="Z Y X"),
    ] = (0.0, 0.0, 0.0),
    offset: Annotated[
        tuple[float, float, float],
        typer.Option(help="Distance from the body site, in metres.", metavar="FRONT LEFT UP"),
    ] = (0.0, 0.0, 0.0),
    noise: Annotated[
        float | None,
        _device(min=0, help="Noise of the accelerometer in m/s² (default for all: a phone's)."),
    ] = None,
    bias: Annotated[
        float | None, _device(min=0, help="Standard deviation of its offsets, in m/s².")
    ] = None,
    jitter: Annotated[
        float | None, _device(min=0, help="Standard deviation of the sampling times, in s.")
    ] = None,
    clip: Annotated[
        float | None, _device(min=0, help="Largest acceleration it can read, in m/s².")
    ] = None,
    name: Annotated[str | None, typer.Option(help="File name without the ending.")] = None,
    start_time: Annotated[
        datetime | None,
        typer.Option(help="Start, such as 2026-03-01T09:00:00, in UTC or with a zone (+0200)."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the session.")] = 0,
    person: Annotated[
        int | None,
        typer.Option(min=0, help="Random seed of the person (default: --seed)."),
    ] = None,
) -> None:
    """Simulate recordings in which every stride is known."""
    from retrodetect.lab import simulate as lab

    if plan == "examples":
        written = lab.write_examples(out)
    else:
        placement = canonical_site(placement)
        if start_time is not None:
            zone = start_time.tzinfo or UTC
            start_time = start_time.replace(tzinfo=zone).astimezone(UTC)
        session = lab.Session(
            plan=plan, capture=bvh, placement=placement, side=side, app=app, rate_hz=rate,
            turned_deg=mounting, offset_m=offset, seed=seed, person=person,
            start_time=start_time,
            errors=lab.PHONE.but(noise_mps2=noise, bias_mps2=bias, jitter_s=jitter, clip_mps2=clip),
        )  # fmt: skip
        if bvh is not None:
            typer.echo(f"note: {lab.limits(lab.read_bvh(bvh))}", err=True)
        written = [lab.write_session(name or f"simulated_{placement}_{seed}", session, out)]
    for path in written:
        typer.echo(path)
