"""Pages made from the code, so that they cannot drift from it.

Before a build it writes, below ``docs/generated``: the glossary of the tables and of the
features, the register of data sets, the commands with their options, the cards of the shipped
models, and the reference of every public name.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import typer
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import retrodetect
from retrodetect import tables
from retrodetect.cli import app
from retrodetect.features import catalogue
from retrodetect.lab.datasets import register
from retrodetect.sites import SITES

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "docs" / "generated"

STAGES = (
    "formats", "signal", "gait", "features", "direction", "tally", "report", "runs", "library",
    "training", "lab",
)  # fmt: skip
"""Packages in the order of the pipeline; modules outside them have a page together."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the pages before anything is read."""
    app.connect("builder-inited", _write_all)
    app.connect("autodoc-skip-member", _skip)
    app.connect("missing-reference", _at_home)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _skip(_app: Sphinx, _what: str, name: str, *_more: object) -> bool | None:
    """Leave out what scikit-learn adds to every estimator for its metadata routing."""
    return True if name.startswith("set_") and name.endswith("_request") else None


def _at_home(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.Element
) -> nodes.Element | None:
    """Link a name that a stage shows, such as ``retrodetect.formats.read``, to where it is told."""
    package, _, name = str(node["reftarget"]).rpartition(".")
    if node["refdomain"] != "py" or not package.startswith("retrodetect"):
        return None
    try:
        found = getattr(importlib.import_module(package), name)
    except (ImportError, AttributeError):
        return None
    home = f"{getattr(found, '__module__', '')}.{getattr(found, '__qualname__', '')}"
    if home == node["reftarget"]:
        return None
    domain = env.get_domain("py")
    return domain.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], home, node, shown)


def _write_all(_app: Sphinx) -> None:
    _write("parts/tables.md", _tables())
    _write("parts/features.md", _features())
    _write("parts/datasets.md", _register())
    _write("parts/commands.md", _commands())
    _write("parts/sites.md", _sites())
    _write("parts/rooms.md", _rooms())
    for card in sorted(ROOT.glob("models/*/card.md")):
        _write(f"parts/card-{card.parent.name}.md", card.read_text())
    _write("reference/index.rst", _reference_index())
    for stage in STAGES:
        _write(f"reference/{stage}.rst", _reference(f"retrodetect.{stage}", _modules(stage)))
    _write("reference/rest.rst", _reference("The rest", _modules(None)))


def _write(name: str, text: str) -> None:
    """Write a page unless it is there already, so that builds stay incremental."""
    path = GENERATED / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _sites() -> str:
    """Every body site, what it is also called, and which sites it may be."""
    return _table(
        ("site", "where", "also called", "may be"),
        (
            (f"`{site.name}`", site.where, ", ".join(site.aliases), ", ".join(site.may_be))
            for site in SITES.values()
        ),
    )


def _rooms() -> str:
    """Packages in the order in which they may import each other, with their size."""
    package = Path(retrodetect.__file__).parent

    def row(name: str, said: str, files: Sequence[Path]) -> Sequence[object]:
        lines = sum(len(file.read_text("utf-8").splitlines()) for file in files)
        return f"`{name}`", said, len(files), lines

    def summary(name: str) -> str:
        doc = inspect.getdoc(importlib.import_module(f"retrodetect.{name}")) or ""
        return doc.partition("\n\n")[0].replace("\n", " ").partition(": ")[2]

    rooms = [*STAGES, "cli"]
    return _table(
        ("room", "what it does", "modules", "lines"),
        (
            row("retrodetect/*.py", "What all rooms share, and the order of the stages.",
                sorted(package.glob("*.py"))),
            *(row(name, summary(name), sorted((package / name).rglob("*.py"))) for name in rooms),
        ),
    )  # fmt: skip


def _tables() -> str:
    """Every glossary of the tables, in the order in which the module has them."""
    return "\n".join(
        f"## {name.removesuffix('_GLOSSARY').lower()}s.csv\n\n{said}\n\n"
        + _table(
            ("column", "holds"),
            ((f"`{column}`", holds) for column, holds in getattr(tables, name).items()),
        )
        for name, said in _constants(tables)
        if name.endswith("_GLOSSARY")
    )


def _constants(module: ModuleType) -> Iterator[tuple[str, str]]:
    """Constants of a module, with the string that stands below each."""
    for line, below in pairwise(ast.parse(inspect.getsource(module)).body):
        match line, below:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=said)):
                yield name, str(said).replace("``", "`")


