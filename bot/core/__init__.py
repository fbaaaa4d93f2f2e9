"""Values, ports, errors, clock and ids: what every other room may know."""
