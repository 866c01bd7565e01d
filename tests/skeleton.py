"""A person as a BVH file, of any size, naming and upright axis."""

import numpy as np

LEG = ("UpLeg", (0, -5, 0)), ("Leg", (0, -42, 0)), ("Foot", (0, -41, 0)), ("ToeBase", (0, -5, 14))
ARM = ("Arm", (5, 0, 0)), ("ForeArm", (28, 0, 0)), ("Hand", (25, 0, 0))
ROTATIONS = "Zrotation Xrotation Yrotation"


def bvh(
    frames: np.ndarray,
    *,
    scale: float = 1.0,
    names: dict[str, str] | None = None,
    turned: bool = False,
    root_offset: tuple[float, float, float] = (0.0, 0.0, 0.0),
    frame_time_s: float = 1 / 30,
) -> str:
    """A person in centimetres, y up, whose hips follow x y z and z x y rotations (F, 6).

    ``turned`` stands the same person along z: x right of the viewer stays, y goes to z.
    """
    names = names or {}
    lines: list[str] = []
    count = 6

    def vector(offset: tuple[float, ...]) -> str:
        x, y, z = (scale * v for v in offset)
        return f"{x} {-z} {y}" if turned else f"{x} {y} {z}"

    def chain(links: tuple, side: str, outward: float) -> None:
        nonlocal count
        (name, (x, y, z)), *rest = links
        lines.append(f"JOINT {names.get(side + name, side + name)}\n{{")
        lines.append(f"OFFSET {vector((outward * x, y, z))}\nCHANNELS 3 {ROTATIONS}")
        count += 3
        if rest:
            chain(tuple(rest), side, outward)
        else:
            lines.append(f"End Site\n{{\nOFFSET {vector((outward * 5, 0, 0))}\n}}")
        lines.append("}")

    x, y, z = root_offset
    lines.append(f"HIERARCHY\nROOT Hips\n{{\nOFFSET {x} {y} {z}")
    lines.append(f"CHANNELS 6 Xposition Yposition Zposition {ROTATIONS}")
    for side, outward in (("Left", 1.0), ("Right", -1.0)):
        (upper, (_, down, ahead)), *rest = LEG
        chain(((upper, (9, down, ahead)), *rest), side, outward)
    lines.append(f"JOINT Spine\n{{\nOFFSET {vector((0, 40, 0))}\nCHANNELS 3 {ROTATIONS}")
    count += 3
    for side, outward in (("Left", 1.0), ("Right", -1.0)):
        chain(ARM, side, outward)
    lines.append(f"JOINT Head\n{{\nOFFSET {vector((0, 20, 0))}\nCHANNELS 3 {ROTATIONS}")
    count += 3
    lines.append(f"End Site\n{{\nOFFSET {vector((0, 15, 0))}\n}}\n}}\n}}\n}}")
    values = np.zeros((len(frames), count))
    values[:, :6] = frames
    values[:, :3] *= scale
    if turned:
        values[:, :3] = values[:, [0, 2, 1]] * [1, -1, 1]
    lines.append(f"MOTION\nFrames: {len(frames)}\nFrame Time: {frame_time_s}")
    lines += [" ".join(map(repr, row.tolist())) for row in values]
    return "\n".join(lines)
