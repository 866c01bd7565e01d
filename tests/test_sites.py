"""One table says where a device can be worn, and everything else follows from it."""

import itertools

import pytest

from retrodetect.direction import Anchors
from retrodetect.errors import UsageError
from retrodetect.sites import GROUPS, PLACEMENTS, SITES, canonical_site, group_of, site_in


def test_every_site_is_in_one_group_and_keeps_its_name() -> None:
    assert sorted(itertools.chain(*GROUPS.values())) == sorted(PLACEMENTS)
    for name, site in SITES.items():
        assert site.name == name
        assert group_of(name) == group_of(f"{site.group}?") == site.group
    assert group_of("unknown") == group_of("") == ""


def test_a_word_means_one_site() -> None:
    words = [word for site in SITES.values() for word in (site.name, *site.aliases)]
    assert len(words) == len(set(words))
    for site in SITES.values():
        for word in (site.name, *site.aliases):
            assert canonical_site(word) == site.name
            assert canonical_site(f" {word.title()} ") == site.name


@pytest.mark.parametrize(
    ("words", "site"),
    [
        ("hip", "waist"), ("Left hip", "left-hip"), ("lower_back", "lower-back"),
        ("right wrist", "wrist"), ("left shoe", "foot"), ("front pocket", "front-pocket"),
        ("trouser pocket", "pocket"), ("Sternum", "breastbone"), ("buckle", "belly"),
        ("back", "lower-back"), ("belt", "waist"), ("calf", "shin"), ("coat pocket", "bag"),
        ("shank", "lower-leg"),
    ],
)  # fmt: skip
def test_everyday_words_will_do(words: str, site: str) -> None:
    assert canonical_site(words) == site
    assert Anchors(words).placement == site


@pytest.mark.parametrize(
    ("words", "nearest"),
    [("wist", "wrist"), ("ankel", "ankle"), ("lowerback", "lower-back"), ("lef hip", "left-hip")],
)
def test_a_slip_is_answered_with_the_nearest_site(words: str, nearest: str) -> None:
    with pytest.raises(UsageError, match=f"did you mean {nearest}[?]"):
        canonical_site(words)


@pytest.mark.parametrize("words", ["", "knee", "left", "?", "somewhere else"])
def test_what_is_no_site_is_answered_with_all_of_them(words: str) -> None:
    with pytest.raises(UsageError, match="isn't a body site; choose auto or one of foot"):
        canonical_site(words)


@pytest.mark.parametrize(
    ("words", "site"),
    [
        ("right lower leg, outside", "lower-leg"), ("sensor in back pocket", "back-pocket"),
        ("Hip_2", "waist"), ("my left hip", "left-hip"), ("forehead", None), ("", None),
    ],
)  # fmt: skip
def test_the_longest_name_in_a_phrase_wins(words: str, site: str | None) -> None:
    assert site_in(words) == site


def test_a_vague_site_may_be_precise_ones_that_say_where_or_differ_in_group() -> None:
    for site in SITES.values():
        meant = [SITES[name] for name in site.may_be]
        groups = {other.group for other in meant}
        assert not meant or site.group in groups
        for other in meant:
            assert other.lever_deg is not None or len(groups) > 1
            assert not other.may_be
        assert not (site.may_be and site.lever_deg is not None)


def test_a_sensor_sits_off_the_axis_where_its_lever_points_but_at_an_ankle_below_it() -> None:
    for site in SITES.values():
        if site.lever_deg is None or site.name == "ankle":
            continue
        front_m, left_m, _ = site.offset_m
        off_m = abs(complex(front_m, left_m))
        assert 0.09 <= off_m <= 0.15
        turn = {0.0: front_m, 180.0: -front_m, 90.0: left_m, -90.0: -left_m}[site.lever_deg]
        assert turn > 0.9 * off_m


def test_only_the_middle_of_the_body_feels_both_feet_alike() -> None:
    for site in SITES.values():
        assert not (site.feels_both_feet and (site.on_limb or abs(site.offset_m[1]) > 0.1))
