"""The afternoon's version made idempotent with AWS Powertools: each group is submitted once for an hour.

The store is in memory, which is kind to it: a real one is a database, with two requests a submission and a bill of its
own; they are counted as `requests`. What an instance of the function does not share with others, this does not either.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import afternoon  # type: ignore[import-not-found]  # the functions' code root is this folder
from afternoon import callback_handler, upload_handler
from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

__all__ = ["STORE", "callback_handler", "upload_handler"]


class InMemory(BasePersistenceLayer):
    """Records by idempotency key, with the conditional put that the library asks for."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library has no type there
        self.records: dict[str, DataRecord] = {}
        self.requests = 0

    def _get_record(self, idempotency_key: str) -> DataRecord:
        self.requests += 1
        try:
            return self.records[idempotency_key]
        except KeyError:
            raise IdempotencyItemNotFoundError from None

    def _put_record(self, data_record: DataRecord) -> None:
        self.requests += 1
        held = self.records.get(data_record.idempotency_key)
        now = dt.datetime.now(dt.timezone.utc).timestamp()
        if held is not None and (held.expiry_timestamp or 0) > now:
            raise IdempotencyItemAlreadyExistsError
        self.records[data_record.idempotency_key] = data_record

    def _update_record(self, data_record: DataRecord) -> None:
        self.requests += 1
        self.records[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record: DataRecord) -> None:
        self.requests += 1
        self.records.pop(data_record.idempotency_key, None)


STORE = InMemory()
_submit_once = idempotent_function(
    afternoon.submit,
    data_keyword_argument="group",
    persistence_store=STORE,
    config=IdempotencyConfig(expires_after_seconds=3600),
)


def _submit(*, group: str, keys: list[str]) -> Any:
    try:
        return _submit_once(group=group, keys=keys)
    except IdempotencyAlreadyInProgressError:
        return ""


afternoon.submit = _submit
