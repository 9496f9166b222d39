"""Models: their folders in MLflow's format, signatures, flavors, versions, serving and export."""
