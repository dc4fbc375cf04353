"""From the plan of a job to its output: one ffmpeg command, and the proof that nothing was lost on the way."""
