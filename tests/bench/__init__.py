"""Tests of the bench itself: what it says must be so."""
