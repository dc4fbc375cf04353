"""What mends a refusal, by the beginning of its code.

The codes are those of the official SDK's lists (`errorcodes.py` of scf and cam) and of COS's and CI's error pages
(436/7730, 1045/33700).
"""

from __future__ import annotations

_RIGHTS = "give these keys the policy that `cos-concat policies deployer` prints"
_NAME = "the name is taken: choose another STAGE, or remove what has it"
_QUOTA = "a quota of the account is full: remove what is not needed or ask for more, then run this again"
_KEY_ID = "TENCENT_SECRET_ID is not known: check the keys in .env or the shell"
_KEY = "TENCENT_SECRET_KEY does not belong to TENCENT_SECRET_ID: check both"
_EXPIRED = "TENCENT_TOKEN is wrong or has expired: get new temporary keys, then run this again"
_ARREARS = "the account is in arrears or suspended: top it up, then run this again"
_EVENTS = (
    "another function hears what is created under this prefix, or under one that contains it or that it contains: set "
    "another CONCAT_INPUT_PREFIX, or remove that function's trigger (console > COS > the bucket > Function Service)"
)
_BEGINNINGS = {  # the longest one that fits is told
    "AuthFailure": "check the keys in .env or the shell",
    "AuthFailure.SecretIdNotFound": _KEY_ID,
    "AuthFailure.SignatureFailure": _KEY,
    "AuthFailure.SignatureExpire": "this machine's clock is wrong: set it",
    "AuthFailure.TokenFailure": _EXPIRED,
    "AuthFailure.UnauthorizedOperation": _RIGHTS,
    "UnauthorizedOperation": _RIGHTS,
    "OperationDenied": _RIGHTS,
    "AccessDenied": _RIGHTS,
    "LimitExceeded": _QUOTA,
    "ResourceInsufficient": _QUOTA,
    "InvalidParameter.RoleFull": _QUOTA,
    "InvalidParameter.AttachmentFull": _QUOTA,
    "FailedOperation.PolicyFull": _QUOTA,
    "FailedOperation.PolicyVersionFull": "the policy can have no more versions: remove an old one, then run this again",
    "FailedOperation.InsufficientResources": "the region has nothing left for now: run this again later",
    "ResourceInUse": _NAME,
    "InvalidParameter.RoleNameInUse": _NAME,
    "FailedOperation.PolicyNameInUse": _NAME,
    "InvalidParameterValue.CosNotifyRuleConflict": _EVENTS,
    "ResourceInUse.Cos": _EVENTS,
    "NotifyRule": _EVENTS,
    "UnsupportedRegion": "CONCAT_REGION is not a region of this service",
    "InvalidParameterValue.Region": "CONCAT_REGION is not a region of this service",
    "InvalidParameterValue.EnvironmentExceededLimit": "all variables together must fit in 4 KB: shorten or remove some",
    "ResourceUnavailable.InsufficientBalance": _ARREARS,
    "ResourceUnavailable.ServiceSuspended": _ARREARS,
    "FailedOperation.InsufficientBalance": _ARREARS,
    "FailedOperation.AccountInsufficient": _ARREARS,
    "InvalidAccessKeyId": _KEY_ID,
    "SignatureDoesNotMatch": _KEY,
    "ExpiredToken": _EXPIRED,
    "SecretidNotExist": _KEY_ID,
    "BindedBucketNumLimit": _QUOTA,
    "SignatureExpired": "this machine's clock is wrong: set it",
    "RequestTimeTooSkewed": "this machine's clock is wrong: set it",
}


def fix_of(code: str) -> str:
    """`": ..."` with what mends this refusal, "" where nobody here knows better than the message."""
    fits = [beginning for beginning in _BEGINNINGS if code.startswith(beginning)]
    return f": {_BEGINNINGS[max(fits, key=len)]}" if fits else ""
