"""The API of Holdfast's own backup."""
