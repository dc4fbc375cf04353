"""What mends a refusal, by the beginning of its code."""

from __future__ import annotations

_FIXES = (  # the longest beginning that fits is told
    ("AuthFailure.SecretIdNotFound", "TENCENT_SECRET_ID is not known: check the keys in .env or the shell"),
    ("AuthFailure.SignatureFailure", "TENCENT_SECRET_KEY does not belong to TENCENT_SECRET_ID: check both"),
    ("AuthFailure.SignatureExpire", "this machine's clock is wrong: set it"),
    ("AuthFailure.TokenFailure", "TENCENT_TOKEN is wrong or has expired: get new temporary keys, then run this again"),
    ("AuthFailure.UnauthorizedOperation", "give these keys the policy that `cos-concat policies deployer` prints"),
    ("AuthFailure", "check the keys in .env or the shell"),
    ("UnauthorizedOperation", "give these keys the policy that `cos-concat policies deployer` prints"),
    ("OperationDenied", "give these keys the policy that `cos-concat policies deployer` prints"),
    ("AccessDenied", "give these keys the policy that `cos-concat policies deployer` prints"),
    ("LimitExceeded", "a quota of the account is full: remove what is not needed or ask for more, then run this again"),
    ("ResourceInUse", "the name is taken: choose another STAGE, or remove what has it"),
    ("InvalidParameter.RoleNameInUse", "the name is taken: choose another STAGE, or remove what has it"),
    ("FailedOperation.PolicyNameInUse", "the name is taken: choose another STAGE, or remove what has it"),
    ("UnsupportedRegion", "CONCAT_REGION is not a region of this service"),
    ("InvalidParameterValue.Region", "CONCAT_REGION is not a region of this service"),
    ("ResourceUnavailable.InsufficientBalance", "the account is in arrears: top it up"),
    ("UnsupportedOperation.Notify", "the bucket sends these events to another function: change one of the prefixes"),
    ("InvalidAccessKeyId", "TENCENT_SECRET_ID is not known: check the keys in .env or the shell"),
    ("SignatureDoesNotMatch", "TENCENT_SECRET_KEY does not belong to TENCENT_SECRET_ID: check both"),
    ("ExpiredToken", "TENCENT_TOKEN has expired: get new temporary keys, then run this again"),
)


def fix_of(code: str) -> str:
    """`": ..."` with what mends this refusal, "" where nobody here knows better than the message."""
    fits = [(beginning, fix) for beginning, fix in _FIXES if code.startswith(beginning)]
    return f": {max(fits)[1]}" if fits else ""
