"""What a run needs of the machine: tables with their rows come in, a refusal goes out before the first of them is read. It knows no run."""
