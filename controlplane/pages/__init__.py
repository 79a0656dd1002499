"""The page of Holdfast's own backup."""
