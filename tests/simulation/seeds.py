"""Which world a seed makes: every deployment and every mix of faults comes in its turn."""

import random

from .services import CALM, Faults
from .world import Setting

POSTS = Faults(post_error=0.05, post_lost=0.02, false_gone=0.02)
MODEL = Faults(model_error=0.1, model_cut=0.3, model_silent=0.05, blocked=0.05, denied=0.05)
QUEUE = Faults(queue_error=0.05, queue_lost=0.02, delete_lost=0.02, duplicate=0.02, newer=0.05)
LAMBDA = Faults(kill=0.01, freeze=0.002, start=0.05, throttle=0.02)
ALL = Faults(
    kill=0.005,
    freeze=0.001,
    queue_error=0.02,
    queue_lost=0.01,
    delete_lost=0.01,
    start=0.02,
    throttle=0.01,
    post_error=0.03,
    post_lost=0.01,
    false_gone=0.01,
    model_error=0.05,
    model_cut=0.05,
    model_silent=0.02,
    blocked=0.03,
    denied=0.02,
    duplicate=0.01,
    newer=0.01,
)
FATAL = Faults(denied=1)
MIXES = (CALM, POSTS, MODEL, QUEUE, LAMBDA, ALL, ALL, FATAL)


def setting_of(seed: int) -> Setting:
    """Return the world of a seed."""
    source = random.Random(f"setting {seed}")
    faults = MIXES[seed % len(MIXES)]
    calm = faults == CALM
    outage = source.choice([(20.0, 110.0), (10.0, 190.0)]) if calm or source.random() < 0.3 else (0.0, 0.0)
    quota = source.random() < 0.5
    return Setting(
        seconds=source.choice([10, 120, 600]),
        timeout_seconds=900 if calm else source.choice([90, 120, 900, 900]),
        max_age_seconds=900 if calm else source.choice([60, 300, 900, 900]),
        max_attempts=source.choice([1, 2, 3, 3]),
        batch_size=source.choice([1, 1, 5]),
        pollers=source.choice([2, 4, 10]),
        deaf=source.choice([0, 0, 0.2]),
        replays=source.choice([0, 1, 2]),
        faults=faults,
        throttled=outage if quota else (0, 0),
        not_ready=(0, 0) if quota else outage,
        answer_seconds=(1, 40) if calm else source.choice([(0.05, 0.5), (0.05, 0.5), (1, 40), (200, 1_200)]),
    )
