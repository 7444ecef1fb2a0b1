"""The whole product on one machine: every process real, every device made of software."""
