"""Engines: outside programs that handlers use, each started, limited, judged and ended under supervision."""
