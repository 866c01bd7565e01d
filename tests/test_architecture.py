"""docs/architecture.md describes the code as it is."""

import re
import sys
from itertools import groupby, pairwise
from pathlib import Path

import retrodetect as rd

ROOT = Path(__file__).parents[1]
PACKAGE = Path(rd.__file__).parent
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
WALK = re.findall(r"^\| `([\w.]+)` \| .+ \|$", PAGE, re.M)


def followed(steps):
    """Functions of the package, in the order in which they first return while steps run."""
    returned = {}

    def watch(frame, event, _):
        code = frame.f_code
        if event == "return" and code.co_filename.startswith(str(PACKAGE)):
            module = Path(code.co_filename).relative_to(PACKAGE).with_suffix("")
            name = ".".join(part for part in module.parts if part != "__init__")
            returned.setdefault(f"{name}.{code.co_qualname}", None)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        steps()
    finally:
        sys.setprofile(before)
    return list(returned)


def test_a_file_walks_from_bytes_to_tally_as_described():
    model = rd.load_model("default")
    file = ROOT / "data" / "examples" / "simulated_thigh_forward_only.csv.gz"
    passed = followed(lambda: rd.tally(rd.label(rd.read(file), model=model).strides))
    assert set(WALK) <= set(passed)
    assert sorted(WALK, key=passed.index) == WALK


def test_the_walk_is_short_and_enters_no_room_twice():
    assert 15 <= len(WALK) <= 25
    rooms = [room for room, _ in groupby(name.split(".")[0] for name in WALK)]
    assert len(rooms) == len(set(rooms))
    assert rooms == ["formats", "signal", "gait", "features", "direction", "labelling", "tally"]


def test_the_other_functions_it_names_exist():
    for name in re.findall(r"`(runs\.\w+)\.(\w+)`", PAGE):
        module = (PACKAGE / f"{name[0].replace('.', '/')}.py").read_text("utf-8")
        assert f"def {name[1]}(" in module
    assert all(first != second for first, second in pairwise(WALK))
