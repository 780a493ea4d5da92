"""Secrets stay out of texts, and every error can say who was refused."""

from millhand.stores import AzureAccess, S3Access


def test_secrets_are_in_no_text() -> None:
    s3 = S3Access(access_key_id="AKIA", secret_access_key="hunter2", session_token="hunter3")
    azure = AzureAccess(account="acme", key="hunter4", sas_token="hunter5")
    assert "hunter" not in f"{s3!r} {s3.credentials} {azure!r} {azure.credentials}"


def test_credentials_are_told_by_where_they_came_from() -> None:
    key = S3Access(access_key_id="AKIA", secret_access_key="x", origin="environment AWS_ACCESS_KEY_ID")
    assert key.credentials == "the access key AKIA from environment AWS_ACCESS_KEY_ID"
    assert "role" in S3Access().credentials
    assert "anonymous" in S3Access(anonymous=True, access_key_id="AKIA").credentials
    assert AzureAccess(account="acme", key="x", origin="flag").credentials == "the account key of acme from flag"
    assert "identity" in AzureAccess(account="acme").credentials
