"""How what a preflight found is told: ok, a warning, or in the way."""

from backups.engines import PreflightCheck


def ok(code: str, message: str, detail: str = "") -> PreflightCheck:
    return PreflightCheck(code, "ok", message, detail)


def warning(code: str, message: str, detail: str = "") -> PreflightCheck:
    return PreflightCheck(code, "warning", message, detail)


def blocking(code: str, message: str, detail: str = "") -> PreflightCheck:
    return PreflightCheck(code, "blocking", message, detail)
