"""The dashboard: pages for people, rendered here; it reads by the inspector and acts by the commands."""
