"""Puts cos-concat into an account, and takes it out again.

    .env -> settings -> desired -\
                                  plan -> show -> execute
        account -> door -> seen -/

`blueprint` alone knows names, limits and triggers. `desired`, `seen` and `plan` are values and pure functions over
them: the plan is all that differs between the two, as API calls. `door` is the one way to the services. `execute` makes
the calls in order and can be stopped after any of them: the next run sees what is there and plans the rest.
"""
