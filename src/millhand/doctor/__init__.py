"""Is everything well? Checks of settings, database, queue, blobs, engines, handlers, host and fleet, each a finding."""
