"""The proxy of a company reaches the internet, and never this machine's own ports."""

from collections.abc import Mapping

_THIS_MACHINE = ("127.0.0.1", "localhost")


def past_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which HTTP clients of Python, Go and curl go to this machine without a proxy.

    They keep the exceptions that `environment` has already.
    """
    # Where both are set, Python and curl read the one in lower case.
    excepted = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if excepted.strip() != "*":  # no proxy at all; in a list, the star would mean nothing
        hosts = [host for host in map(str.strip, excepted.split(",")) if host]
        excepted = ",".join([*hosts, *(host for host in _THIS_MACHINE if host not in hosts)])
    return {"NO_PROXY": excepted, "no_proxy": excepted}
