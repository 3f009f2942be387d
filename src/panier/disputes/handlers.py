"""Reactions: those concerned are told of a dispute, of its end, and of an answer not taken."""

from panier.disputes.letters import tell_decided, tell_disputed, tell_untaken

__all__ = ["tell_decided", "tell_disputed", "tell_untaken"]
