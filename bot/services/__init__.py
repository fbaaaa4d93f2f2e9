"""What people and faces ask for: access, memories, conversations, languages."""
