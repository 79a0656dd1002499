"""Requests made up from the description of the data plane, to the server that has it."""

import pytest

from tests.uploads.sending import Sender

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_request_breaks_it(sender: Sender, clip: bytes) -> None:
    from tests.api.made_up import try_data_plane

    try_data_plane(sender, clip, cases=20)


@pytest.mark.exhaustive
def test_no_request_of_thousands_breaks_it(sender: Sender, clip: bytes) -> None:
    from tests.api.made_up import try_data_plane

    try_data_plane(sender, clip, cases=2000)
