"""The regional plugins that are installed: found, tried in a process of their own, opened, checked."""

from qingsuan.plugins.allowed import allow, allow_list
from qingsuan.plugins.finding import GROUP, EntryPoint, Installed, Plugin, load, require
from qingsuan.plugins.rules_dir import with_rules

__all__ = ["GROUP", "EntryPoint", "Installed", "Plugin", "allow", "allow_list", "load", "require", "with_rules"]
