"""The calls of alerts, as `config.openapi.calls` has the others."""

from config.openapi.alerting import SEVERITIES, STATES
from config.openapi.calls import Call, call, query
from config.openapi.samples import problem
from config.openapi.shapes import TEXT, number, one_of

_OVER = problem(409, "alert_is_over", "This alert is over already.")
_CHANNELS = "monitoring.alerts.api.channels"
_WINDOWS = "monitoring.alerts.api.windows"
_AGENTS = "monitoring.alerts.api.agents"
_VIEWS = "monitoring.alerts.api.views"

ALERT_CALLS: dict[tuple[str, str], Call] = {
    (f"{_VIEWS}.AlertsView", "get"): call(
        *("Alerts", "listAlerts", "What needs attention, and what did"),
        gives="AlertPage",
        description="Open ones first, then those that are over; the newest first in each.",
        asks=(
            query(
                "state",
                one_of(*STATES),
                "`open` holds acknowledged ones, too; `waiting` is "
                "neither acknowledged nor snoozed.",
            ),
            query("severity", one_of(*SEVERITIES)),
            query("rule", TEXT, "The beginning of one.", "backup."),
            query("search", TEXT, "A part of the subject, or of the name it is about.", "orders"),
            query("limit", number(1, 200, default=50)),
            query("cursor", TEXT, "As in `next` or `previous` of another page.", ">0.41"),
        ),
        refuses=(400,),
    ),
    (f"{_VIEWS}.AlertView", "get"): call(
        *("Alerts", "readAlert", "One alert with each message of it"),
        gives="AlertWithSends",
        refuses=(404,),
    ),
    (f"{_VIEWS}.AcknowledgeView", "post"): call(
        *("Alerts", "acknowledgeAlert", "It was seen: it is not repeated any more"),
        gives="Alert",
        description="Operators. What nothing takes back by itself, such as a restore that failed, "
        "is over then.",
        refuses=(404, 409),
        conflict=_OVER,
    ),
    (f"{_VIEWS}.SnoozeView", "post"): call(
        *("Alerts", "snoozeAlert", "Say no more of it for a while"),
        gives="Alert",
        takes="AlertSnooze",
        description="Operators. What is still so at the end is said once more.",
        refuses=(404, 409),
        conflict=_OVER,
    ),
    (f"{_CHANNELS}.ChannelsView", "get"): call(
        *("Alerts", "listAlertChannels", "Where alerts are sent"),
        gives="AlertChannelPage",
        description="Administrators. Addresses are not shown: there are secrets in them.",
    ),
    (f"{_CHANNELS}.ChannelsView", "post"): call(
        *("Alerts", "createAlertChannel", "Send alerts to somebody else, too"),
        gives="AlertChannel",
        status=201,
        takes="NewAlertChannel",
        description="Administrators; without a company, for all of them: superusers.",
    ),
    (f"{_CHANNELS}.ChannelView", "get"): call(
        *("Alerts", "readAlertChannel", "One channel with its newest messages"),
        gives="AlertChannelWithSends",
        refuses=(404,),
    ),
    (f"{_CHANNELS}.ChannelView", "patch"): call(
        *("Alerts", "changeAlertChannel", "Change what goes there, and when"),
        gives="AlertChannel",
        takes="AlertChannelChange",
        description="Administrators. An address that is not named stays as it is, unless the "
        "kind changes. What is held back by quiet hours goes by the new ones.",
        refuses=(404,),
    ),
    (f"{_CHANNELS}.ChannelView", "delete"): call(
        *("Alerts", "removeAlertChannel", "Send nothing there any more"),
        status=204,
        description="Administrators. What was sent by it stays to be seen.",
        refuses=(404,),
    ),
    (f"{_WINDOWS}.WindowsView", "get"): call(
        *("Alerts", "listMaintenance", "Windows that are not over"),
        gives="MaintenancePage",
        description="Administrators. In a window alerts open as always, and nothing is sent.",
    ),
    (f"{_WINDOWS}.WindowsView", "post"): call(
        *("Alerts", "addMaintenance", "Send nothing for a while"),
        gives="Maintenance",
        status=201,
        takes="NewMaintenance",
        description="Administrators; without a company, for all of them: superusers. "
        "What is still so at its end is sent then. 31 days at the most.",
    ),
    (f"{_WINDOWS}.WindowView", "get"): call(
        *("Alerts", "readMaintenance", "One window"), gives="Maintenance", refuses=(404,)
    ),
    (f"{_WINDOWS}.WindowView", "patch"): call(
        *("Alerts", "changeMaintenance", "Change when it is, or what about"),
        gives="Maintenance",
        takes="MaintenanceChange",
        description="Administrators. What waits for its end waits for the new one.",
        refuses=(404,),
    ),
    (f"{_WINDOWS}.WindowView", "delete"): call(
        *("Alerts", "endMaintenance", "End it now: what waited is sent"),
        status=204,
        description="Administrators.",
        refuses=(404,),
    ),
    (f"{_AGENTS}.AgentsView", "get"): call(
        *("Alerts", "listAlertAgents", "When each agent was heard last"),
        gives="AlertAgentPage",
        description="Administrators.",
    ),
    (f"{_AGENTS}.AgentView", "get"): call(
        *("Alerts", "readAlertAgent", "When an agent was heard last"),
        gives="AlertAgent",
        refuses=(404,),
    ),
    (f"{_AGENTS}.AgentView", "patch"): call(
        *("Alerts", "watchAgent", "After how many hours of silence an agent is told"),
        gives="AlertAgent",
        takes="AlertAgentLimit",
        description="Administrators.",
        refuses=(404,),
    ),
    (f"{_CHANNELS}.ChannelTestView", "post"): call(
        *("Alerts", "testAlertChannel", "Send a test message"),
        gives="AlertSend",
        status=202,
        description="Administrators.",
        refuses=(404,),
    ),
}
