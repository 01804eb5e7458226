"""Decides where a call goes, in which order, and what follows a failure."""
