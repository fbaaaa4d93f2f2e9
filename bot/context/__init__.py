"""The context of a turn: what the model is told, layer by layer, within one ceiling of tokens."""
