"""Ports: the usual one where it is free, else another."""

import socket


def free_port(wanted: int, host: str = "127.0.0.1") -> int:
    """Return `wanted` if nobody listens there on `host`, else a free one; OSError: no such host."""
    with socket.socket() as probe:
        # As servers bind: a connection that lingers from the last run is not in the way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError:
            probe.bind((host, 0))
        return int(probe.getsockname()[1])
