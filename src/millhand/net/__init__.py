"""The network as our own calls see it: where they may go, and how long they may take."""
