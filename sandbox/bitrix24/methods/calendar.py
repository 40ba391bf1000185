"""calendar.* and timeman.*: working time, holidays, absences (reference §5.11)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox.bitrix24 import args, kernel, moments, workdays

OWN_FORM = "%d.%m.%Y %H:%M:%S"


@kernel.method("calendar.settings.get", scope="calendar")
def settings(call: kernel.Call) -> Any:
    days = call.portal.workdays
    return {
        "work_time_start": days.start,
        "work_time_end": days.end,
        "year_holidays": days.holidays,
        "year_workdays": days.workdays,
        "week_holidays": list(days.week_holidays),
        "week_start": days.week_start,
        "user_name_template": "#NAME# #LAST_NAME#",
        "sync_by_push": False,
        "user_show_login": True,
        "rm_iblock_type": "",
        "denied_superpose_types": False,
    }


@kernel.method("calendar.accessibility.get", scope="calendar")
def accessibility(call: kernel.Call) -> Any:
    """Per user, what keeps them busy between `from` and `to`; dates in the calendar's own form."""
    users = [args.integer(one) for one in args.as_list(args.needed(call, "users"))]
    begin, end = _moment(call, "from"), _moment(call, "to")
    return {
        str(user): [
            _shown(one)
            for one in call.portal.workdays.absences
            if one.user_id == user and one.start < end and one.end > begin
        ]
        for user in users
    }


@kernel.method("timeman.settings", scope="timeman")
def timeman(call: kernel.Call) -> Any:
    _user(call)
    return {
        "UF_TIMEMAN": True, "UF_TM_FREE": False, "UF_TM_MAX_START": "09:15:00", "UF_TM_MIN_FINISH": "17:45:00",
        "UF_TM_MIN_DURATION": "08:00:00", "UF_TM_ALLOWED_DELTA": "00:15:00", "ADMIN": call.is_admin,
    }  # fmt: skip


@kernel.method("timeman.status", scope="timeman")
def status(call: kernel.Call) -> Any:
    record = call.portal.workdays.records.get(_user(call), workdays.Record())
    clock = call.portal.clock
    lasted = (record.finished or clock.now()) - record.started if record.started else None
    seconds = int(lasted.total_seconds()) if lasted else 0
    return {
        "STATUS": record.status, "TIME_START": clock.iso(record.started) if record.started else None,
        "TIME_FINISH": clock.iso(record.finished) if record.finished else None, "TIME_LEAKS": "00:00:00",
        "DURATION": f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}", "ACTIVE": record.status == "OPENED",
        "TZ_OFFSET": int((clock.now().utcoffset() or datetime.now(UTC) - datetime.now(UTC)).total_seconds()),
    }  # fmt: skip


@kernel.method("timeman.schedule.get", scope="timeman")
def schedule(call: kernel.Call) -> Any:
    return call.portal.workdays.schedules.get(args.needed_int(call, "id"), [])


def _user(call: kernel.Call) -> int:
    user = args.integer(call.param("USER_ID"), call.user_id) or call.user_id
    if user not in call.portal.users:
        raise kernel.Refusal(400, "USER_NOT_FOUND", "User not found")
    return user


def _moment(call: kernel.Call, name: str) -> datetime:
    try:
        moment = moments.parse(args.needed(call, name), call.portal.clock.zone)
    except ValueError:
        moment = None
    if moment is None:
        raise kernel.Refusal(400, "100", f"Invalid value of parameter {{{name}}}")
    return moment


def _shown(one: workdays.Absence) -> dict[str, Any]:
    return {
        "ID": str(one.id), "NAME": one.name, "DATE_FROM": one.start.strftime(OWN_FORM), "DATE_TO": one.end.strftime(OWN_FORM),
        "DATE_FROM_TS_UTC": str(int(one.start.timestamp())), "DATE_TO_TS_UTC": str(int(one.end.timestamp())),
        "DT_SKIP_TIME": "N", "ACCESSIBILITY": one.accessibility, "FROM_HR": False,
    }  # fmt: skip
