"""Video: the picture of a show, from the encoder to the viewers and into the replay.

owns    channel, segment; the objects video/…; the RTMP port and the playback addresses
says    StreamStarted, StreamLost, RecordingReady
hears   ShowWentLive (the replay begins), ShowEnded and ShowCancelled (the encoder is sent away)
limits  H.264 and AAC, one encoder a show, 200 encoders a process; nothing is transcoded
"""

from panier.video.actions import open_channel, rotate_key
from panier.video.queries import (
    Ingest,
    Playback,
    get_ingest,
    get_media_offsets,
    get_playback,
)
from panier.video.retention import delete_recording
from panier.video.server import serve

__all__ = [
    "Ingest",
    "Playback",
    "delete_recording",
    "get_ingest",
    "get_media_offsets",
    "get_playback",
    "open_channel",
    "rotate_key",
    "serve",
]
