"""Revisions, one file each, in the order that they name."""
