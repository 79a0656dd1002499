"""The queue between those who ask and the workers: tables of PostgreSQL, its clock alone."""

# Set by `manage.py work` for all processes of its cluster.
CLUSTER_VARIABLE = "HOLDFAST_CLUSTER"
