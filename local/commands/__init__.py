"""The local half of `cos-concat demo`, `up` and `invoke`: run the local cloud and show a person what happens."""
