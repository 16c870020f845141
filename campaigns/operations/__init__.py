"""Long work on many rows, in the cluster: started, run in pieces, watched, cancelled."""
