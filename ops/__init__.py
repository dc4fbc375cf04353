"""What a person runs from a desk; nothing of it is deployed."""

from local import ROOT  # which puts the functions' code root on the path

__all__ = ["ROOT"]
