"""How settings must fit together: one rule for each relation, in the order in which they are told."""

from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from millhand.config.settings import Settings
from millhand.core.durability import Durability
from millhand.core.finding import Finding, Level, verdict
from millhand.net.loopback import is_loopback

_RENEWALS = 3
_SHORTEST_LEASE = 5.0


def _lease(settings: Settings) -> Finding:
    lease = settings.worker.lease
    return verdict(
        "worker.lease",
        Level.WARNING,
        holds=lease >= _SHORTEST_LEASE,
        good=f"A lease of {lease:g} s is renewed every {lease / _RENEWALS:.3g} s and outlives a slow moment.",
        bad=f"A lease of {lease:g} s must be renewed every {lease / _RENEWALS:.3g} s: one slow moment loses its job.",
        fix=f"Raise worker.lease to {_SHORTEST_LEASE:g} or more.",
    )


def _lease_and_grace(settings: Settings) -> Finding:
    worker = settings.worker
    return verdict(
        "worker.grace",
        Level.WARNING,
        holds=worker.lease < worker.grace,
        good=f"The grace time ({worker.grace:g} s) is longer than a lease ({worker.lease:g} s).",
        bad=f"The grace time ({worker.grace:g} s) is not longer than a lease ({worker.lease:g} s): stopping a worker "
        "interrupts jobs sooner than losing it would.",
        fix="Raise worker.grace or lower worker.lease.",
    )


def _poll_and_lease(settings: Settings) -> Finding:
    worker = settings.worker
    return verdict(
        "worker.poll",
        Level.ERROR,
        holds=worker.poll < worker.lease,
        good=f"An idle worker looks for jobs every {worker.poll:g} s, more often than a lease runs out.",
        bad=f"An idle worker looks for jobs every {worker.poll:g} s, but a lease lasts only {worker.lease:g} s.",
        fix="Lower worker.poll.",
    )


def _kill_and_grace(settings: Settings) -> Finding:
    worker = settings.worker
    return verdict(
        "worker.kill_after",
        Level.WARNING,
        holds=worker.kill_after <= worker.grace,
        good=f"A job that does not listen is killed {worker.kill_after:g} s after it was told to stop.",
        bad=f"A job that does not listen is killed after {worker.kill_after:g} s, later than the grace time of "
        f"{worker.grace:g} s ends.",
        fix="Lower worker.kill_after or raise worker.grace.",
    )


def _recycle_memory(settings: Settings) -> Finding:
    worker = settings.worker
    if not worker.recycle_memory or not worker.memory_limit:
        return Finding(
            "worker.recycle_memory", Level.NOT_APPLICABLE, "Executors are not recycled or limited by memory."
        )
    return verdict(
        "worker.recycle_memory",
        Level.ERROR,
        holds=worker.recycle_memory < worker.memory_limit,
        good=f"Executors are replaced at {worker.recycle_memory} MiB and killed at {worker.memory_limit} MiB.",
        bad=f"Executors are killed at {worker.memory_limit} MiB, before they would be replaced at "
        f"{worker.recycle_memory} MiB.",
        fix="Set worker.recycle_memory below worker.memory_limit.",
    )


def _http_key(settings: Settings) -> Finding:
    http = settings.http
    if not http.enabled:
        return Finding("http.key", Level.NOT_APPLICABLE, "No HTTP port is open.")
    return verdict(
        "http.key",
        Level.ERROR,
        holds=(is_loopback(http.host) and not settings.proxy.trusted) or bool(http.key.get_secret_value()),
        good=f"The HTTP port on {http.host} is for this machine alone, or asks for the key.",
        bad=f"The HTTP port on {http.host} can be reached from other machines, and no key is set.",
        fix="Set http.key (MILLHAND_HTTP__KEY), or http.host to 127.0.0.1 with no proxy before it (proxy.trusted).",
    )


def _people(settings: Settings) -> Finding:
    proxy = settings.proxy
    if not proxy.user_header:
        return Finding("proxy.user_header", Level.NOT_APPLICABLE, "No proxy signs people in.")
    return verdict(
        "proxy.user_header",
        Level.ERROR,
        holds=bool(proxy.trusted),
        good=f"{proxy.user_header} names people where {', '.join(proxy.trusted)} sends it.",
        bad=f"{proxy.user_header} shall name people, but no proxy is trusted to send it.",
        fix="Set proxy.trusted to the address of your proxy.",
    )


def _durability(settings: Settings) -> Finding:
    return verdict(
        "durability",
        Level.WARNING,
        holds=settings.durability is Durability.FULL,
        good="What the queue accepted survives a power cut.",
        bad="Jobs of the last moments before a power cut can be lost, since durability is normal.",
        fix="Set durability to full, unless the speed is worth it.",
    )


def _blob_roots(settings: Settings) -> Finding:
    whole = next((root for root in settings.blob_roots if _is_whole_disk(root)), None)
    return verdict(
        "blob_roots",
        Level.WARNING,
        holds=whole is None,
        good=f"Jobs may use files in {', '.join(str(root.absolute()) for root in settings.all_blob_roots)}.",
        bad=f"Jobs may read and write every file that this user can, since blob_roots has {whole}.",
        fix="List only the folders that hold documents.",
    )


def _store_endpoint(settings: Settings) -> Finding:
    s3, azure = settings.blobs.s3.endpoint, settings.blobs.azure.endpoint
    open_ones = [
        url for url in (s3, azure) if url.startswith("http://") and not is_loopback(urlsplit(url).hostname or "")
    ]
    return verdict(
        "blobs.endpoint",
        Level.WARNING,
        holds=not open_ones,
        good="Object stores are reached by TLS, or on this machine.",
        bad=f"What goes to {' and '.join(open_ones)} can be read on the way: http:// is without TLS.",
        fix="Use https://, unless the network is your own.",
    )


def _store_keys(settings: Settings) -> Finding:
    s3 = settings.blobs.s3
    return verdict(
        "blobs.s3.key",
        Level.ERROR,
        holds=bool(s3.access_key_id) == bool(s3.secret_access_key.get_secret_value()),
        good="S3's access key has its secret, or neither is set.",
        bad="Only one of S3's access key and its secret is set.",
        fix="Set both blobs.s3.access_key_id and blobs.s3.secret_access_key, or neither.",
    )


def _azure_account(settings: Settings) -> Finding:
    azure = settings.blobs.azure
    if not any(place.startswith(("az://", "azure://")) for place in settings.blobs.prefixes):
        return Finding("blobs.azure.account", Level.NOT_APPLICABLE, "Jobs use no blobs in Azure.")
    return verdict(
        "blobs.azure.account",
        Level.ERROR,
        holds=bool(azure.account or azure.connection_string.get_secret_value()),
        good="The storage account of Azure is named.",
        bad="blobs.prefixes has a place in Azure, but no storage account is named.",
        fix="Set blobs.azure.account or blobs.azure.connection_string.",
    )


def _is_whole_disk(root: Path) -> bool:
    resolved = root.expanduser().resolve()
    return resolved == Path(resolved.anchor)


RULES: Sequence[Callable[[Settings], Finding]] = (
    _lease, _lease_and_grace, _poll_and_lease, _kill_and_grace, _recycle_memory, _http_key, _people, _durability,
    _blob_roots, _store_endpoint, _store_keys, _azure_account,
)  # fmt: skip
