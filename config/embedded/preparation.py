"""Which embedded services an installation needs, and the folders they stand in."""

from collections.abc import Mapping

from config.embedded.folders import check_data_folder, make_data_folder
from config.embedded.postgres import Postgres
from config.embedded.redis import Redis
from config.embedded.service import Service
from config.places import Places
from machine.account import Account, service_account
from machine.folders import own_folder


def embedded_services(
    places: Places,
    *,
    postgres: bool = True,
    redis: bool = True,
    postgres_settings: Mapping[str, str] | None = None,
) -> list[Service]:
    """The wanted services, in the order of starting, with their folders made and checked."""
    make_data_folder(places)
    own_folder(places.logs, 0o700)
    found: list[Service] = []
    if not (postgres or redis):
        return found
    account = _checked_account(places)
    if postgres:
        found.append(Postgres(places, account, settings=postgres_settings))
    if redis:
        found.append(Redis(places, account))
    return found


def _checked_account(places: Places) -> Account:
    account = service_account()
    check_data_folder(places, account)
    return account
