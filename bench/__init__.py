"""Measures a whole backup beside the plain tools and a peer, on a generated database."""
