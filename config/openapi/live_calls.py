"""The calls beside the live channels, as `config.openapi.calls` has the others."""

from config.openapi.calls import Call, call, query
from config.openapi.shapes import listing, one_of

_KINDS = query(
    "kind",
    listing(one_of(*("backup", "restore", "upload", "download", "drill", "copy", "deposit"))),
    "May be repeated.",
)

LIVE_CALLS: dict[tuple[str, str], Call] = {
    ("monitoring.live.api.views.QueueView", "get"): call(
        *("Live", "readQueue", "How many files wait, run and ended"),
        gives="Queue",
        asks=(_KINDS,),
        refuses=(400,),
    ),
    ("monitoring.live.api.views.StatsView", "get"): call(
        *("Live", "readStats", "Numbers of all files that you may see"),
        gives="Stats",
        description="Today, week (from Monday) and month are those of the installation's time "
        "zone. `total_storage_used` is that of all kinds.",
        asks=(_KINDS,),
        refuses=(400,),
    ),
    ("monitoring.live.api.views.TicketsView", "post"): call(
        *("Live", "createTicket", "Get a ticket to listen by"),
        gives="Ticket",
        status=201,
        description="For a client that can set neither a cookie nor a header: send it as "
        "`?ticket=` within 30 seconds. It opens one stream, and that one again for ten minutes.",
    ),
    ("monitoring.notices.api.views.NoticesView", "get"): call(
        *("Live", "listNotices", "What is said to everyone now"), gives="Notices"
    ),
    ("monitoring.notices.api.views.NoticesView", "post"): call(
        *("Live", "createNotice", "Say something to everyone"),
        gives="Notice",
        status=201,
        takes="NewNotice",
        description="Administrators, to their company; those of all companies to everyone.",
    ),
    ("monitoring.notices.api.views.NoticeView", "delete"): call(
        *("Live", "withdrawNotice", "Take it back"), status=204, refuses=(404,)
    ),
}
