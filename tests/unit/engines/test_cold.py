"""What a killed cold LibreOffice leaves outside its work folder is found and removed."""

import hashlib
from pathlib import Path

from millhand.engines.soffice.cold import remove_sockets


def test_a_left_socket_goes_with_its_work_folder(tmp_path: Path) -> None:
    profile = tmp_path / "document-1" / "profile"
    profile.mkdir(parents=True)
    digest = hashlib.md5(profile.resolve().as_uri().encode("utf-16-le"), usedforsecurity=False).digest()
    socket = Path("/tmp") / f"OSL_PIPE_0_SingleOfficeIPC_{''.join(f'{byte:x}' for byte in digest)}"  # noqa: S108 - LibreOffice's place
    socket.touch()
    remove_sockets(tmp_path)
    assert not socket.exists()
