"""The flow: a message is received, a turn is answered, the answer is delivered."""
