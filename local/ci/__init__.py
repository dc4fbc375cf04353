"""Cloud Infinite on one machine: Concat jobs done with real ffmpeg behind the documented API.

It stands for the service, so it shares no code with `handler/`: what both sides believe about the API is written twice.
`service.MediaService` answers requests, `schema` holds what a request may say, `plan` turns it into what is to be
rendered, `join` renders and proves it, `coverage` names the nodes that are really rendered.

Wherever no document says what the service does, the docstring says "assumed".
"""
