"""What a run is opened with: configuration, catalogs, datasets, providers, state and its lock."""
