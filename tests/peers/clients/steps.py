"""What the scripts of this folder share: steps that are told one by one, and the lab's files."""

import contextlib
import os
import ssl
import time

FOLDER = os.path.dirname(os.environ["KUBECONFIG"])


def ok(step):
    """Tells that a step is done."""
    print(f"ok: {step}", flush=True)


def same(found, wanted, what):
    """Fails unless both are the same."""
    if found != wanted:
        raise AssertionError(f"{what}: {found!r} instead of {wanted!r}")


def true(holds, what):
    """Fails unless it holds."""
    if not holds:
        raise AssertionError(what)


@contextlib.contextmanager
def refused(kind, what, **wanted):
    """Fails unless the block raises `kind` with these attributes."""
    try:
        yield
    except kind as error:
        for name, value in wanted.items():
            same(getattr(error, name), value, f"{what}, {name}")
    else:
        raise AssertionError(f"{what}: not refused")


def until(look, what, seconds=60):
    """Looks until there is something, and gives it back."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.1)


def trust():
    """TLS that trusts the lab's authority and nothing else."""
    return ssl.create_default_context(cafile=os.path.join(FOLDER, "ca.pem"))
