"""The page on which administrators say something to everyone."""
