"""A made-up plugin as pip leaves a distribution behind."""

from __future__ import annotations

from pathlib import Path

__all__ = ["leave_behind"]


def leave_behind(site: Path, name: str) -> None:
    """Write what says that the package ``qingsuan_name`` is installed, with its entry point, into a folder of packages."""
    info = site / f"qingsuan_{name}-2022.1.dist-info"
    info.mkdir()
    metadata = ["Metadata-Version: 2.1", f"Name: qingsuan-{name}", "Version: 2022.1"]
    (info / "METADATA").write_text("\n".join([*metadata, "Requires-Dist: qingsuan<0.2,>=0.1", ""]))
    (info / "entry_points.txt").write_text(f"[qingsuan]\n{name} = qingsuan_{name}\n")
