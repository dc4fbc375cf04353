"""What a key means: its group, its place in it, or why it is not ours. Pure; touches nothing."""
