"""What the queue calls. A task carries an id and nothing else; the row says the rest."""

from monitoring.alerts import sending


def send_delivery(delivery_id: int) -> None:
    sending.send_delivery(delivery_id=delivery_id)
