"""An app with a mistake in it, for the tests: looking at its kinds raises what nobody foresaw."""

from millhand import App
from millhand.core.registry import Registry


class Broken(Registry):
    """A registry that can't be read."""

    def __iter__(self):  # noqa: ANN204 - it never returns
        raise RuntimeError("a bug of ours")


app = App()
app.registry = Broken()
