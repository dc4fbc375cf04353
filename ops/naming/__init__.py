"""The workbench for names: what a convention makes of a listing, which setting fits one, why a name nearly does."""
