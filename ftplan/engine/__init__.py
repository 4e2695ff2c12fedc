"""When things happen. It looks (observe), acts (actions) and writes down (ledger), through the doors of core.ports."""
