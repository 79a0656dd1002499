"""Tests of Holdfast, laid out as the apps are."""
