"""Who may set what (待遇清单): what a province authorises its pools to set, within which bounds, and which rule set goes beyond."""
