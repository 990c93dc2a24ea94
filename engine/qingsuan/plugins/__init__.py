"""The regional plugins that are installed: found, tried in a process of their own, opened, checked."""

from qingsuan.plugins.finding import GROUP, EntryPoint, Installed, Plugin, load, require

__all__ = ["GROUP", "EntryPoint", "Installed", "Plugin", "load", "require"]
