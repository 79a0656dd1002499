"""Schedules at work: which times are due, and the tick that turns each into one backup."""
