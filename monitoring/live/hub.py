"""The hub: one in a server process reads for all its sockets and streams, and fills their boxes.

It reads when it is woken, and every second besides, for a wake-up may be lost. No reader is
waited for. It goes on whatever is away: the database, Redis, or all its readers.
"""

import asyncio
import math
import time
from typing import Any
from weakref import WeakKeyDictionary

import structlog

from monitoring.events.selectors import Cursor
from monitoring.live.access import Credential
from monitoring.live.errors import LiveError, NotAllowed, NotFound, Restarting, TooSlow
from monitoring.live.following import Followed, Subscription, end_all
from monitoring.live.listening import listen
from monitoring.live.mailbox import Letter, Topic
from monitoring.live.numbers import DASHBOARD, Announced, is_meant
from monitoring.live.presence import Presence
from monitoring.live.reading import SOURCES, Reading, read_once, visible_topics
from monitoring.live.threads import ask

log = structlog.get_logger(__name__)

# It looks for events so often; each source says how often its topics are read (`Pace`).
EVERY_SECONDS = 1.0
# Wake-ups that come together are one reading.
LEAST_SECONDS = 0.1
RECHECK_SECONDS = 15.0
IDLE_SECONDS = 30.0
# Who takes nothing for so long is sent away.
UNTAKEN_SECONDS = 60.0


