"""The dashboard: pages for people, rendered here. It reads by the inspector and acts by the commands, as the API does."""
