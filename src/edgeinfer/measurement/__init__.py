"""Latency, size, and whether a model still answers as its source does."""
