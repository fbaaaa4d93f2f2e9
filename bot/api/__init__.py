"""The HTTP API: routes that convert and call; keys, limits, replays and its documentation."""
