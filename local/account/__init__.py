"""Who may do what: the account's keys and clock, request signatures, CAM policies, and the count of what was asked."""
