"""How handing a worker to the system can fail."""

from millhand.core.errors import MillhandError


class ServiceManagerFailed(MillhandError):
    """The system's service manager could not be reached, or refused."""

    default_code = "service_manager_failed"
    default_hint = "Run it with more rights (root, an elevated prompt), or with --user for a service of your own."
