"""The regional plugins that are installed: found, tried in a process of their own, opened, checked."""

from qingsuan.plugins.allowed import allow_list, load_allowed
from qingsuan.plugins.entry_points import GROUP, EntryPoint
from qingsuan.plugins.finding import Installed, Plugin, load, require
from qingsuan.plugins.rules_dir import with_rules

__all__ = ["GROUP", "EntryPoint", "Installed", "Plugin", "allow_list", "load", "load_allowed", "require", "with_rules"]
