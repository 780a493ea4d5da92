"""LibreOffice's settings as a layer of their own, in place of the writable one that a profile has.

With a writable layer LibreOffice starts a thread that writes settings a second after the first change, and every start
changes some. A fork in the wrong millisecond would copy that thread's locks, held for ever. Without the layer there is
no thread. Source: configmgr/README.md of LibreOffice (configuration layers).
"""

from pathlib import Path
from xml.sax.saxutils import escape

VARIABLE = "CONFIGURATION_LAYERS"

_RC = "fundamentalrc"
_FILE = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:component-data xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" \
oor:name="{name}" oor:package="{package}">
{nodes}</oor:component-data>
"""


def environment(program: Path, folder: Path, settings: tuple[tuple[str, str, str], ...]) -> dict[str, str]:
    """Environment variables for a LibreOffice in `program` with these settings (path, property, value) and no others.

    Writes the settings into `folder`. Empty if the installation does not say which layers it has: then it uses them.
    """
    layers = _own_layers(program / _RC)
    if layers is None:
        return {}
    for number, (path, name, value) in enumerate(settings):
        component, *nodes = path.removeprefix("/").split("/")
        file = folder / "data" / str(number) / f"{component}.xcu"
        file.parent.mkdir(parents=True)
        file.write_text(_component(component, nodes, name, value), encoding="utf-8")
    # A layer needs both folders.
    (folder / "schema").mkdir()
    kept = [layer for layer in layers if not layer.startswith("user:")]
    return {VARIABLE: " ".join([*kept, f"xcsxcu:{folder.as_uri()}"])}


def _own_layers(configuration: Path) -> list[str] | None:
    try:
        lines = configuration.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((line.split("=", 1)[1].split() for line in lines if line.startswith(f"{VARIABLE}=")), None)


def _component(component: str, nodes: list[str], name: str, value: str) -> str:
    package, _, component_name = component.rpartition(".")
    text = f'<prop oor:name="{name}"><value>{escape(value)}</value></prop>'
    for node in reversed(nodes):
        text = f'<node oor:name="{node}">{text}</node>'
    return _FILE.format(name=component_name, package=package, nodes=f"{text}\n")
