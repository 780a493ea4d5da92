"""The SQL database under the embedded broker and the ledger: its tables, migrations, connections and single writer."""
