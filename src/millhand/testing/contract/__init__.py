"""What every broker, ledger and blob store must do, as test classes: inherit one and give it its fixture."""
