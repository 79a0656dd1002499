"""One cluster of the task queue: watched from beside it, and ended as a whole."""
