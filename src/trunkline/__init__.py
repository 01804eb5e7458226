"""trunkline."""
