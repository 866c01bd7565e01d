"""``retrodetect simulate``: recordings whose every stride is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from retrodetect.cli.options import out_option

__all__ = ["simulate"]

_DEVICE = "Device"


def simulate(
    plan: Annotated[
        str,
        typer.Argument(
            help="What to do, such as 'walk forward 20s 1.3m/s, stand 3s, walk backward 20s';"
            " or the word examples, for the example recordings.",
        ),
    ] = "walk forward 30s, stand 3s, walk backward 30s",
    out: Annotated[
        Path,
        out_option("Folder for recordings; their truth goes to <out>_truth."),
    ] = Path("simulated"),
    bvh: Annotated[
        Path | None, typer.Option(help="Wear the sensor in this motion capture instead.")
    ] = None,
    placement: Annotated[str, typer.Option(help="Body site.")] = "waist",
    side: Annotated[
        Literal["left", "right"], typer.Option(help="Body side of a site on a limb.")
    ] = "left",
    app: Annotated[str, typer.Option(help="Whose export to write.")] = "sensor_logger",
    rate: Annotated[float, typer.Option(min=1, max=10_000, help="Sampling rate in Hz.")] = 50.0,
    mounting: Annotated[
        tuple[float, float, float],
        typer.Option(help="Turns of the device about z, y and x in degrees.", metavar="Z Y X"),
    ] = (0.0, 0.0, 0.0),
    offset: Annotated[
        tuple[float, float, float],
        typer.Option(help="Shift from the site in metres.", metavar="FRONT LEFT UP"),
    ] = (0.0, 0.0, 0.0),
    noise: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Noise of the accelerometer in m/s², as all below a phone's if not given.",
            rich_help_panel=_DEVICE,
        ),
    ] = None,
    bias: Annotated[
        float | None,
        typer.Option(min=0, help="Spread of its offsets in m/s².", rich_help_panel=_DEVICE),
    ] = None,
    jitter: Annotated[
        float | None,
        typer.Option(min=0, help="Spread of the sampling instants in s.", rich_help_panel=_DEVICE),
    ] = None,
    clip: Annotated[
        float | None, typer.Option(min=0, help="Its range in m/s².", rich_help_panel=_DEVICE)
    ] = None,
    name: Annotated[str | None, typer.Option(help="File name without suffix.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another number, another session.")] = 0,
    person: Annotated[
        int | None,
        typer.Option(min=0, help="Who walks; as the seed if not given.", show_default=False),
    ] = None,
) -> None:
    """Simulate recordings, with the truth beside them."""
    from retrodetect.simulate import (
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
        session = Session(
            plan=plan, capture=bvh, placement=placement, side=side, app=app, rate_hz=rate,
            turned_deg=mounting, offset_m=offset, seed=seed, person=person,
            errors=PHONE.but(noise_mps2=noise, bias_mps2=bias, jitter_s=jitter, clip_mps2=clip),
        )  # fmt: skip
        if bvh is not None:
            typer.echo(f"note: {limits(read_bvh(bvh))}", err=True)
        written = [write_session(name or f"simulated_{placement}_{seed}", session, out)]
    for path in written:
        typer.echo(path)
