"""Cloud Infinite on one machine: Concat jobs done with real ffmpeg behind the documented API.

It stands for the service, so it shares no code with `handler/`: what both sides believe about the API is written twice.
`service.MediaService` answers requests, which `requests` reads; `schema` and `rules` hold what a request may say,
`board` the jobs and queues, `templates` the templates. `workers` take the jobs, `work` does one by `rendering`,
`coverage` names the nodes that are really rendered.

Wherever no document says what the service does, the docstring says "assumed".
"""