def _features() -> str:
    kinds = {
        "Vector moments": catalogue.MOMENTS,
        "Vectors against the quiet stance (foot and ankle)": catalogue.SWING,
        "Scalar moments": catalogue.SCALARS,
        "Ratios": catalogue.RATIOS,
    }
    parts = [
        f"### {title}\n\n"
        + _table(
            ("name", "factors", "band in Hz", "meaning", "unit", "source"),
            (
                (
                    f"`{one.name}`",
                    "·".join(one.factors),
                    "{:g} to {:g}".format(*catalogue.BANDS_HZ[one.band]),
                    one.meaning,
                    one.unit,
                    one.source,
                )
                for one in features
            ),
        )
        for title, features in kinds.items()
    ]
    free = catalogue.FREE_FEATURES
    dots = sum("·" in name for name in free)
    parts.append(
        f"### Dot products\n\nThe remaining {dots} of the {len(free)} free features are "
        "the dot products of all pairs of vector moments, named `a·b`."
    )
    return "\n".join(parts)


def _register() -> str:
    return "\n".join(map(_entry, register().values()))


def _entry(row: dict[str, str]) -> str:
    facts = ((key.replace("_", " "), row[key]) for key in row if key not in ("loader", "title"))
    return f"## {row['title']}\n\n" + _table(("loader", f"`{row['loader']}`"), facts)


def _commands() -> str:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return "\n".join(
        f"## retrodetect {name}\n\n{command.help}\n\n"
        + _table(("option", "what it does", "default"), map(_option, command.params))
        for name, command in commands.items()
    )


def _option(option: Any) -> tuple[str, str, str]:
    names = [*option.opts, *option.secondary_opts]
    if option.param_type_name == "argument":
        names = [name.upper() for name in names]
    empty = option.default in (None, False, ()) or option.required or callable(option.default)
    default = "required" if option.required else "" if empty else f"`{_plain(option.default)}`"
    return ", ".join(f"`{name}`" for name in names), option.help or "", default


def _plain(default: object) -> str:
    """A default as it is written on the command line."""
    if default is True:
        return "on"
    return " ".join(f"{part:g}" for part in default) if isinstance(default, tuple) else f"{default}"


def _modules(stage: str | None) -> list[str]:
    """Modules with public names: of one stage, or those of none."""
    found = [
        module.name
        for module in pkgutil.walk_packages(retrodetect.__path__, "retrodetect.")
        if module.name != "retrodetect.__main__"
    ]
    if stage is not None:
        return [name for name in found if name.split(".")[1] == stage]
    return [name for name in found if name.split(".")[1] not in STAGES and ".cli" not in name]


def _reference_index() -> str:
    pages = "\n".join(f"   {page}" for page in (*STAGES, "rest"))
    return f"""Library reference
=================

Every public name, in the order in which a recording passes the stages. What most users need is
on this page.

.. toctree::
   :maxdepth: 1

{pages}

.. module:: retrodetect

{_names("retrodetect", _functions_first(set(retrodetect.__all__) - {"__version__"}))}
"""


def _functions_first(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (isinstance(getattr(retrodetect, name), type), name))


def _reference(title: str, modules: list[str]) -> str:
    parts = [f"{title}\n{'=' * len(title)}\n"]
    for name in modules:
        module = importlib.import_module(name)
        own = [
            public
            for public in getattr(module, "__all__", ())
            if getattr(getattr(module, public), "__module__", name) == name
        ]
        # A function may be called like its package; only one of them can be the target of links.
        taken = "" if name.split(".", 1)[1] not in retrodetect.__all__ else "   :no-index:\n"
        parts.append(f"{name}\n{'-' * len(name)}\n\n.. automodule:: {name}\n{taken}")
        parts.append(_names(name, own))
    return "\n".join(parts)


def _names(module_name: str, names: Sequence[str]) -> str:
    module = importlib.import_module(module_name)
    return "\n".join(_directive(f"{module_name}.{name}", getattr(module, name)) for name in names)


def _directive(full_name: str, found: object) -> str:
    if isinstance(found, type):
        text = f".. autoclass:: {full_name}\n   :members:\n"
    elif callable(found):
        text = f".. autofunction:: {full_name}\n"
    else:
        text = f".. autodata:: {full_name}\n   :no-value:\n"
    # What the first page shows is told at home, too, and linked there.
    return text + ("   :no-index:\n" if full_name.count(".") == 1 else "")
