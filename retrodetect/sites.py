"""Body sites: the table of where a device can be worn.

Everything that depends on the site reads it here: the words a wearer may use, the group whose
classifier serves the site, its place around the body, and the place of the simulated sensor. To
add a site, add an entry to `SITES`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from retrodetect.errors import UsageError

__all__ = [
    "GROUPS", "LOWER_LEG", "PLACEMENTS", "SITES", "UNNAMED", "Impact", "Site", "canonical_site",
    "group_of", "groups_of", "site_in",
]  # fmt: skip

MID_BODY = ("pelvis", "chest", "head")
"""Segments that a body has once; it has the others on both sides."""


@dataclass(frozen=True, slots=True)
class Impact:
    """Shock at a body site after the initial contact of the foot on the same side.

    Shocks weaken and slow on their way up the body (Lafortune 1991 at the tibia; Voloshin & Wosk,
    J Biomech 15:21, 1982, and Wosk & Voloshin, J Biomech 14:261, 1981, from shank to head). The
    figures per site were fitted by eye to real recordings.
    """

    peak_mps2: float  # peak along the site's up axis in forward walking at 1.3 m/s
    frequency_hz: float  # of the damped oscillation
    decay_s: float
    delay_s: float  # travel time from the sole
    braking: float  # part that acts against the travel direction
    other_side: float  # part felt from the other foot


@dataclass(frozen=True, slots=True)
class Site:
    """A place on the body where a device is worn."""

    name: str  # as written on the command line, in manifests and in results
    # sites of a group move alike in a stride and share what points to front and travel:
    # ``foot``, ``ankle``, ``shin``, ``thigh``, ``trunk`` or ``arm``
    group: str
    where: str  # the place, in words for a wearer
    # body segment that carries the simulated sensor: ``pelvis``, ``chest``, ``head``, or of
    # one side ``thigh``, ``shank``, ``foot``, ``upper-arm``, ``forearm``, ``hand``
    segment: str
    # part of the way from the near joint of a limb to its far one; elsewhere from the middle of the
    # hip joints (pelvis) or of the shoulder joints (chest), and from the head joint
    along: float
    # from there to the front, outward (to the left on pelvis, chest and head) and up, on an adult
    # of 1.70 m: as real sensors, about 0.12 m off the axis of the trunk and 0.09 m off the thigh's
    offset_m: tuple[float, float, float]
    impact: Impact  # shock of a footfall there, in simulation
    # how a simulated device sits: its natural frequency in Hz, and the part of its motion that is
    # its own, from 0 (screwed to the bone) to 1 (hanging in a pouch)
    looseness: tuple[float, float]
    aliases: tuple[str, ...] = ()  # everyday words for it, in lower case, without hyphens
    # direction of the lever, from the axis about which the device turns to the device, seen from
    # above, counter-clockwise from the wearer's front: outward from a trunk or a thigh, backward at
    # an ankle, which hangs behind the knee whenever the shank turns fast. None if the name of the
    # site does not determine it.
    lever_deg: float | None = None
    # whether the motion of the body there shows the front; the lever may, besides
    shows_front: bool = False
    # whether the motion there looks like that of a front pocket turned round
    may_mimic_front: bool = False
    # what shows the direction of travel there: with ``gyroscope`` an accelerometer alone failed at
    # one of three captured people, throughout; with ``nothing`` a gyroscope failed too
    travel_seen_by: Literal["accelerometer", "gyroscope", "nothing"] = "accelerometer"
    # level angular rate of a typical stride (root mean square) below which strides there have no
    # say: an arm that does not swing is kept still, often before the chest, and moves like it. Of
    # the walking strides of 15 real watches 99 % turn faster than 0.5 rad/s, of those at real
    # belts, backs and chests 27 % (own measurement).
    least_turn_radps: float = 0.0
    # more precise sites that a vaguer name may mean, with how common each is (a guess: no survey
    # was found). If they are in several groups, the strides choose among these.
    may_be: Mapping[str, float] = field(default_factory=dict)
    # how common it is among the sites of its group, where nobody named one (a guess)
    commonness: float = 0.0
    # whether left and right steps feel alike there: only in the middle of the body
    feels_both_feet: bool = False

    @property
    def on_limb(self) -> bool:
        """Whether the body has this site on the left and on the right."""
        return self.segment not in MID_BODY


_AT_POCKET = Impact(4.0, 13.0, 0.030, 0.007, 0.3, 0.2)
_AT_WAIST = Impact(5.0, 12.0, 0.030, 0.010, 0.6, 0.9)
_AT_CHEST = Impact(2.0, 10.0, 0.035, 0.014, 0.3, 1.0)

_TABLE = (
    Site(
        "foot", "foot", "on the instep, under the laces",
        "foot", 0.5, (0.0, 0.0, 0.03), Impact(12.0, 20.0, 0.018, 0.000, -1.2, 0.02), (18.0, 0.1),
        aliases=("shoe", "boot", "instep", "laces"), shows_front=True, commonness=1.0,
    ),
    Site(
        "ankle", "ankle", "above the outer ankle",
        "shank", 0.9, (0.0, 0.04, 0.0), Impact(8.0, 18.0, 0.020, 0.002, 0.4, 0.03), (14.0, 0.15),
        aliases=("ankle bone", "ankle strap"), shows_front=True, lever_deg=180.0, commonness=1.0,
    ),
    Site(
        "shin", "shin", "strapped to the middle of the shin or calf",
        "shank", 0.43, (0.0, 0.05, 0.0), Impact(6.5, 16.0, 0.022, 0.004, 0.35, 0.08), (12.0, 0.2),
        aliases=("calf", "middle of the shank"), shows_front=True, travel_seen_by="gyroscope",
        commonness=1.0,
    ),
    Site(
        "lower-leg", "ankle", "anywhere between knee and ankle",
        "shank", 0.7, (0.0, 0.05, 0.0), Impact(7.0, 17.0, 0.020, 0.003, 0.4, 0.05), (13.0, 0.2),
        aliases=("shank", "leg below the knee"), may_be={"ankle": 0.5, "shin": 0.5},
    ),
    Site(
        "thigh", "thigh", "strapped to the front of the thigh",
        "thigh", 0.5, (0.09, 0.0, 0.0), Impact(5.0, 14.0, 0.028, 0.006, 0.3, 0.15), (9.0, 0.3),
        aliases=("upper leg", "leg"), shows_front=True, lever_deg=0.0, commonness=0.2,
    ),
    Site(
        "pocket", "thigh", "in a trouser pocket, front or back",
        "thigh", 0.2, (0.08, 0.05, 0.0), _AT_POCKET, (7.0, 0.5),
        aliases=("trouser pocket", "trousers pocket", "pants pocket", "trousers", "pants", "jeans"),
        may_be={"front-pocket": 0.92, "back-pocket": 0.08},
    ),
    Site(
        "front-pocket", "thigh", "in a front trouser pocket",
        "thigh", 0.2, (0.09, 0.03, 0.0), _AT_POCKET, (7.0, 0.5),
        aliases=("front trouser pocket", "front pants pocket"), lever_deg=0.0, shows_front=True,
        commonness=0.6,
    ),
    Site(
        "back-pocket", "thigh", "in a back trouser pocket",
        "thigh", 0.1, (-0.10, 0.02, 0.0), _AT_POCKET, (7.0, 0.5),
        aliases=("rear pocket", "back trouser pocket", "back pants pocket", "seat pocket"),
        lever_deg=180.0, may_mimic_front=True, travel_seen_by="gyroscope", commonness=0.2,
    ),
    Site(
        "waist", "trunk", "on the belt or waistband, anywhere around",
        "pelvis", 0.0, (0.11, 0.0, 0.10), _AT_WAIST, (8.0, 0.6),
        aliases=("belt", "hip", "hips", "waistband", "waist bag", "pelvis"),
        may_be={"belly": 0.4, "lower-back": 0.4, "left-hip": 0.1, "right-hip": 0.1},
        feels_both_feet=True,
    ),
    Site(
        "belly", "trunk", "on the belt, in front",
        "pelvis", 0.0, (0.12, 0.0, 0.10), _AT_WAIST, (8.0, 0.6),
        aliases=("buckle", "belt buckle", "navel", "stomach", "abdomen"), lever_deg=0.0,
        feels_both_feet=True, commonness=0.25,
    ),
    Site(
        "lower-back", "trunk", "on the belt, at the spine",
        "pelvis", 0.0, (-0.11, 0.0, 0.12), Impact(5.0, 12.0, 0.030, 0.010, 0.6, 1.0), (9.0, 0.45),
        aliases=("back", "lumbar", "spine", "sacrum"), lever_deg=180.0, feels_both_feet=True,
        commonness=0.4,
    ),
    Site(
        "left-hip", "trunk", "on the belt, at the left side",
        "pelvis", 0.0, (0.0, 0.14, 0.06), _AT_WAIST, (8.0, 0.6),
        aliases=("left belt",), lever_deg=90.0, commonness=0.1,
    ),
    Site(
        "right-hip", "trunk", "on the belt, at the right side",
        "pelvis", 0.0, (0.0, -0.14, 0.06), _AT_WAIST, (8.0, 0.6),
        aliases=("right belt",), lever_deg=-90.0, commonness=0.1,
    ),
    Site(
        "chest", "trunk", "on the chest: strap, shirt pocket or neck pouch",
        "chest", 0.0, (0.10, 0.0, -0.10), _AT_CHEST, (9.0, 0.25),
        aliases=("torso", "neck", "neck pouch", "breast pocket", "shirt pocket"),
        may_be={"breastbone": 1.0}, feels_both_feet=True,
    ),
    Site(
        "breastbone", "trunk", "strapped to the breastbone",
        "chest", 0.0, (0.11, 0.0, -0.08), _AT_CHEST, (9.0, 0.25),
        aliases=("sternum", "chest strap"), lever_deg=0.0, feels_both_feet=True, commonness=0.15,
    ),
    Site(
        "upper-arm", "arm", "on the outer upper arm",
        "upper-arm", 0.5, (0.0, 0.05, 0.0), Impact(1.0, 9.0, 0.035, 0.016, 0.2, 0.9), (9.0, 0.25),
        aliases=("arm", "armband", "biceps"), travel_seen_by="nothing", commonness=0.1,
    ),
    Site(
        "wrist", "arm", "on the wrist, like a watch",
        "forearm", 0.95, (0.0, 0.03, 0.0), Impact(0.8, 9.0, 0.035, 0.020, 0.1, 0.8), (12.0, 0.25),
        aliases=("watch", "smartwatch", "wristband", "forearm", "lower arm"), least_turn_radps=0.5,
        travel_seen_by="gyroscope", shows_front=True, commonness=0.4,
    ),
    Site(
        "hand", "arm", "in the hand",
        "hand", 0.6, (0.0, -0.02, 0.0), Impact(0.8, 9.0, 0.035, 0.022, 0.1, 0.8), (8.0, 0.4),
        aliases=("palm", "in hand"), least_turn_radps=0.5, travel_seen_by="gyroscope",
        shows_front=True, commonness=0.4,
    ),
    Site(
        "head", "trunk", "at the ear or on a headband",
        "head", 0.0, (0.0, 0.08, 0.08), Impact(0.6, 9.0, 0.035, 0.018, 0.1, 1.0), (14.0, 0.1),
        aliases=("ear", "headband", "helmet", "hat", "cap"), feels_both_feet=True,
    ),
    Site(
        "bag", "arm", "in a bag or a coat, loose",
        "chest", 0.0, (-0.18, 0.0, -0.25), Impact(1.2, 8.0, 0.040, 0.016, 0.2, 1.0), (4.5, 0.8),
        aliases=("purse", "handbag", "backpack", "rucksack", "coat pocket", "jacket pocket"),
        travel_seen_by="nothing", commonness=0.1,
    ),
)  # fmt: skip

SITES: dict[str, Site] = {site.name: site for site in _TABLE}
"""Every site by its name."""

PLACEMENTS: tuple[str, ...] = tuple(SITES)
"""Names a wearer may give; ``auto`` is the absence of a name."""

GROUPS: dict[str, tuple[str, ...]] = {
    group: tuple(site.name for site in _TABLE if site.group == group)
    for group in ("foot", "ankle", "shin", "thigh", "trunk", "arm")
}
"""Sites of each group."""

LOWER_LEG = ("foot", "ankle", "shin")
"""Groups below the knee: each alone shows where the wearer faces, and feels one foot only."""

UNNAMED: dict[str, dict[str, float]] = {
    group: {name: SITES[name].commonness for name in names if SITES[name].commonness}
    for group, names in GROUPS.items()
}
"""Sites that a group may mean if nobody named one, with how common each is."""

_WORDS = {
    words: site.name for site in _TABLE for words in (site.name.replace("-", " "), *site.aliases)
}


def group_of(placement: str) -> str:
    """Return the group of a placement, which may be an inferred group (``trunk?``)."""
    name = placement.removesuffix("?")
    if name in GROUPS:
        return name
    return SITES[name].group if name in SITES else ""


def groups_of(placement: str) -> set[str]:
    """Return the groups of the sites that a placement may mean."""
    return {group_of(site) for site in SITES[placement].may_be or [placement]}


def canonical_site(placement: str, *, option: str = "--placement") -> str:
    """Return the site that a wearer means by a name or an everyday word.

    Such as ``waist``, ``Lower back``, ``hip``, ``left shoe``: case, hyphens and a side that the
    site's name lacks are ignored. If no site matches, UsageError suggests the nearest word;
    ``option`` is the option to name in it.
    """
    words = _plain(placement)
    for candidate in (words, re.sub(r"\b(left|right)\b", "", words).strip()):
        if candidate in _WORDS:
            return _WORDS[candidate]
    nearest = get_close_matches(words, _WORDS, n=1, cutoff=0.7)
    suggestion = f"did you mean {_WORDS[nearest[0]]}? Choose" if nearest else "choose"
    raise UsageError(
        f"{placement!r} isn't a body site",
        place=option,
        remedy=f"{suggestion} auto or one of {', '.join(PLACEMENTS)}",
    )


def site_in(words: str) -> str | None:
    """Return the site that a phrase such as ``right lower leg, outside`` names, if any.

    The longest name wins.
    """
    plain = f" {_plain(words)} "
    named = [name for name in _WORDS if f" {name} " in plain]
    return _WORDS[max(named, key=len)] if named else None


def _plain(words: str) -> str:
    """Return lower-case words with single spaces between them."""
    return re.sub(r"[^a-z]+", " ", words.lower()).strip()
