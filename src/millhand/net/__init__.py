"""The network as our own calls see it: which hosts are this machine, where calls may go, how long they may take."""
