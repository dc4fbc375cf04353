"""The verbs of `cos-concat`: a file a verb, each with a function `command`. No verb imports another."""
