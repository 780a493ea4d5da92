"""The variables by which other programs are told of object stores: Amazon's, MinIO's and Azure's."""

from collections.abc import Iterator, Mapping

S3_KEY, S3_SECRET, S3_TOKEN = "blobs.s3.access_key_id", "blobs.s3.secret_access_key", "blobs.s3.session_token"
S3_ENDPOINT, S3_REGION = "blobs.s3.endpoint", "blobs.s3.region"

AWS = {
    "AWS_DEFAULT_REGION": S3_REGION,
    "AWS_REGION": S3_REGION,
    "AWS_ENDPOINT_URL": S3_ENDPOINT,
    "AWS_ENDPOINT_URL_S3": S3_ENDPOINT,
    "AWS_ACCESS_KEY_ID": S3_KEY,
    "AWS_SECRET_ACCESS_KEY": S3_SECRET,
    "AWS_SESSION_TOKEN": S3_TOKEN,
}
MINIO = {"MINIO_ENDPOINT": S3_ENDPOINT, "MINIO_ACCESS_KEY": S3_KEY, "MINIO_SECRET_KEY": S3_SECRET}
AZURE = {
    "AZURE_STORAGE_CONNECTION_STRING": "blobs.azure.connection_string",
    "AZURE_STORAGE_ACCOUNT": "blobs.azure.account",
    "AZURE_STORAGE_ACCOUNT_NAME": "blobs.azure.account",
    "AZURE_STORAGE_KEY": "blobs.azure.key",
    "AZURE_STORAGE_ACCOUNT_KEY": "blobs.azure.key",
    "AZURE_STORAGE_SAS_TOKEN": "blobs.azure.sas_token",
}
STORE_VARIABLES = {**AWS, **MINIO, **AZURE}
"""Each variable, and the setting that it stands for. Of several for one setting, the last that is set counts."""


def store_values(environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Setting, value and variable, for each that is set.

    Where MinIO's variables name a server or a key, Amazon's are for some other program.
    """
    names = {**MINIO, **AZURE} if environ.get("MINIO_ENDPOINT") or environ.get("MINIO_ACCESS_KEY") else {**AWS, **AZURE}
    for variable, setting in names.items():
        if value := environ.get(variable):
            yield setting, _minio_url(value, environ) if variable == "MINIO_ENDPOINT" else value, variable


def _minio_url(host: str, environ: Mapping[str, str]) -> str:
    """MinIO's clients are given host, port and TLS apart; TLS is on unless it is switched off."""
    if "://" in host:
        return host
    secure = environ.get("MINIO_SECURE", "true").strip().lower() not in {"false", "0", "no", "off"}
    port = environ.get("MINIO_PORT", "").strip()
    place = host if not port or ":" in host else f"{host}:{port}"
    return f"{'https' if secure else 'http'}://{place}"
