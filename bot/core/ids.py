"""Ids of messages: a conversation's number and a sequence number packed into one key."""

from __future__ import annotations

SEQ_BITS = 32
_SEQ_MASK = (1 << SEQ_BITS) - 1


def message_id(conversation_no: int, seq: int) -> int:
    """The key of the conversation's seq-th message; neighbours of a conversation stand side by side."""
    if not 0 <= seq <= _SEQ_MASK:
        raise ValueError(f"seq {seq} does not fit in {SEQ_BITS} bits")
    return conversation_no << SEQ_BITS | seq


def conversation_of(message: int) -> int:
    """The conversation number inside a message id."""
    return message >> SEQ_BITS


def seq_of(message: int) -> int:
    """The sequence number inside a message id."""
    return message & _SEQ_MASK


def conversation_range(conversation_no: int) -> tuple[int, int]:
    """First and last possible message id of a conversation, both inclusive."""
    return message_id(conversation_no, 0), message_id(conversation_no, _SEQ_MASK)
