"""The world as it is for the functions: virtual time, what can go wrong at every call, and models of COS, CI and SCF.

The models know nothing of promises or plans of users; tests/conformance compares them with the local cloud.
"""
