"""Chat: what people say in a room, and what the crew takes away again.

owns    room_mute
says    nothing: what is said is a fact of the room's log
hears   nothing: the room's stage tells when the chat is over
limits  300 characters a message, one in 1.4 s after the first five, no repetition within 30 s,
        20 messages a second and room; texts are shown as text, links in them are not clickable
"""

from panier.chat.actions import hide, mute, say
from panier.chat.rules import ChatClosed, Muted, Repeated, RoomBusy

__all__ = ["ChatClosed", "Muted", "Repeated", "RoomBusy", "hide", "mute", "say"]
