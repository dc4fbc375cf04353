"""Finding the setting for names: which convention fits a listing, and why a name nearly fits one."""
