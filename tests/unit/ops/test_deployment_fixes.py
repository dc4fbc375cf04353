"""What mends a refusal of the deployment's services."""

from __future__ import annotations

import pytest
from tencentcloud.cam.v20190116 import errorcodes as cam
from tencentcloud.scf.v20180416 import errorcodes as scf

from ops.deployment.fixes import fix_of

KNOWN = {value for module in (scf, cam) for value in vars(module).values() if isinstance(value, str)}


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        (("AuthFailure.TokenFailure", "ExpiredToken"), "get new temporary keys"),
        (("AuthFailure.SecretIdNotFound", "InvalidAccessKeyId", "SecretidNotExist"), "TENCENT_SECRET_ID is not known"),
        (("AuthFailure.SignatureFailure", "SignatureDoesNotMatch"), "does not belong to TENCENT_SECRET_ID"),
        (("UnauthorizedOperation.CAM", "AuthFailure.UnauthorizedOperation", "AccessDenied"), "policies deployer"),
        (
            (
                "LimitExceeded.Function",
                "LimitExceeded.Trigger",
                "LimitExceeded.LayerVersions",
                "LimitExceeded.Quota",
                "ResourceInsufficient.COS",
                "InvalidParameter.RoleFull",
                "FailedOperation.PolicyFull",
                "BindedBucketNumLimit",
            ),
            "a quota of the account is full",
        ),
        (
            ("InvalidParameterValue.CosNotifyRuleConflict", "ResourceInUse.Cos", "NotifyRulePrefixConflict"),
            "set another CONCAT_INPUT_PREFIX, or remove that function's trigger",
        ),
        (
            ("ResourceInUse.Function", "InvalidParameter.RoleNameInUse", "FailedOperation.PolicyNameInUse"),
            "choose another STAGE",
        ),
        (("FailedOperation.InsufficientBalance", "ResourceUnavailable.InsufficientBalance"), "in arrears"),
    ],
)
def test_what_mends_a_refusal(codes: tuple[str, ...], told: str) -> None:
    """By its code; one of SCF or CAM is in the official SDK's list."""
    for code in codes:
        assert told in fix_of(code), code
        first = code.partition(".")[0]
        assert "." not in code or code in KNOWN or first in ("AuthFailure", "UnauthorizedOperation"), code


def test_of_what_nobody_knows_better_the_message_stands_alone() -> None:
    """No guess."""
    assert fix_of("InvalidParameterValue.Handler") == ""