class Hub:
    """Belongs to one event loop; see `hub`. Its work starts with the first subscription."""

    def __init__(self) -> None:
        self._followed: dict[Topic, Followed] = {}
        self._changed: set[Topic] = set()
        self._woken = asyncio.Event()
        self._place: Cursor | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_blind = False
        self._is_closing = False
        self.presence = Presence()

    @property
    def is_followed(self) -> bool:
        return bool(self._followed)

    def came(self, channel: str, way: str, *, user: int, resumes: bool) -> None:
        """Somebody was let in: counted, and a line in the log."""
        self.presence.measured.opened[f"{channel} {way}"] += 1
        if resumes:
            self.presence.measured.resumed[f"{channel} {way}"] += 1
        log.info("live_connected", channel=channel, way=way, user=user, resumes=resumes)

    def subscribe(self, subscription: Subscription) -> None:
        """Its present state comes first, read after this moment; then every change."""
        if self._is_closing:
            end_all({subscription}, Restarting())
            return
        followed = self._followed.setdefault(subscription.topic, Followed())
        followed.subscriptions.add(subscription)
        followed.waiting.add(subscription)
        self._woken.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work(), name="live hub")

    def unsubscribe(self, subscription: Subscription) -> None:
        followed = self._followed.get(subscription.topic)
        if followed is None:
            return
        followed.subscriptions.discard(subscription)
        followed.waiting.discard(subscription)
        if not followed.subscriptions:
            del self._followed[subscription.topic]

    def wake(self, subjects: list[str]) -> None:
        """Somebody wrote these rows."""
        for name, topics in self._by_source().items():
            named = SOURCES[name].woken_by(subjects, topics)
            if named:
                self._changed |= set(named)
                self._woken.set()

    def say(self, said: dict[str, Any]) -> None:
        """Pass numbers on as they are, to those who see just this; the others' are read anew."""
        for topic, followed in self._followed.items():
            if topic.name != said.get("channel"):
                continue
            if is_meant(topic, said.get("company")):
                letter = Letter(topic, Announced(topic.name, said["data"]))
                for subscription in followed.subscriptions - followed.waiting:
                    subscription.mailbox.put(letter)
                followed.last = letter
            else:
                self._changed.add(topic)
        self._woken.set()

    def _by_source(self) -> dict[str, set[Topic]]:
        found: dict[str, set[Topic]] = {}
        for topic in self._followed:
            found.setdefault(topic.name, set()).add(topic)
        return found

    def send_all_away(self) -> None:
        """The process is told to stop, and would wait for those who listen."""
        self._is_closing = True
        for followed in self._followed.values():
            end_all(followed.subscriptions, Restarting())

    async def close(self) -> None:
        """End its work; the readers hear nothing more."""
        self._followed.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self.presence.take_leave()

    async def _work(self) -> None:
        while True:
            helpers = [
                asyncio.create_task(listen(self.wake, self.say), name="live wake-ups"),
                asyncio.create_task(self._recheck_for_ever(), name="live rechecks"),
                asyncio.create_task(self.presence.tell_for_ever(), name="live presence"),
            ]
            try:
                await self._read_while_followed()
            finally:
                for helper in helpers:
                    helper.cancel()
                await asyncio.gather(*helpers, return_exceptions=True)
            # Somebody may have come while the helpers ended.
            if not self._followed:
                return

    async def _read_while_followed(self) -> None:
        next_look = followed_at = time.monotonic()
        while True:
            now = time.monotonic()
            if self._followed:
                followed_at = now
            elif now - followed_at > IDLE_SECONDS:
                # Where it would go on tomorrow is pruned by then: it starts anew.
                self._place = None
                return
            if self._followed and (now >= next_look or self._due()):
                next_look = now + EVERY_SECONDS
                await self._round()
            await self._pause(until=min(next_look, self._next_turn()))

    async def _pause(self, *, until: float) -> None:
        await asyncio.sleep(LEAST_SECONDS)
        try:
            await asyncio.wait_for(self._woken.wait(), max(0.0, until - time.monotonic()))
        except TimeoutError:
            pass

    def _turns(self) -> dict[Topic, float]:
        return {
            topic: each.due_at(SOURCES[topic.name].pace, has_changed=topic in self._changed)
            for topic, each in self._followed.items()
        }

    def _due(self) -> set[Topic]:
        now = time.monotonic()
        return {topic for topic, turn in self._turns().items() if turn <= now}

    def _next_turn(self) -> float:
        return min(self._turns().values(), default=math.inf)

    async def _round(self) -> None:
        self._woken.clear()
        # Only those are told that wait now: who comes during the reading may have come later
        # than its snapshot.
        waiting = {topic: set(each.waiting) for topic, each in self._followed.items()}
        wanted = self._due()
        changed = self._changed & wanted
        self._changed -= wanted
        try:
            reading = await ask(
                read_once, self._place, wanted, set(self._followed), self._resting()
            )
            self._hand_out(reading, waiting)
        except Exception as error:  # noqa: BLE001 - whatever it is, the readers stay and wait
            self._changed |= changed
            if not self._is_blind:
                log.warning("live_cannot_read", error=str(error))
            self._is_blind = True
            await asyncio.sleep(EVERY_SECONDS)
            return
        if self._is_blind:
            log.info("live_can_read_again")
        self._is_blind = False
        self._place = reading.place
        self._changed = (self._changed | reading.touched) & self._followed.keys()
        if reading.has_more:
            self._woken.set()

    def _resting(self) -> set[Topic]:
        """Topics that were read a moment ago: what an event says of them waits for their turn."""
        now = time.monotonic()
        return {
            topic
            for topic, each in self._followed.items()
            if each.is_over or each.read_at + SOURCES[topic.name].pace.least > now
        }

    def _hand_out(self, reading: Reading, waiting: dict[Topic, set[Subscription]]) -> None:
        for topic, letter in reading.letters.items():
            followed = self._followed.get(topic)
            if followed is None:
                continue
            if letter is None:
                end_all(followed.subscriptions, NotFound())
                continue
            later = followed.waiting - waiting.get(topic, set())
            followed.waiting -= later
            told = followed.take(letter, SOURCES[topic.name].pace)
            followed.waiting = later
            if later:
                self._woken.set()
            if told and topic.name == DASHBOARD:
                log.debug("live_dashboard_update", readers=told)
        for event in reading.events:
            self.presence.measured.took(event.age)

    async def _recheck_for_ever(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            self.send_slow_away()
            await self.recheck()

    def send_slow_away(self) -> None:
        """Who has taken nothing for long holds memory and a connection for nobody."""
        for followed in self._followed.values():
            for subscription in followed.subscriptions:
                if subscription.mailbox.untaken_seconds() > UNTAKEN_SECONDS:
                    subscription.mailbox.end(TooSlow())
                    subscription.give_up()

    async def recheck(self) -> None:
        """End the subscriptions of those who lost the right: one question for each holder."""
        holders: dict[Credential, set[Subscription]] = {}
        for followed in self._followed.values():
            for subscription in followed.subscriptions:
                holders.setdefault(subscription.credential, set()).add(subscription)
        for credential, subscriptions in holders.items():
            topics = {subscription.topic for subscription in subscriptions}
            try:
                visible = await ask(visible_topics, credential, topics)
            except LiveError as error:
                end_all(subscriptions, error)
            except Exception as error:  # noqa: BLE001 - the database is away: nothing is told either
                log.warning("live_cannot_recheck", error=str(error))
            else:
                lost = {each for each in subscriptions if each.topic not in visible}
                end_all(lost, NotAllowed())


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop: a server process has one."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
