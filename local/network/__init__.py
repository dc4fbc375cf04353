"""The way of a request: a proxy on loopback that answers for real hosts, over http and https, and what goes through."""
