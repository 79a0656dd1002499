"""Tests of how the installation is put together."""
