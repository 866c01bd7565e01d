"""How the documentation is built: ``sphinx-build -W docs out/docs``."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "retrodetect"
author = "the retrodetect maintainers"
version = release = version_of("retrodetect")

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "generated",
    "mathml",
]
exclude_patterns = ["generated/parts/*"]
default_role = "py:obj"
html_theme = "furo"
html_title = f"retrodetect {release}"
html_math_renderer = "mathml"
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["tables.css"]

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "signature"
autodoc_type_aliases = {"FloatArray": "FloatArray"}
python_maximum_signature_line_length = 100
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

nitpicky = True
# No page here: other projects, words that say what a value is, private names, type variables.
nitpick_ignore_regex = [
    ("py:.*", r"(?!retrodetect).*"),
    ("py:.*", r".*\[.*|.*\._\w+|.*\.[A-Z]"),
    (
        "py:class",
        r"retrodetect\.(features\.pointers\.Pointers|locations\.Store"
        r"|formats\.(files\.Main|reading\.Resolved|table\.Column))",
    ),
]
