"""Times as recorders write them into names: ISO 8601 basic, extended, run together; epoch seconds, milliseconds.

Expressions are compiled when first used: a start that reads no time need not wait for them.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

# One spelling of date and time; separators have to be used alike, so that `2024-1201` is no date. Zone and fraction are
# optional; Android writes three digits of milliseconds right behind the seconds.
TEXT = (
    r"(?:(?P<year>(?:19|20)[0-9]{2})(?P<dash>-?)(?P<month>[0-9]{2})(?P=dash)(?P<day>[0-9]{2})"
    r"(?P<between>[T_ -]|(?<=[0-9]{8}))"
    r"(?P<hour>[0-9]{2})(?P<colon>[:._-]?)(?P<minute>[0-9]{2})(?P=colon)(?P<second>[0-9]{2})"
    r"(?P<fraction>[.,][0-9]{1,6}|[0-9]{3})?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
    r"|(?P<epoch>[0-9]{10}(?:[0-9]{3})?))"
)
_ZONE = r"([+-])([0-9]{2}):?([0-9]{2})"


def read_zone(text: str) -> int:
    """Seconds east of UTC of `Z`, `+0800` or `+08:00`.

    Raises:
        ValueError: for anything else.
    """
    if text == "Z":
        return 0
    found = re.fullmatch(_ZONE, text)
    if found is None or int(found[2]) > 14 or int(found[3]) > 59:
        raise ValueError(f"{text!r} is no time zone; allowed are Z and offsets such as +08:00")
    seconds = int(found[2]) * 3600 + int(found[3]) * 60
    return -seconds if found[1] == "-" else seconds


def write_zone(offset: int) -> str:
    """`Z` or an offset such as `+0800` for seconds east of UTC."""
    if offset == 0:
        return "Z"
    hours, minutes = divmod(abs(offset) // 60, 60)
    return f"{'-' if offset < 0 else '+'}{hours:02}{minutes:02}"


def read_time(text: str, offset: int) -> int:
    """Epoch milliseconds of a time; one without a zone is taken as `offset` seconds east of UTC.

    Raises:
        ValueError: when the text is in none of the spellings, or names a day or an hour that does not exist.
    """
    found = re.fullmatch(TEXT, text)
    if found is None:
        raise ValueError(f"{text!r} is no date and time in a known spelling")
    if found["epoch"]:
        return int(found["epoch"]) * (1 if len(found["epoch"]) == 13 else 1000)
    year, month, day, hour, minute, second = map(int, found.group("year", "month", "day", "hour", "minute", "second"))
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
        zone = read_zone(found["zone"]) if found["zone"] else offset
    except ValueError as error:
        raise ValueError(f"{text!r} is no date and time: {error}") from None
    fraction = (found["fraction"] or "").lstrip(".,")
    return (int(local.timestamp()) - zone) * 1000 + int(fraction[:3].ljust(3, "0"))


def write_time_like(text: str, seconds: int, offset: int) -> str:
    """Epoch `seconds` in the spelling and zone of `text`, up to the seconds: what names of that moment begin with."""
    found = re.fullmatch(TEXT, text)
    if found is None:
        raise ValueError(f"{text!r} is no date and time in a known spelling")
    if found["epoch"]:
        return str(seconds)
    local = _local(seconds, read_zone(found["zone"]) if found["zone"] else offset)
    date, clock = found["dash"].join(("%Y", "%m", "%d")), found["colon"].join(("%H", "%M", "%S"))
    return local.strftime(f"{date}{found['between']}{clock}")


def write_window(seconds: int, offset: int) -> str:
    """How a group's id names the start of its window: `20241201T100000Z`, or with an offset such as `+0800`."""
    return _local(seconds, offset).strftime("%Y%m%dT%H%M%S") + write_zone(offset)


def write_dates(seconds: int) -> tuple[str, str]:
    """The UTC day as the extended and the basic spelling begin: `2024-12-01` and `20241201`."""
    day = _local(seconds, 0)
    return day.strftime("%Y-%m-%d"), day.strftime("%Y%m%d")


def _local(seconds: int, offset: int) -> datetime:
    return datetime.fromtimestamp(seconds, timezone(timedelta(seconds=offset)))
