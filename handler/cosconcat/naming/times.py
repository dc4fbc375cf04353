"""Times as recorders write them into names: the usual spellings, values that add up to a moment, windows of time.

`Values` maps a letter of strptime (Y m d H M S f z s j I p) to a number: what one text says. Several texts of one key
add up. Expressions are compiled when first used: a start that reads no time need not wait for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone

from cosconcat.naming.keys import KeyRange, common_beginning

Values = Mapping[str, int]

DAY_SECONDS = 86400
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799  # of the years 1 and 9999, in UTC
_FIRST_READ, _LAST_READ = -2_208_902_400_000, 4_102_271_999_999  # milliseconds: of 1900-01-02 and 2099-12-30, in UTC
LAST_EPOCH = 1_999_999_999  # ten digits up to this are seconds since 1970; beyond it they are a date and an hour
SET_BACK_SECONDS = 4 * 3600  # a clock is set back by less than this, and a piece rather lasts so much less than a day
ZONES_SECONDS = 14 * 3600  # the farthest a local time can be from UTC, seconds
_ZONE = r"([+-])([0-9]{2}):?([0-9]{2})"
_CLOCKS = "|".join(f"[0-9]{{2}}{mark}[0-9]{{2}}{mark}[0-9]{{2}}" for mark in ("", "-", ":", r"\.", "_"))
# Any usual spelling. Separators have to be used alike, so that `2024-1201` is no date. Zone and fraction are optional:
# Android writes three digits of milliseconds right behind the seconds, others write three or six behind a dash.
TEXT = (
    rf"(?:(?:(?:19|20)[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}[T_ -]|(?:19|20)[0-9]{{6}}[T_ -]?)(?:{_CLOCKS})"
    r"(?:[.,][0-9]{1,6}|-[0-9]{6}|-[0-9]{3}|[0-9]{3})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
    r"|[0-9]{13}|[0-9]{10})"
)
_PARTS = (
    r"(?P<Y>[0-9]{4})-?(?P<m>[0-9]{2})-?(?P<d>[0-9]{2})[T_ -]?"
    r"(?P<H>[0-9]{2})[:._-]?(?P<M>[0-9]{2})[:._-]?(?P<S>[0-9]{2})"
    r"(?:(?:[.,]|-(?=[0-9]{3}(?:[0-9]{3})?(?:Z|[+-]|\Z)))?(?P<f>[0-9]+))?(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_TOO_LONG = "it does not end within a day after it begins"


class InconsistentError(ValueError):
    """A name says two things that cannot both be true."""


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


def read_values(text: str) -> Values:
    """What a time in any of the usual spellings says.

    Raises:
        ValueError: when it is in none of them.
    """
    if re.fullmatch(TEXT, text) is None:
        raise ValueError(f"{text!r} is no date and time in a known spelling")
    if text.isdigit() and len(text) == 13:
        return {"s": int(text) // 1000, "f": int(text) % 1000}
    if text.isdigit() and len(text) == 10:
        if int(text) <= LAST_EPOCH:
            return {"s": int(text)}
        return {"Y": int(text[:4]), "m": int(text[4:6]), "d": int(text[6:8]), "H": int(text[8:])}
    found = re.fullmatch(_PARTS, text)
    if found is None:
        raise ValueError(f"{text!r} is no date and time in a known spelling")
    values = {letter: int(found[letter]) for letter in "YmdHMS"}
    if found["f"]:
        values["f"] = read_fraction(found["f"])
    if found["z"]:
        values["z"] = read_zone(found["z"])
    return values


def read_fraction(digits: str) -> int:
    """Milliseconds of the digits behind a second."""
    return int(digits[:3].ljust(3, "0"))


def add_up(several: Iterable[Values]) -> Values:
    """What several texts of one key say together.

    Raises:
        InconsistentError: when two of them say different things of one unit.
    """
    together: dict[str, int] = {}
    for values in several:
        for letter, value in values.items():
            if together.setdefault(letter, value) != value:
                raise InconsistentError(f"its times disagree: %{letter} is {together[letter]} and {value}")
    return together


def moment(values: Values, offset: int) -> int:
    """Epoch milliseconds of values that give a day; without a zone they are taken as `offset` seconds east of UTC.

    Raises:
        ValueError: when they name a day or an hour that does not exist, or a year that no group's id could name.
    """
    found = values["s"] * 1000 + values.get("f", 0) if "s" in values else _from_clock(values, offset)
    if not _FIRST_READ <= found <= _LAST_READ:
        raise ValueError("no recording is of that year; allowed are 1900 to 2099")
    return found


def _from_clock(values: Values, offset: int) -> int:
    hour = _hour(values)
    try:
        day = _day(values)
        local = day.replace(hour=hour, minute=values.get("M", 0), second=values.get("S", 0))
    except (OverflowError, KeyError) as error:
        raise ValueError(f"no such day: {error}") from None
    if day.year != values["Y"]:
        raise ValueError(f"{values['Y']} has no day {values['j']}")
    if "j" in values and values["j"] != day.timetuple().tm_yday:
        raise InconsistentError(f"its times disagree: %j is {values['j']}, but the date {day:%Y-%m-%d}")
    return (int(local.timestamp()) - values.get("z", offset)) * 1000 + values.get("f", 0)


def _day(values: Values) -> datetime:
    if "m" in values:
        return datetime(values["Y"], values["m"], values["d"], tzinfo=timezone.utc)
    return datetime(values["Y"], 1, 1, tzinfo=timezone.utc) + timedelta(days=values["j"] - 1)


def moment_after(values: Values, start: int, offset: int) -> int:
    """Epoch milliseconds at which a piece ends that starts at `start` (epoch milliseconds): the moment itself where the
    values give a day, otherwise the first such moment that is not before the start.

    Raises:
        ValueError: when it ends before it begins, or more than a day later: no piece is that long. So also when it says
            only an hour that lies shortly before the start, as when a clock is set back: nobody knows if that is a day.
    """
    if gives_day(values):
        return ends_within_a_day(start, moment(values, offset))
    zone = values.get("z", offset)
    cycle = DAY_SECONDS if {"H", "I"} & set(values) else 3600 if "M" in values else 60
    grain = 1000 if "S" in values else 60_000 if "M" in values else 3_600_000
    within = _hour(values) * 3600 + values.get("M", 0) * 60 + values.get("S", 0)
    local, days = start + zone * 1000, {"d", "j"} & set(values)
    for turn in (0, 1):
        end = (local // 1000 // cycle + turn) * cycle * 1000 + within * 1000 + values.get("f", 0)
        if end >= (local if "f" in values else local // grain * grain) and _on_day(values, end):
            if turn and cycle == DAY_SECONDS and not days and end - local > (DAY_SECONDS - SET_BACK_SECONDS) * 1000:
                raise ValueError(f"it ends less than {SET_BACK_SECONDS // 3600} hours before it begins, or a day later")
            return max(start, end - zone * 1000)
    raise ValueError(_TOO_LONG)


def ends_within_a_day(start: int, end: int) -> int:
    """The end of a piece (both epoch milliseconds).

    Raises:
        ValueError: when it lies before the start, or more than a day later: no piece is that long.
    """
    if not start <= end <= start + DAY_SECONDS * 1000:
        raise ValueError(_TOO_LONG)
    return end


def gives_day(values: Iterable[str]) -> bool:
    """Whether these letters of strptime say which day it is."""
    letters = set(values)
    return "s" in letters or ("Y" in letters and ({"m", "d"} <= letters or "j" in letters))


def _hour(values: Values) -> int:
    if "I" not in values:
        return values.get("H", 0)
    hour = values["I"] % 12 + 12 * values.get("p", 0)
    if values.get("H", hour) != hour:
        raise InconsistentError(f"its times disagree: %H is {values['H']}, but by %I and %p it is {hour}")
    return hour


def _on_day(values: Values, local: int) -> bool:
    day = datetime.fromtimestamp(local // 1000, timezone.utc)
    said = {"Y": day.year, "m": day.month, "d": day.day, "j": day.timetuple().tm_yday}
    return all(said[letter] == value for letter, value in values.items() if letter in said)


def read_time(text: str, offset: int) -> int:
    """Epoch milliseconds of a time in any usual spelling; without a zone it is `offset` seconds east of UTC.

    Raises:
        ValueError: when the text is in none of the spellings, or names a day or an hour that does not exist.
    """
    try:
        return moment(read_values(text), offset)
    except ValueError as error:
        raise ValueError(f"{text!r} is no date and time: {error}") from None


def write_time_like(text: str, seconds: int, offset: int) -> str:
    """Epoch `seconds` in the spelling and zone of `text`, up to the seconds: what names of that moment begin with."""
    values = read_values(text)
    if "s" in values:
        return str(seconds)
    local = local_time(seconds, values.get("z", offset))
    if len(text) == 10:
        return local.strftime("%Y%m%d%H")
    dash, colon = ("-" if text[4] == "-" else ""), ""
    clock = len("2024") + 2 * len(dash) + len("0101")
    between = "" if text[clock].isdigit() else text[clock]
    clock += len(between) + 2
    colon = "" if text[clock].isdigit() else text[clock]
    date, time = dash.join(("%Y", "%m", "%d")), colon.join(("%H", "%M", "%S"))
    return local.strftime(f"{date}{between}{time}")


def write_window(seconds: int, offset: int) -> str:
    """How a group's id names the start of its window: `20241201T100000Z`, or with an offset such as `+0800`."""
    return local_time(seconds, offset).strftime("%Y%m%dT%H%M%S") + write_zone(offset)


