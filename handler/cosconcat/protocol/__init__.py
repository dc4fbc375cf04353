"""One content, one step further, whoever asks: decided by its records and CI alone."""
