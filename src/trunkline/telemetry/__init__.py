"""What an operator sees of the house: figures for Prometheus. Hears how exchanges end, and is felt by no caller."""
