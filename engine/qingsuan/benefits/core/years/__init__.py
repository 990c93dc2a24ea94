"""Years that are over (年终二次报销): what the core's door does once all claims have run."""
