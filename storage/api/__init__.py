"""The documented HTTP API of storage targets, and how every API here reads a request."""
