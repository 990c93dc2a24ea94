"""An environment of its own that has everything this one has: what is installed there is installed nowhere else.

So a test can follow a page that says ``pip install`` to the letter, while other tests see what they saw.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path

__all__ = ["OwnEnvironment"]


class OwnEnvironment:
    """The environment, made in a folder; ``pip install -e`` works in it without a network, as nothing is fetched."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        venv.create(folder, with_pip=False)
        (there,) = folder.glob("lib/python*/site-packages")
        known = [sysconfig.get_path("purelib"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        lines = [f"import site; site.addsitedir({path!r})" for path in known if path]
        (there / "parent.pth").write_text("\n".join(lines) + "\n", "utf-8")
        for name, call in (
            ("qingsuan", "from qingsuan.cli import main; main()"),
            ("pip", "import runpy; runpy.run_module('pip', run_name='__main__')"),
            ("pytest", "import sys, pytest; sys.exit(pytest.main())"),
        ):
            script = self.bin / name
            script.write_text(f"#!{self.bin / 'python'}\n{call}\n", "utf-8")
            script.chmod(0o755)

    def run(
        self, command: str, folder: Path, more: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a line of a shell in a folder."""
        inherited = {name: text for name, text in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
        environment = {
            **inherited,
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
            "PYTHON": str(self.bin / "python"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it the other way round: nothing is fetched to build with
            "PIP_NO_DEPS": "1",
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_ROOT_USER_ACTION": "ignore",
            **(more or {}),
        }
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            stdin=subprocess.DEVNULL,
        )
