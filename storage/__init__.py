"""Places for bytes: targets, stored objects, and the one way to write them."""
