"""``retrodetect simulate``: recordings whose every stride is known."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from retrodetect.cli.options import out_option
from retrodetect.sites import PLACEMENTS, canonical_site

__all__ = ["simulate"]

_device = partial(typer.Option, rich_help_panel="Device")


def simulate(
    plan: Annotated[
        str,
        typer.Argument(
            help="What the person does, such as 'walk forward 20s 1.3m/s, stand 3s, walk backward"
            " 20s'; or examples, to make the example recordings."
        ),
    ] = "walk forward 30s, stand 3s, walk backward 30s",
    out: Annotated[
        Path, out_option("Folder for the recordings; the true strides go to <out>_truth.")
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
        _device(
            min=0, help="Noise of the accelerometer in m/s² (default here and below: a phone's)."
        ),
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
        typer.Option(
            help="When the recording starts, such as 2026-03-01T09:00:00, in UTC unless a zone such"
            " as +0200 follows."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the session.")] = 0,
    person: Annotated[
        int | None,
        typer.Option(
            min=0, help="Random seed of the person (default: --seed).", show_default=False
        ),
    ] = None,
) -> None:
    """Simulate recordings in which every stride is known."""
    from retrodetect.lab.simulate import (
        PHONE,
        Session,
        limits,
        read_bvh,
        write_examples,
        write_session,
    )

    if plan == "examples":
        written = write_examples(out)
    else:
        placement = canonical_site(placement)
        session = Session(
            plan=plan, capture=bvh, placement=placement, side=side, app=app, rate_hz=rate,
            turned_deg=mounting, offset_m=offset, seed=seed, person=person,
            start_time=start_time and _in_utc(start_time),
            errors=PHONE.but(noise_mps2=noise, bias_mps2=bias, jitter_s=jitter, clip_mps2=clip),
        )  # fmt: skip
        if bvh is not None:
            typer.echo(f"note: {limits(read_bvh(bvh))}", err=True)
        written = [write_session(name or f"simulated_{placement}_{seed}", session, out)]
    for path in written:
        typer.echo(path)


def _in_utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
