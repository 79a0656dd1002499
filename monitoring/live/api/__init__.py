"""The HTTP calls beside the live channels: the same numbers, who listens, tickets."""
