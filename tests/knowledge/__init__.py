"""Documents: reading, keeping, finding, citing."""
