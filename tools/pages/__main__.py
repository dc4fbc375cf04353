"""`python -m tools.pages` writes every page anew."""

from tools.pages import configuration, cost, coverage, policies, verification

for page in (configuration, cost, coverage, policies, verification):
    page.write()
