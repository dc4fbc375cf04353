"""`python -m tools.pages` writes every page anew."""

from tools.pages import (
    configuration,
    cost,
    coverage,
    deploy,
    internals,
    naming,
    policies,
    troubleshooting,
    verification,
)

for page in (configuration, cost, coverage, deploy, internals, naming, policies, troubleshooting, verification):
    page.write()
