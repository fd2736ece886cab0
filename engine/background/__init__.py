"""What happens without anybody asking: due timers, what cases send to each other, and what leaves for the outside.

``drain(engine, …)``    everything that is due now
``Worker(engine, …)``   the same again and again, until told to stop; any number of them, on any number of machines
``DELIVERIES``          who carries what away, by topic
"""

from engine.background.draining import Round, drain
from engine.background.outbox import DELIVERIES, Deliver
from engine.background.worker import EVERY, Worker

__all__ = ["DELIVERIES", "EVERY", "Deliver", "Round", "Worker", "drain"]
