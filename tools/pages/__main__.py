"""`python -m tools.pages` writes every page anew."""

from tools.pages import configuration, cost, coverage, policies

for page in (configuration, cost, coverage, policies):
    page.write()
