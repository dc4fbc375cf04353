"""Environment variables, read once into `Config`; every mistake is told at once. Reads nothing else."""
