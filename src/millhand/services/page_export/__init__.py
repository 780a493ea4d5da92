"""The print-size page exporter for applications that send `export-map` jobs with pg-boss."""
