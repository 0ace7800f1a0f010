"""Tell others: addresses, events, and a signature by which the other side knows that it was us, and now.

    Restock-Signature: t=1793512800,v1=<hex of HMAC-SHA256(secret, "t.body")>
    Restock-Delivery: <id>            the same for every try of one message

The receiver checks the signature, that `t` is no older than five minutes, and that it has not seen the id before.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from restock.errors import MissingError, UsageError, nearest
from restock.language import Text
from restock.storage.state import work
from restock.storage.state.tables import Delivery, Webhook
from restock.workflows.accounts.secret import new_token
from restock.workflows.approval.desk import Desk, new_id

Event = Literal[
    "*",
    "ping",
    "plan.ready",
    "lines.approved",
    "export.created",
    "snapshot.loaded",
    "job.done",
    "job.failed",
    "job.cancelled",
    "policy.promoted",
    "day.done",
]
EVENTS: tuple[str, ...] = get_args(Event)
SIGNATURE, DELIVERY, EVENT = "Restock-Signature", "Restock-Delivery", "Restock-Event"
OLDEST = timedelta(minutes=5)  # of a message that a receiver takes
WAITS = tuple(timedelta(seconds=s) for s in (10, 60, 300, 1800, 7200, 21600, 43200))  # between two tries
LEASE = timedelta(seconds=60)


def add_webhook(desk: Desk, url: str, events: Sequence[str]) -> Webhook:
    """An address to tell; its secret is shown this once.

    Raises:
        UsageError: it is no web address, or an event is none.
    """
    _check_url(url)
    wrong = [event for event in events if event not in EVENTS]
    if wrong or not events:
        named = wrong[0] if wrong else ""
        raise UsageError(Text(f"there is no event `{named}`", f"没有事件 `{named}`"), hint=nearest(named, EVENTS))
    with desk.change("manage") as session:
        webhook = Webhook(
            url=url,
            secret=f"whsec_{new_token()}",
            events=sorted(set(events)),
            active=True,
            author=desk.actor.name,
            created=desk.clock(),
        )
        session.add(webhook)
        session.flush()
        desk.note(session, "add", "webhook", webhook.id, url=url, events=webhook.events)
    return webhook


def remove_webhook(desk: Desk, webhook: int) -> None:
    """Tell this address no more.

    Raises:
        MissingError: there is none of this id.
    """
    with desk.change("manage") as session:
        _find(session.get(Webhook, webhook), webhook).active = False
        desk.note(session, "remove", "webhook", webhook)


def ping(desk: Desk, webhook: int) -> Delivery:
    """Send a message to try an address out.

    Raises:
        MissingError: there is none of this id.
    """
    at = desk.clock()
    with desk.change("manage") as session:
        found = _find(session.get(Webhook, webhook), webhook)
        body = {"event": "ping", "at": at.isoformat(), "webhook": found.id}
        delivery = Delivery(
            id=new_id(at),
            webhook_id=found.id,
            event="ping",
            body=body,
            state="waiting",
            attempts=0,
            due=at,
            created=at,
        )
        session.add(delivery)
    return delivery


def list_webhooks(desk: Desk) -> list[Webhook]:
    """All addresses."""
    with desk.look("manage") as session:
        return work.list_webhooks(session)


def deliveries(desk: Desk, webhook: int, limit: int) -> list[Delivery]:
    """What was sent to an address, the newest first.

    Raises:
        MissingError: there is none of this id.
    """
    with desk.look("manage") as session:
        _find(session.get(Webhook, webhook), webhook)
        return work.deliveries_of(session, webhook, limit)


def take_due(desk: Desk, limit: int = 20) -> Sequence[tuple[Delivery, Webhook]]:
    """Messages to send now; nobody else gets them for a minute."""
    now = desk.clock()
    with desk.state.write() as session:
        return work.claim_deliveries(session, now, now + LEASE, limit)


def settle(desk: Desk, delivery: str, answer: str, *, taken: bool) -> None:
    """Write down how a try ended: taken, to be tried later, or given up after the last."""
    now = desk.clock()
    with desk.state.write() as session:
        found = session.get(Delivery, delivery, with_for_update=True)
        if found is None or found.state != "waiting":
            return
        found.answer = answer[:500]
        if taken:
            found.state, found.delivered = "delivered", now
        elif found.attempts > len(WAITS):
            found.state = "given_up"
            desk.note(session, "give_up", "delivery", delivery, webhook=found.webhook_id, answer=answer[:200])
        else:
            found.due = now + WAITS[found.attempts - 1]


def sign(secret: str, body: bytes, at: datetime) -> str:
    """The signature of a message that is sent at a moment."""
    stamp = str(int(at.timestamp()))
    return f"t={stamp},v1={_hmac(secret, stamp, body)}"


def verify(secret: str, body: bytes, signature: str, now: datetime) -> bool:
    """Whether a message is ours and no older than five minutes: what a receiver does."""
    parts = {part.partition("=")[0]: part.partition("=")[2] for part in signature.split(",")}
    stamp = parts.get("t", "")
    if not stamp.isdigit() or abs(now.timestamp() - int(stamp)) > OLDEST.total_seconds():
        return False
    return hmac.compare_digest(parts.get("v1", ""), _hmac(secret, stamp, body))


def show_webhook(webhook: Webhook) -> dict[str, Any]:
    """What may be known of an address: all but its secret."""
    return {name: getattr(webhook, name) for name in ("id", "url", "events", "author", "created")}


def show_delivery(delivery: Delivery) -> dict[str, Any]:
    """For programs."""
    names = ("id", "event", "state", "attempts", "due", "answer", "created", "delivered")
    return {name: getattr(delivery, name) for name in names}


def _hmac(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _find(webhook: Webhook | None, name: int) -> Webhook:
    if webhook is None or not webhook.active:
        raise MissingError(Text(f"there is no webhook `{name}`", f"没有回调 `{name}`"))
    return webhook


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        fine = fine and (parts.port is None or parts.port > 0) and len(url) <= 2000 and url.isprintable()
        fine = fine and " " not in url
    except ValueError:
        fine = False
    if not fine:
        raise UsageError(
            Text("this is no address that can be called", "该地址无法调用"),
            hint=Text(
                "write `https://host/path`, without a user or password", "请写成 `https://主机/路径`，不含用户名和密码"
            ),
        )
