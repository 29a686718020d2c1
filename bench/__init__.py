"""Benchmarks: each prints one JSON line a figure, a ratio against a limit or a peer measured in the same run."""
