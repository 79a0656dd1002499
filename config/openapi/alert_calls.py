"""The calls of alerts, as `config.openapi.calls` has the others."""

from config.openapi.alerting import SEVERITIES, STATES
from config.openapi.calls import Call, call, query
from config.openapi.samples import problem
from config.openapi.shapes import TEXT, number, one_of

_OVER = problem(409, "alert_is_over", "This alert is over already.")
_AGENTS = "monitoring.alerts.api.agents"
_VIEWS = "monitoring.alerts.api.views"

ALERT_CALLS: dict[tuple[str, str], Call] = {
    (f"{_VIEWS}.AlertsView", "get"): call(
        *("Alerts", "listAlerts", "What needs attention, and what did"),
        gives="AlertPage",
        description="Open ones first, then those that are over; the newest first in each.",
        asks=(
            query("state", one_of(*STATES), "`open` holds acknowledged ones, too."),
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
    (f"{_VIEWS}.ChannelsView", "get"): call(
        *("Alerts", "listAlertChannels", "Where alerts are sent"),
        gives="AlertChannelPage",
        description="Administrators. Addresses are not shown: there are secrets in them.",
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
    (f"{_VIEWS}.ChannelTestView", "post"): call(
        *("Alerts", "testAlertChannel", "Send a test message"),
        gives="AlertSend",
        status=202,
        description="Administrators.",
        refuses=(404,),
    ),
}
