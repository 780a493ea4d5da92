"""A secret among a job's arguments: shown masked, and carried in clear in the job itself, which has to use it."""

from typing import Annotated

from pydantic import PlainSerializer, SecretStr


def _revealed(secret: SecretStr) -> str:
    return secret.get_secret_value()


Secret = Annotated[SecretStr, PlainSerializer(_revealed, return_type=str, when_used="json")]
