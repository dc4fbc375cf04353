"""The steps of a plan, by what they make: values in `step`, pure functions that say what differs in the others."""
