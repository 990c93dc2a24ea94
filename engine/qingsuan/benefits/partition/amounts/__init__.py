"""Amounts that claims have for themselves, on their way from columns to the core."""
