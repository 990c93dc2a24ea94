"""The compiled modules, nothing else: everything else is in pyproject.toml.

``QINGSUAN_CHECKED=1`` builds with every bound checked.
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

CHECKED = os.environ.get("QINGSUAN_CHECKED", "") == "1"
ROOT = Path("ext")
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": CHECKED,
    "wraparound": False,
    "initializedcheck": CHECKED,
    "cdivision": True,
    "overflowcheck": CHECKED,
}

extensions = [
    Extension(
        ".".join(source.relative_to(ROOT).with_suffix("").parts),
        [source.as_posix()],
        extra_compile_args=["-O3"],
    )
    for source in sorted(ROOT.rglob("*.pyx"))
]

setup(ext_modules=cythonize(extensions, include_path=["ext"], build_dir="build/cython", compiler_directives=DIRECTIVES))