def write_dates(seconds: int) -> tuple[str, str]:
    """The UTC day as the extended and the basic spelling begin: `2024-12-01` and `20241201`."""
    day = local_time(seconds, 0)
    return day.strftime("%Y-%m-%d"), day.strftime("%Y%m%d")


def any_spelling(head: str, low: int, high: int) -> Iterator[KeyRange]:
    """Where names begin that go on with a time in any usual spelling and zone between two epoch seconds."""
    days = zip(write_dates(low - ZONES_SECONDS), write_dates(high + ZONES_SECONDS), strict=True)
    for first, last in (*days, (str(low), str(high))):
        yield KeyRange(head + common_beginning(first, last), head + first, head + last)


def by_days(low: int, high: int, offset: int) -> Iterator[tuple[int, int]]:
    """The stretch between two epoch seconds, day by day as the clock shows them `offset` seconds east of UTC."""
    while low <= high:
        end = low + DAY_SECONDS - 1 - (low + offset) % DAY_SECONDS
        yield low, min(end, high)
        low = end + 1


def local_time(seconds: int, offset: int) -> datetime:
    """Epoch seconds as the clock shows them `offset` seconds east of UTC; the first or the last second that four digits
    of a year can say, for what lies beyond: the day before a piece of the year 1 is none that a name could tell.
    """
    told = min(max(seconds, FIRST_SECOND + max(0, -offset)), LAST_SECOND - max(0, offset))
    return datetime.fromtimestamp(told, timezone(timedelta(seconds=offset)))
