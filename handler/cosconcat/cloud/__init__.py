"""The one door to the services: the ports, and their adapters for COS, CI, bucket settings and notifications.

Only what is here speaks HTTP. Needs the execution role's keys; what each function may do is in its CAM policy.
"""
