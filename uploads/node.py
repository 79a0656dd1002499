"""Which machine's staging a session's bytes lie in."""

import socket


def this_node() -> str:
    return socket.gethostname()[:100]
