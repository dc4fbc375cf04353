"""Who uploads and what people do to it, one schedule from start to end, stored finds, and failures made small."""
