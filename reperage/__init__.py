"""Repère as it is imported; the four folders of the repository stand below as `reperage.corpus` and so on."""
