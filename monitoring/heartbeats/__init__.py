"""The watchers are watched: each long-lived process writes when it last went round."""
