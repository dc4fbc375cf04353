"""The account's control plane on one machine: SCF, CAM and STS as their SDK calls them, with functions that really run.

`service` answers for the three hosts: it checks the signature (`tc3`), the body against what Tencent's own command-line
tool says about it (`models`), and the caller's rights, and hands the action to `functions`, `layers`, `triggers` or
`roles`.
"""
