"""Facts about people: what may become one, how it is kept, and when it is replaced."""
