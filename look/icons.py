"""The icons: 16 by 16, drawn in lines in the colour of the text around them."""

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

_DRAWINGS = {
    "check": '<path d="m3.5 8.5 3 3 6-7"/>',
    "shield": '<path d="M8 1.8 3 3.8v3.7c0 3.1 2 5.4 5 6.7 3-1.3 5-3.6 5-6.7V3.8z"/>'
    '<path d="m5.8 8 1.6 1.6 2.9-3.2"/>',
    "cross": '<path d="m4.5 4.5 7 7m0-7-7 7"/>',
    "clock": '<circle cx="8" cy="8" r="5.8"/><path d="M8 4.8V8l2.2 1.6"/>',
    "play": '<path d="M5 3.5v9l7-4.5z"/>',
    "half": '<circle cx="8" cy="8" r="5.8"/><path d="M8 2.2v11.6"/>',
    "question": '<path d="M5.8 6a2.2 2.2 0 1 1 3.3 1.9c-.8.5-1.1.9-1.1 1.8M8 12.4v.1"/>',
    "gone": '<circle cx="8" cy="8" r="5.8"/><path d="m4 12 8-8"/>',
    "stop": '<rect x="4" y="4" width="8" height="8" rx="1"/>',
    "warning": '<path d="M8 2.2 1.8 13h12.4zM8 6.4v3M8 11.2v.1"/>',
    "info": '<circle cx="8" cy="8" r="5.8"/><path d="M8 7.3v3.6M8 5v.1"/>',
    "overview": '<rect x="2.5" y="2.5" width="4.5" height="6" rx="1"/>'
    '<rect x="9" y="2.5" width="4.5" height="3.5" rx="1"/>'
    '<rect x="9" y="8" width="4.5" height="5.5" rx="1"/>'
    '<rect x="2.5" y="10.5" width="4.5" height="3" rx="1"/>',
    "database": '<ellipse cx="8" cy="4" rx="5" ry="2"/>'
    '<path d="M3 4v8c0 1.1 2.2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2.2 2 5 2s5-.9 5-2"/>',
    "backup": '<path d="M2.5 4.5h11v8.5h-11zM2.5 4.5 4 2.5h8l1.5 2"/>'
    '<path d="M8 6.5v4m-1.8-1.7L8 10.5l1.8-1.7"/>',
    "restore": '<path d="M3 8a5 5 0 1 0 1.6-3.7M3 2.8v2.7h2.7M8 5.2V8l1.9 1.2"/>',
    "expected": '<path d="M2.5 8.5v4.5h11V8.5M2.5 8.5 4 3h8l1.5 5.5h-3.3a2.2 2.2 0 0 1-4.4 0z"/>',
    "admin": '<circle cx="8" cy="8" r="2"/><path d="M8 1.8v2.4m0 7.6v2.4M1.8 8h2.4m7.6 0h2.4'
    'M3.6 3.6l1.7 1.7m5.4 5.4 1.7 1.7m0-8.8-1.7 1.7m-5.4 5.4-1.7 1.7"/>',
    "bell": '<path d="M3.5 11.5h9c-1-1-1.4-2-1.4-4.2a3.1 3.1 0 0 0-6.2 0c0 2.2-.4 3.2-1.4 4.2z"/>'
    '<path d="M6.7 13.4a1.4 1.4 0 0 0 2.6 0"/>',
    "key": '<circle cx="5.2" cy="10.8" r="2.7"/><path d="m7.2 8.8 6.3-6.3M10.5 5.5l2 2"/>',
    "audit": '<path d="M3.5 2.5h9v11h-9z"/><path d="M5.8 5.5h4.4M5.8 8h4.4M5.8 10.5h2.4"/>',
    "person": '<circle cx="8" cy="5.2" r="2.7"/><path d="M2.8 13.5a5.2 5.2 0 0 1 10.4 0"/>',
    "search": '<circle cx="7" cy="7" r="4.2"/><path d="m10.2 10.2 3.3 3.3"/>',
    "theme": '<circle cx="8" cy="8" r="5.8"/>'
    '<path d="M8 2.2v11.6a5.8 5.8 0 0 0 0-11.6z" class="fill"/>',
    "download": '<path d="M8 2.5v7m-3-2.7 3 3 3-3M3 13h10"/>',
    "upload": '<path d="M8 10V3m-3 2.7 3-3 3 3M3 13h10"/>',
    "video": '<rect x="2" y="4" width="8.5" height="8" rx="1"/><path d="m10.5 7 3.5-2v6l-3.5-2"/>',
    "leave": '<path d="M6.5 2.5h-4v11h4M10 5l3 3-3 3m3-3H6"/>',
    "copy": '<rect x="5.5" y="5.5" width="8" height="8" rx="1"/><path d="M10.5 2.5h-8v8"/>',
    "empty": '<path d="M2.5 9.5 4.5 3h7l2 6.5V13h-11zM2.5 9.5H6l.8 1.5h2.4l.8-1.5h3.5"/>',
}


def icon(name: str) -> SafeString:
    """An icon as inline SVG, hidden from readers: the word beside it says what it means."""
    drawing = mark_safe(_DRAWINGS[name])  # noqa: S308 - from the table above only
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{}</svg>',
        drawing,
    )
