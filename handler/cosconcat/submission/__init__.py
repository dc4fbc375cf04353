"""From a claim that was won to its job: at most one POST, and CI's listing where its answer was lost."""
