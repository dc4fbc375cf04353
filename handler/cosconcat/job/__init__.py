"""The Concat API: its request, its answers, its refusals, in the API's own node names.

Pure: what is sent and read goes through `cloud/ci.py`.
"""
