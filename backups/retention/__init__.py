"""What is kept and for how long: the policy, the plan (pure), and the cleanup that follows it."""

from backups.retention.policy import RETENTION, described_retention, parse_retention

__all__ = ["RETENTION", "described_retention", "parse_retention"]
