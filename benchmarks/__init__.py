"""Speed and memory, printed as ratios within one run."""
