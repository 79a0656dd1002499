"""Pages across apps, and the health of the installation."""
