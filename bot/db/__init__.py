"""Storage: typed models, one unit of work per hop, repositories with named queries."""
