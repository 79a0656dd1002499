"""Pages: what comes in, and the recordings that came."""
