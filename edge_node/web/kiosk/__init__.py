"""What a citizen sees and touches: one module per step of the kiosk."""
