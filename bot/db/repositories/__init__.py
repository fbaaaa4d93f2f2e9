"""Named queries: sync functions of a session; personal data only under a scope."""
