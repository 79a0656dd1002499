"""A phone: it holds a key and makes the codes of a moment, by its own arithmetic (RFC 6238)."""

import base64
import hmac
import re
import time
from dataclasses import dataclass

from django.test import Client

from access.models import SecondFactor, User
from access.second_factor import codes
from access.second_factor.services import enable
from tests.cast import PASSWORD


@dataclass
class Phone:
    key: str

    def code(self, *, later: int = 0) -> str:
        """Its code `later` steps from now."""
        step = int(time.time()) // 30 + later
        digest = hmac.digest(base64.b32decode(self.key), step.to_bytes(8, "big"), "sha1")
        at = digest[-1] & 15
        number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
        return f"{number % 1_000_000:06}"

    def wrong(self) -> str:
        near = {self.code(later=step) for step in range(-3, 4)}
        return next(text for text in map("{:06}".format, range(9)) if text not in near)


def give_phone(user: User) -> tuple[Phone, list[str]]:
    """Turn the second factor on; the code that did it is long used up."""
    phone = Phone(codes.new_key())
    made = enable(user=user, key=phone.key, code=phone.code(), session=None)
    SecondFactor.objects.filter(user=user).update(last_step=0)
    return phone, made


def half(name: str, address: str = "192.0.2.1", path: str = "/login") -> Client:
    """A browser that has given the right password."""
    client = Client(REMOTE_ADDR=address)
    answer = client.post(path, {"username": name, "password": PASSWORD})
    assert answer["Location"].startswith("/login/"), answer["Location"]
    return client


def give(client: Client, code: str) -> int:
    return int(client.post("/login/code", {"code": code}).status_code)


def is_in(client: Client) -> bool:
    return client.get("/dashboard/account").status_code == 200


def key_on(page: str) -> Phone:
    found = re.search(r'id="key">([A-Z2-7 ]+)<', page)
    assert found is not None
    return Phone(found[1].replace(" ", ""))
