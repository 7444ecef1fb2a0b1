"""Large things kept whole under the digest of their bytes: scans, catalogue files."""
